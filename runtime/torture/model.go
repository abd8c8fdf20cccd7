package torture

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/store"
	"github.com/squall-dev/squall/runtime/store/sqlite"
)

// state is an execution as the model knows it. It is written down here once more,
// from the description in runtime/README.md and not from the code.
type state struct {
	status   string // "" when it is not there
	attempts int
	lost     int
}

// modelMaxLost is what an execution of the model may lose.
const modelMaxLost = 2

// operation is a step that somebody may want to take, whenever.
type operation struct {
	name string
	// next is what the model says: the state after it and the kind of error.
	next func(state) (state, error)
	do   func(context.Context, *sqlite.Store, string, state) error
}

func operations() []operation {
	return []operation{
		accept("pending"), accept("running"), accept("failed"),
		{"start", func(s state) (state, error) {
			switch s.status {
			case "":
				return s, automation.ErrNotFound
			case "pending":
				return state{"running", s.attempts + 1, s.lost}, nil
			}
			return s, automation.ErrConflict
		}, func(ctx context.Context, db *sqlite.Store, id string, _ state) error {
			_, err := db.Start(ctx, id, time.Now())
			return err
		}},
		finish("succeeded", automation.AttemptSucceeded), finish("failed", automation.AttemptFailed),
		finish("timed_out", automation.AttemptTimedOut), finish("canceled", automation.AttemptCanceled),
		finish("pending", automation.AttemptInterrupted),
		{"cancel", func(s state) (state, error) {
			switch s.status {
			case "":
				return s, automation.ErrNotFound
			case "pending":
				return state{"canceled", s.attempts, s.lost}, nil
			}
			return s, automation.ErrConflict
		}, func(ctx context.Context, db *sqlite.Store, id string, _ state) error {
			return db.Cancel(ctx, id, "by the model", time.Now())
		}},
	}
}

// accept stores an execution that is not there yet.
func accept(status string) operation {
	attempts := 0
	if status == "running" {
		attempts = 1
	}
	return operation{"accept " + status, func(s state) (state, error) {
		if s.status != "" {
			return s, automation.ErrConflict
		}
		return state{status, attempts, 0}, nil
	}, func(ctx context.Context, db *sqlite.Store, id string, _ state) error {
		x := automation.Execution{MaxAttempts: 1, MaxLost: modelMaxLost}
		x.ID, x.Action, x.Status, x.CreatedAt = id, "core.noop", automation.Status(status), time.Now()
		return db.Accept(ctx, store.Acceptance{Executions: []automation.Execution{x}})
	}}
}

// finish ends the attempt that runs.
func finish(status string, as automation.AttemptStatus) operation {
	return operation{"finish " + status, func(s state) (state, error) {
		switch s.status {
		case "":
			return s, automation.ErrNotFound
		case "running":
			return state{status, s.attempts, s.lost}, nil
		}
		return s, automation.ErrConflict
	}, func(ctx context.Context, db *sqlite.Store, id string, s state) error {
		now := time.Now()
		return db.Finish(ctx, store.Finish{ID: id, Status: automation.Status(status),
			Attempt: automation.Attempt{Number: max(1, s.attempts), Status: as, FinishedAt: &now}})
	}}
}

// recovered is what a restart makes of an execution.
func recovered(s state) state {
	if s.status != "running" {
		return s
	}
	if s.lost++; s.lost < modelMaxLost {
		return state{"pending", s.attempts, s.lost}
	}
	return state{"failed", s.attempts, s.lost}
}

// walk is one store and the model beside it.
type walk struct {
	*run
	db    *sqlite.Store
	ops   []operation
	ids   automation.IDs
	final map[string]state // what each execution of each sequence ended as
	alive map[string]bool  // those of them that run
	law   int              // the promises
	kept  int
}

