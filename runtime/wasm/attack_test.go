package wasm

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Modules that mean harm: each is loaded and run as its expectations say, in
// child processes, because the worst that they could do is end the process. The
// corpus is testdata/attacks and generatedAttacks; its README says how to add one.
func TestAttacks(t *testing.T) { // its subtests are parallel, it waits for them
	all := append(readAttacks(t), generatedAttacks(t)...)
	quick := testing.Short() || raceEnabled
	batches := []*attackBatch{
		{name: "generated, compiled", engine: engineCompiled, attacks: pick(all, func(a attack) bool { return a.generated && !(quick && a.slow) })},
		{name: "small, compiled", engine: engineCompiled, attacks: pick(all, func(a attack) bool { return !a.generated })},
		{name: "small, interpreted", engine: engineInterpreted, attacks: pick(all, func(a attack) bool { return a.runs() && !a.generated && !a.compilerOnly && !quick })},
		{name: "small, with portable memory", engine: enginePortable, attacks: pick(all, func(a attack) bool { return a.runs() && !a.generated && !quick })},
	}
	batches = slices.DeleteFunc(batches, func(b *attackBatch) bool { return len(b.attacks) == 0 })
	t.Run("batch", func(t *testing.T) {
		for _, b := range batches {
			t.Run(b.name, func(t *testing.T) {
				t.Parallel()
				b.run(t)
			})
		}
	})
	t.Logf("%d modules in the corpus", len(all))
	for _, b := range batches {
		t.Log(b.summary())
	}
}

func pick(all []attack, want func(attack) bool) (some []attack) {
	for _, a := range all {
		if want(a) {
			some = append(some, a)
		}
	}
	return some
}

// attackBatch is what one child process runs, on one engine.
type attackBatch struct {
	name, engine string
	attacks      []attack
	reports      []attackReport
	end          *attackReport
}

// A child writes two lines for each attack, before and after, and one in the end.
type attackReport struct {
	Name     string        `json:"name"`
	Done     bool          `json:"done"`
	Problems []string      `json:"problems,omitempty"`
	Peak     int64         `json:"peak,omitempty"` // bytes of resident memory; zero when the system does not tell
	Refused  int           `json:"refused,omitempty"`
	Stopped  int           `json:"stopped,omitempty"` // calls that did not succeed
	Calls    int           `json:"calls,omitempty"`
	Load     time.Duration `json:"load,omitempty"` // the most CPU time of one load
	Late     time.Duration `json:"late,omitempty"` // how long after its deadline the slowest call ended
	Note     string        `json:"note,omitempty"`
}

// endOfBatch is the name in a child's last report.
const endOfBatch = "the end"

// run runs the batch, in a second child when the first one dies, and so on.
func (b *attackBatch) run(t *testing.T) {
	for left := b.attacks; len(left) > 0; {
		output, err := b.child(t, left)
		culprit := ""
		if n := len(b.reports); n > 0 && !b.reports[n-1].Done {
			culprit, b.reports = b.reports[n-1].Name, b.reports[:n-1]
		}
		if err == nil && b.end != nil {
			break
		}
		if culprit == "" {
			t.Fatalf("a child died between attacks: %v\n%s", err, output)
		}
		t.Errorf("%s took the process down: %v\n%s", culprit, err, output)
		left = after(left, culprit)
	}
	for _, r := range b.reports {
		b.judge(t, r)
	}
}

// judge takes the problems of an attack to the test, but for those that are known.
func (b *attackBatch) judge(t *testing.T, r attackReport) {
	if !raceEnabled && (r.Peak > peakOfRuns || r.Load > time.Second) {
		t.Logf("%s: peak %d MiB, load %v", r.Name, r.Peak>>20, r.Load.Round(time.Millisecond))
	}
	at := slices.IndexFunc(b.attacks, func(a attack) bool { return a.name == r.Name })
	if at >= 0 && b.attacks[at].failsUntil != "" {
		if len(r.Problems) == 0 {
			t.Errorf("%s holds now: take out the line with %q", r.Name, b.attacks[at].failsUntil)
		}
		t.Logf("%s: %q, known, until %s", r.Name, r.Problems, b.attacks[at].failsUntil)
		return
	}
	for _, p := range r.Problems {
		t.Errorf("%s: %s", r.Name, p)
	}
}

func after(all []attack, name string) []attack {
	for n, a := range all {
		if a.name == name {
			return all[n+1:]
		}
	}
	return nil
}

// childTime is when a child is taken for hanging. It is told to quit first, which
// prints what its goroutines do.
const childTime = 5 * time.Minute

func (b *attackBatch) child(t *testing.T, attacks []attack) (output string, err error) {
	report := filepath.Join(t.TempDir(), "report")
	names := make([]string, len(attacks))
	for n, a := range attacks {
		names[n] = a.name
	}
	ctx, cancel := context.WithTimeout(t.Context(), childTime)
	defer cancel()
	cmd := exec.CommandContext(ctx, os.Args[0], "-test.run=^TestAttackChild$", "-test.short="+fmt.Sprint(testing.Short()))
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGQUIT) }
	cmd.WaitDelay = 10 * time.Second
	cmd.Env = append(os.Environ(), "GOMAXPROCS=2", // the compiler takes memory for each processor
		childEngine+"="+b.engine, childReport+"="+report, childAttacks+"="+strings.Join(names, ","))
	out, err := cmd.CombinedOutput()
	b.read(t, report)
	return tail(string(out), 4000), err
}

func tail(s string, n int) string { return s[max(0, len(s)-n):] }

func (b *attackBatch) read(t *testing.T, path string) {
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("the child reports nothing: %v", err)
	}
	for line := range strings.Lines(string(content)) {
		var r attackReport
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatal(err)
		}
		if n := len(b.reports); n > 0 && !b.reports[n-1].Done {
			b.reports = b.reports[:n-1]
		}
		b.reports = append(b.reports, r)
		if r.Name == endOfBatch {
			b.end = &r
		}
	}
}

func (b *attackBatch) summary() string {
	var sum, hungry, slow, late attackReport
	note := ""
	n := 0
	for _, r := range b.reports {
		if r.Name == endOfBatch {
			note = r.Note
			continue
		}
		n++
		sum.Refused += r.Refused
		sum.Stopped += r.Stopped
		sum.Calls += r.Calls
		if r.Peak >= hungry.Peak {
			hungry = r
		}
		if r.Load >= slow.Load {
			slow = r
		}
		if r.Late >= late.Late {
			late = r
		}
	}
	return fmt.Sprintf("%s: %d attacks, %d modules refused, %d of %d calls stopped, peak RSS %d MiB (%s), "+
		"longest load %v of CPU (%s), latest stop %v after its deadline (%s); %s",
		b.name, n, sum.Refused, sum.Stopped, sum.Calls, hungry.Peak>>20, hungry.Name,
		slow.Load.Round(time.Millisecond), slow.Name, late.Late.Round(time.Millisecond), late.Name, note)
}
