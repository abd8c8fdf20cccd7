package storetest

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/store"
)

func testFinish(t *testing.T, open func(*testing.T) store.Store) {
	cases{
		{"all that came of an attempt is kept", finishAll},
		{"an execution that goes back has no outcome, its attempt has", finishBack},
		{"an attempt that does not run can not end", finishWrongAttempt},
		{"an attempt that has not ended is refused", finishUnended},
		{"an artifact that is refused takes the end with it", finishBadArtifact},
		{"a log with a gap takes the end with it", finishBadLog},
		{"a tape is kept, short or long", finishTape},
		{"what host calls changed is found by time", finishChanges},
		{"what a pack used is added up", finishUsed},
		{"that it was a dry run is remembered", finishDryRun},
		{"an attempt without a tape says so", finishNoTape},
		{"an output of null is not the same as none", finishNull},
	}.run(t, open)
}

func finishAll(t *testing.T, b *bench) {
	e := b.in(t, automation.Running)
	ended := b.pass(3 * time.Second)
	f := b.end(e.ID, 1, automation.Failed)
	f.Output, f.Hint, f.Trace = json.RawMessage(`{"n":1}`), "look there", "main.main\n\tmain.go:1"
	f.Attempt.Message = "it broke"
	f.Attempt.Usage = automation.Usage{Fuel: 1e12, Memory: 1 << 30, HostCalls: 1, PackName: "labs_sre",
		Limits: automation.Limits{Timeout: time.Minute}}
	f.Attempt.HostCalls = []automation.HostCall{{Name: "kube_exec", StartedAt: ended, Duration: 5, Detail: strange, Error: "denied"}}
	f.Log = lines(1, 3)
	f.Artifacts = []automation.Artifact{b.artifact(e.ID)}
	must(t, b.Finish(t.Context(), f))

	want := e
	want.Status, want.FinishedAt = automation.Failed, &ended
	want.Code, want.Message, want.Hint, want.Trace = f.Attempt.Code, f.Attempt.Message, f.Hint, f.Trace
	want.Output, want.LogLines, want.Artifacts = f.Output, 3, f.Artifacts
	attempt := f.Attempt
	attempt.StartedAt = e.AttemptList[0].StartedAt
	want.AttemptList = []automation.Attempt{attempt}
	same(t, "execution", b.get(t, e.ID), want)
}

func finishTape(t *testing.T, b *bench) {
	for _, reply := range []string{`{"ok":1}`, `{"ok":"` + strings.Repeat("the same again ", 10_000) + `"}`} {
		e := b.in(t, automation.Running)
		f := b.end(e.ID, 1, automation.Succeeded)
		f.Tape = &automation.Tape{
			Module: "5a", Export: "run", Start: automation.TapeStart{At: b.now, Seed: []byte{1, 2}}, Seed: []byte{3}, Clocks: []byte{4, 5},
			Calls:  []automation.TapeCall{{Name: "kube_list", Request: json.RawMessage(`{"kind":"Pod"}`), Reply: json.RawMessage(reply)}},
			Config: map[string]string{"a": strange}, Incomplete: "why",
		}
		must(t, b.Finish(t.Context(), f))
		got, err := b.Tape(t.Context(), e.ID, 1)
		must(t, err)
		same(t, "tape", got, *f.Tape)
	}
}

