package torture

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"sync"
	"time"
)

// Promise is what was promised, and how often it was looked at.
type Promise struct {
	Kind    string   `json:"kind"`
	Text    string   `json:"promise"`
	Checked int      `json:"checked"`
	Unit    string   `json:"unit"`
	Broken  []string `json:"broken"` // the first few
	Count   int      `json:"broken_count"`
}

// mostBroken bounds what one promise tells of itself.
const mostBroken = 5

// Kept reports whether nothing was found that breaks it.
func (p Promise) Kept() bool { return p.Count == 0 }

// run is one kind of torture under way.
type run struct {
	Options
	kind   kind
	dir    string
	random *rand.Rand

	mu       sync.Mutex // guards what follows
	promises []Promise
	notes    []string
	sums     []sum
}

// sum is a number that tells how much was done.
type sum struct {
	what string
	n    int
}

func newRun(o Options, k kind) *run {
	if o.Rounds == 0 {
		o.Rounds = k.rounds
	}
	r := &run{Options: o, kind: k, dir: filepath.Join(o.Dir, k.name)}
	r.random = rand.New(rand.NewPCG(o.Seed, uint64(len(k.name))<<8|uint64(k.name[0])))
	return r
}

// promise is one line of the report; kinds ask for it by its text.
func (r *run) promise(unit, text string) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i, p := range r.promises {
		if p.Text == text {
			return i
		}
	}
	r.promises = append(r.promises, Promise{Kind: r.kind.name, Text: text, Unit: unit, Broken: []string{}})
	return len(r.promises) - 1
}

// checked counts what was looked at and found good.
func (r *run) checked(promise, n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.promises[promise].Checked += n
}

// check looks at one thing.
func (r *run) check(promise int, ok bool, format string, args ...any) {
	r.checked(promise, 1)
	if !ok {
		r.breaks(promise, format, args...)
	}
}

func (r *run) breaks(promise int, format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	p := &r.promises[promise]
	if p.Count++; len(p.Broken) < mostBroken {
		p.Broken = append(p.Broken, fmt.Sprintf(format, args...))
	}
}

// note is a line that is no promise: what was done.
func (r *run) note(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.notes = append(r.notes, fmt.Sprintf(format, args...))
}

// sum adds to a number that tells how much was done.
func (r *run) sum(what string, n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := range r.sums {
		if r.sums[i].what == what {
			r.sums[i].n += n
			return
		}
	}
	r.sums = append(r.sums, sum{what, n})
}

func (r *run) broken() bool { return Broken(r.promises) > 0 }

// tell prints the notes so far, when what follows takes long.
func (r *run) tell(what string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	fmt.Fprintf(r.Out, "%s: %s\n", r.kind.name, what)
	for _, n := range r.notes {
		fmt.Fprintf(r.Out, "  %s\n", n)
	}
	r.notes = nil
}

// print tells how it went, one line a promise, and for a broken one what broke it
// and how to see it again.
func (r *run) print(took time.Duration) {
	fmt.Fprintf(r.Out, "%s, %d rounds, %.1f s\n", r.kind.name, r.Rounds, took.Seconds())
	for _, s := range r.sums {
		fmt.Fprintf(r.Out, "        %8d %s\n", s.n, s.what)
	}
	for _, n := range r.notes {
		fmt.Fprintf(r.Out, "  %s\n", n)
	}
	for _, p := range r.promises {
		word := "PASS"
		switch {
		case p.Count > 0:
			word = "FAIL"
		case p.Checked == 0:
			word = "none" // it did not come to that
		}
		fmt.Fprintf(r.Out, "  %s  %8d %-12s %s\n", word, p.Checked, p.Unit, p.Text)
		for _, b := range p.Broken {
			fmt.Fprintf(r.Out, "        %s\n", b)
		}
		if more := p.Count - len(p.Broken); more > 0 {
			fmt.Fprintf(r.Out, "        and %d more\n", more)
		}
	}
	if r.broken() {
		fmt.Fprintf(r.Out, "  the data is kept in %s; again: squall torture --seed %d --rounds %d --only %s --data NEW\n", r.dir, r.Seed, r.Rounds, r.kind.name)
	}
}