// model tries every sequence of operations on two executions up to a length (the
// rounds), and compares the store with a model of a few lines after each. A restart
// is one of the operations. In the end the database is opened anew, and everything
// must still be as the model says.
func model(ctx context.Context, r *run) error {
	path := filepath.Join(r.dir, "squall.db")
	db, err := sqlite.Open(ctx, sqlite.Options{Path: path, NoSync: true})
	if err != nil {
		return err
	}
	w := &walk{run: r, db: db, ops: operations(), final: map[string]state{}, alive: map[string]bool{}}
	w.law = r.promise("steps", "the store does what the model of an execution says, or refuses as it does")
	w.kept = r.promise("executions", "after another start all of it is as the model says")
	n := 0
	for length := 1; length <= r.Rounds && err == nil; length++ {
		err = w.sequences(ctx, length, &n)
	}
	if err = errors.Join(err, db.Close()); err != nil {
		return err
	}
	r.note("%d sequences of up to %d of %d operations on two executions", n, r.Rounds, 2*len(w.ops)+1)
	if w.db, err = sqlite.Open(ctx, sqlite.Options{Path: path, NoSync: true}); err != nil {
		return err
	}
	for id, s := range w.final {
		w.compare(ctx, w.kept, id, s, nil)
	}
	return w.db.Close()
}

// sequences plays all sequences of a length, counting in the base of the steps.
func (w *walk) sequences(ctx context.Context, length int, n *int) error {
	base := 2*len(w.ops) + 1
	digits := make([]int, length)
	for {
		if skip := w.pointless(digits); !skip {
			*n++
			if err := w.play(ctx, digits); err != nil {
				return err
			}
		}
		i := length - 1
		for ; i >= 0; i-- {
			if digits[i]++; digits[i] < base {
				break
			}
			digits[i] = 0
		}
		if i < 0 {
			return context.Cause(ctx)
		}
		if err := ctx.Err(); err != nil {
			return context.Cause(ctx)
		}
	}
}

// pointless sequences begin with the second execution: they are the mirror of those
// that begin with the first.
func (w *walk) pointless(digits []int) bool {
	return digits[0] >= len(w.ops) && digits[0] < 2*len(w.ops)
}

// play plays one sequence on new executions.
func (w *walk) play(ctx context.Context, digits []int) error {
	ids := [2]string{w.ids.New(), w.ids.New()}
	var is [2]state
	var said []string
	for _, d := range digits {
		if d == 2*len(w.ops) {
			said = append(said, "restart")
			if err := w.restart(ctx, &is); err != nil {
				return err
			}
		} else {
			which, op := d/len(w.ops), w.ops[d%len(w.ops)]
			said = append(said, fmt.Sprintf("%d: %s", which+1, op.name))
			w.step(ctx, op, ids[which], &is[which], said)
		}
		for i := range ids {
			w.compare(ctx, w.law, ids[i], is[i], said)
		}
	}
	for i := range ids {
		w.final[ids[i]] = is[i]
		if is[i].status == "running" {
			w.alive[ids[i]] = true
		}
	}
	return nil
}

// step takes one operation, in the store and in the model.
func (w *walk) step(ctx context.Context, op operation, id string, is *state, said []string) {
	before := *is
	next, want := op.next(before)
	*is = next
	err := op.do(ctx, w.db, id, before)
	ok := err == nil && want == nil || want != nil && errors.Is(err, want)
	w.check(w.law, ok, "%v: %v, and the model says %v", said, err, want)
}

// restart is what a new process does first. Executions of earlier sequences that
// still run are lost as well, and known.
func (w *walk) restart(ctx context.Context, is *[2]state) error {
	if _, _, err := w.db.Recover(ctx, time.Now(), nil); err != nil {
		return err
	}
	for i := range is {
		is[i] = recovered(is[i])
	}
	for id := range w.alive {
		w.final[id] = recovered(w.final[id])
	}
	clear(w.alive)
	return nil
}

// compare looks at one execution.
func (w *walk) compare(ctx context.Context, promise int, id string, want state, said []string) {
	x, err := w.db.Execution(ctx, id)
	if want.status == "" {
		w.check(promise, errors.Is(err, automation.ErrNotFound), "%v: there is an execution, or: %v", said, err)
		return
	}
	lost := 0
	for _, a := range x.AttemptList {
		if a.Status == automation.AttemptLost {
			lost++
		}
	}
	is := state{string(x.Status), x.Attempts, lost}
	final := slices.Contains([]string{"succeeded", "failed", "timed_out", "canceled"}, want.status)
	ok := err == nil && is == want && len(x.AttemptList) == want.attempts && (x.FinishedAt != nil) == final
	w.check(promise, ok, "%v: %+v with %d attempts, and the model says %+v (%v)", said, is, len(x.AttemptList), want, err)
}