func finishChanges(t *testing.T, b *bench) {
	change := func(target string) *automation.HostChange {
		return &automation.HostChange{Verb: "patch", Target: target}
	}
	start := b.time()
	for n, at := range []time.Time{start, b.pass(time.Hour), b.pass(time.Hour)} {
		e := b.in(t, automation.Running)
		f := b.end(e.ID, 1, automation.Succeeded)
		f.Attempt.Usage.PackName = "k"
		f.Attempt.HostCalls = []automation.HostCall{
			{Name: "a", StartedAt: at.Add(time.Second), Change: change(fmt.Sprint("made ", n))},
			{Name: "a", StartedAt: at, Change: change("failed, so it may have been made"), Error: "unavailable"},
			{Name: "a", StartedAt: at, Change: change("refused"), Error: "denied"},
			{Name: "a", StartedAt: at, Change: change("held"), Error: "denied", Held: true},
			{Name: "a", StartedAt: at, Change: change("dry"), WouldDo: true},
			{Name: "a", StartedAt: at},
		}
		must(t, b.Finish(t.Context(), f))
	}
	made, err := b.Changes(t.Context(), start.Add(30*time.Minute))
	must(t, err)
	var targets []string
	for _, m := range made {
		targets = append(targets, m.Change.Target)
		if m.Pack != "k" || m.Action != "labs_sre.exec_pod" || m.Execution == "" || m.At.IsZero() {
			t.Errorf("%+v", m)
		}
	}
	same(t, "targets", targets, []string{"failed, so it may have been made", "made 1", "failed, so it may have been made", "made 2"})
}

func finishUsed(t *testing.T, b *bench) {
	start := b.time()
	for n := range 3 {
		e := b.in(t, automation.Running)
		f := b.end(e.ID, 1, automation.Succeeded)
		f.Attempt.HostCalls = []automation.HostCall{
			{Name: "kube_exec", StartedAt: b.time()}, {Name: "http_send", Detail: "POST a.example.com:8443", StartedAt: b.time()},
			{Name: "http_send", Detail: "GET b.example.com", StartedAt: b.time(), Error: "denied"},
		}
		if n == 1 {
			f.Attempt.HostCalls = nil
		}
		must(t, b.Finish(t.Context(), f))
		b.pass(time.Hour)
	}
	used, partial, err := b.Used(t.Context(), "labs_sre", start.Add(-time.Second), 10)
	must(t, err)
	last := start.Add(2 * time.Hour)
	same(t, "used", used, []automation.UsedFunction{{Name: "http_send", Host: "a.example.com:8443", Calls: 2, LastAt: last},
		{Name: "http_send", Host: "b.example.com", Calls: 2, Refused: 2, LastAt: last}, {Name: "kube_exec", Calls: 2, LastAt: last}})
	if partial {
		t.Error("all was read, and it says that there is more")
	}
	used, partial, err = b.Used(t.Context(), "labs_sre", start.Add(-time.Second), 1)
	must(t, err)
	if !partial || len(used) != 3 || used[0].Calls != 1 {
		t.Errorf("of the newest: %+v, partial %v", used, partial)
	}
	used, _, err = b.Used(t.Context(), "labs_sre", start.Add(90*time.Minute), 10)
	must(t, err)
	if len(used) != 3 || used[0].Calls != 1 {
		t.Errorf("of late: %+v", used)
	}
	used, _, err = b.Used(t.Context(), "labs", start.Add(-time.Second), 10)
	must(t, err)
	same(t, "used by a pack whose name begins so", used, []automation.UsedFunction{})
}

func finishDryRun(t *testing.T, b *bench) {
	for _, dry := range []bool{true, false} {
		e := b.execution(automation.Pending)
		e.DryRun = dry
		b.accept(t, e)
		if got := b.get(t, e.ID); got.DryRun != dry {
			t.Errorf("dry run is %v, want %v", got.DryRun, dry)
		}
	}
}

func finishNoTape(t *testing.T, b *bench) {
	e := b.in(t, automation.Running)
	_, err := b.Tape(t.Context(), e.ID, 1)
	wantKind(t, err, automation.ErrNotFound)
	must(t, b.Finish(t.Context(), b.end(e.ID, 1, automation.Succeeded)))
	_, err = b.Tape(t.Context(), e.ID, 1)
	wantKind(t, err, automation.ErrNotFound)
	_, err = b.Tape(t.Context(), e.ID, 2)
	wantKind(t, err, automation.ErrNotFound)
}

