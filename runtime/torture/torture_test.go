package torture

import (
	"bytes"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/disk"
)

// The kinds that take their time (failpoints, disk, soak) are done whole by make
// torture; here a part of each shows that the harness works.

func TestKill(t *testing.T) { torture(t, "kill", 3) }

func TestPowerCut(t *testing.T) { torture(t, "power", 6) }

func TestBitflip(t *testing.T) { torture(t, "bitflip", 3) }

func TestClock(t *testing.T) { torture(t, "clock", 1) }

func TestModel(t *testing.T) { torture(t, "model", 2) }

// someRun is a run of a kind, for a test of a part of it.
func someRun(t *testing.T, name string) *run {
	t.Helper()
	o, err := Options{Rounds: 1, Dir: t.TempDir(), Command: []string{os.Args[0]}, Out: lines{t}, Logs: os.Stderr, Seed: 1}.validate()
	if err != nil {
		t.Fatal(err)
	}
	return newRun(o, kind{name: name})
}

func TestAServerDiesAtItsPointsAndIsWell(t *testing.T) {
	t.Parallel()
	r := someRun(t, "failpoints")
	for _, points := range [][]failpoint{
		{{"after create token", true}},
		{{"before commit", false}, {"after sync log", false}},
		{{"before rename artifact", false}},
	} {
		if err := r.die(t.Context(), "die", points...); err != nil {
			t.Fatal(err)
		}
	}
	if r.print(0); r.broken() {
		t.Error("a promise was broken")
	}
}

func TestAPointThatIsNotReachedIsFound(t *testing.T) {
	t.Parallel()
	r := someRun(t, "failpoints")
	b, err := r.newBench("b")
	if err != nil {
		t.Fatal(err)
	}
	defer b.close()
	ctx := t.Context()
	s, err := b.start(ctx, plan{Point: "before nothing", Hit: 1})
	if err != nil {
		t.Fatal(err)
	}
	s.kill()
	if <-s.exited; s.code == exitPoint {
		t.Error("it died where it should not be")
	}
}

func TestABadDiskIsSurvived(t *testing.T) {
	t.Parallel()
	r := someRun(t, "disk")
	b, err := r.newBench("b")
	if err != nil {
		t.Fatal(err)
	}
	defer b.close()
	bad := &trouble{left: -1, data: b.dir}
	s, err := b.serveHere(t.Context(), disk.Faults{Layer: bad.layer})
	if err != nil {
		t.Fatal(err)
	}
	for n, how := range sicknesses() {
		if b.trouble(t.Context(), s, bad, n+1, how) == 0 {
			t.Errorf("%s: nothing was refused", how)
		}
	}
	if err := s.stop(); err != nil {
		t.Fatal(err)
	}
	b.politeness()
	if err := b.verify(t.Context()); err != nil {
		t.Fatal(err)
	}
	if r.print(0); r.broken() || len(b.refused) == 0 {
		t.Errorf("a promise was broken, or no sender refused: %d", len(b.refused))
	}
}

// What was answered and is not there must be found: the verification of a bench
// that believes in more than there is must fail.
func TestTheVerificationCanFail(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, promise string
		lie           func(*bench)
	}{
		{"an event that is not there", promiseStored, func(b *bench) { b.answered[1_000_000] = "" }},
		{"another event than was answered", promiseStored, func(b *bench) { b.answered[1] = "000000000000000000000001" }},
		{"a refused event that is there", promiseRefused, func(b *bench) { b.refused[1] = true }},
		{"an attempt that was made again", promiseRepeat, func(b *bench) { b.hits["e1"]++ }},
		{"an attempt that was never made", promiseRepeat, func(b *bench) { delete(b.hits, "e2") }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := someRun(t, "kill")
			b, err := r.newBench("b")
			if err != nil {
				t.Fatal(err)
			}
			defer b.close()
			s, err := b.serveHere(t.Context(), disk.Faults{})
			if err != nil {
				t.Fatal(err)
			}
			for range keepEvery {
				b.post(t.Context(), s.url)
			}
			if err := s.stop(); err != nil {
				t.Fatal(err)
			}
			if ok, err := b.finish(t.Context()); err != nil || !ok {
				t.Fatal(ok, err)
			}
			tt.lie(b)
			if err := b.verify(t.Context()); err != nil {
				t.Fatal(err)
			}
			for _, p := range r.promises {
				if p.Kept() == (p.Text == tt.promise) {
					t.Errorf("%s: kept %v, %v", p.Text, p.Kept(), p.Broken)
				}
			}
		})
	}
}

func TestTheReportSaysWhatWasBrokenAndHowToSeeItAgain(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	r := newRun(Options{Seed: 7, Rounds: 3, Dir: "/d", Out: &out}, kind{name: "kill"})
	good, bad := r.promise("events", "nothing is lost"), r.promise("events", "nothing is doubled")
	r.promise("events", "nothing else")
	r.checked(good, 5)
	for i := range 7 {
		r.check(bad, i == 0, "event %d is there twice", i)
	}
	r.print(0)
	for _, want := range []string{
		"PASS         5 events       nothing is lost", "FAIL         7 events       nothing is doubled", "event 1 is there twice", "and 1 more",
		"none         0 events       nothing else", "the data is kept in /d/kill; again: squall torture --seed 7 --rounds 3 --only kill",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("it does not say %q:\n%s", want, out.String())
		}
	}
	if Broken(r.promises) != 1 {
		t.Errorf("%d broken", Broken(r.promises))
	}
}

// A check that can not fail proves nothing: a record that is missing, and one that was
// changed, are found.
func TestAMissingAuditRecordIsFound(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, promise string
		spoil         func(*bench) error
	}{
		{"missing", promiseAudited, func(b *bench) error {
			b.changes = append(b.changes, change{"set", "system/torture/none", automation.AuditOK})
			return nil
		}},
		{"changed", promiseChain, func(b *bench) error {
			db, err := sql.Open("sqlite", filepath.Join(b.dir, "data", "squall.db"))
			if err == nil {
				_, err = db.ExecContext(t.Context(), `DROP TRIGGER audit_changed; UPDATE audit SET remote = 'elsewhere' WHERE seq = 2`)
				err = errors.Join(err, db.Close())
			}
			return err
		}},
		{"made anew", promiseChain, func(b *bench) error {
			b.heads[0].Hash = strings.Repeat("a", 64)
			return nil
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := someRun(t, "kill")
			b, err := r.newBench("b")
			if err != nil {
				t.Fatal(err)
			}
			defer b.close()
			s, err := b.start(t.Context(), plan{})
			if err != nil {
				t.Fatal(err)
			}
			api, err := b.client(s.url)
			if err != nil {
				t.Fatal(err)
			}
			b.alter(t.Context(), api)
			b.heads = append(b.heads, automation.AuditPlace{Hash: strings.Repeat("0", 64)})
			if err := errors.Join(s.stop(), tt.spoil(b), b.verify(t.Context())); err != nil {
				t.Fatal(err)
			}
			for _, p := range r.promises {
				if (p.Text == tt.promise) == p.Kept() {
					t.Errorf("%s: %+v", p.Text, p)
				}
			}
		})
	}
}