func finishBack(t *testing.T, b *bench) {
	e := b.in(t, automation.Running)
	f := b.end(e.ID, 1, automation.Pending)
	f.Attempt.Status, f.Attempt.Code, f.Attempt.Message, f.Hint = automation.AttemptFailed, automation.CodeTrap, "crashed", "fix it"
	must(t, b.Finish(t.Context(), f))
	got := b.get(t, e.ID)
	same(t, "outcome", []string{string(got.Code), got.Message, got.Hint}, []string{"", "", ""})
	same(t, "attempt's", []string{string(got.AttemptList[0].Code), got.AttemptList[0].Message}, []string{"trap", "crashed"})
}

// refused finishes in a way that must fail and proves that nothing changed.
func refused(t *testing.T, b *bench, f store.Finish, kind error) {
	t.Helper()
	before := b.get(t, f.ID)
	seq, err := b.LastSeq(t.Context())
	must(t, err)
	wantKind(t, b.Finish(t.Context(), f), kind)
	same(t, "execution after a refusal", b.get(t, f.ID), before)
	log, err := b.Log(t.Context(), f.ID, 1, 10)
	must(t, err)
	same(t, "log after a refusal", len(log), before.LogLines)
	after, err := b.LastSeq(t.Context())
	must(t, err)
	same(t, "sequence after a refusal", after, seq)
}

func finishWrongAttempt(t *testing.T, b *bench) {
	e := b.in(t, automation.Running)
	refused(t, b, b.end(e.ID, 2, automation.Succeeded), automation.ErrConflict)
	must(t, b.Finish(t.Context(), b.end(e.ID, 1, automation.Pending)))
	_, err := b.Start(t.Context(), e.ID, b.time())
	must(t, err)
	refused(t, b, b.end(e.ID, 1, automation.Succeeded), automation.ErrConflict)
}

func finishUnended(t *testing.T, b *bench) {
	e := b.in(t, automation.Running)
	f := b.end(e.ID, 1, automation.Succeeded)
	f.Attempt.Status = automation.AttemptRunning
	refused(t, b, f, automation.ErrInvalid)
	f = b.end(e.ID, 1, automation.Succeeded)
	f.Attempt.FinishedAt = nil
	refused(t, b, f, automation.ErrInvalid)
	f = b.end(e.ID, 1, automation.Succeeded)
	f.Attempt.Status = "asleep"
	refused(t, b, f, automation.ErrInvalid)
}

func finishBadArtifact(t *testing.T, b *bench) {
	e := b.in(t, automation.Running)
	taken := b.artifact(b.in(t, automation.Running).ID)
	f := b.end(taken.Execution, 1, automation.Succeeded)
	f.Artifacts = []automation.Artifact{taken}
	must(t, b.Finish(t.Context(), f))

	f = b.end(e.ID, 1, automation.Succeeded)
	f.Log, f.Output = lines(1, 2), json.RawMessage(`1`)
	again := b.artifact(e.ID)
	again.ID = taken.ID
	f.Artifacts = []automation.Artifact{b.artifact(e.ID), again}
	refused(t, b, f, automation.ErrConflict)
	f.Artifacts = []automation.Artifact{taken} // another execution's
	refused(t, b, f, automation.ErrInvalid)
}

func finishBadLog(t *testing.T, b *bench) {
	e := b.in(t, automation.Running)
	f := b.end(e.ID, 1, automation.Succeeded)
	f.Log = lines(2, 2)
	refused(t, b, f, automation.ErrConflict)
}

func finishNull(t *testing.T, b *bench) {
	for _, output := range []json.RawMessage{nil, json.RawMessage(`null`)} {
		e := b.in(t, automation.Running)
		f := b.end(e.ID, 1, automation.Succeeded)
		f.Output = output
		must(t, b.Finish(t.Context(), f))
		if got := b.get(t, e.ID).Output; (got == nil) != (output == nil) {
			t.Errorf("output is %q; want %q", got, output)
		}
	}
}
