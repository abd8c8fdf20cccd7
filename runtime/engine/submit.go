package engine

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/expr"
	"github.com/squall-dev/squall/runtime/parameter"
	"github.com/squall-dev/squall/runtime/store"
)

// Submit starts an execution that no event asked for. Unlike a rule, a person is
// there to read the answer: an unknown action or a parameter that does not fit is
// an error and starts nothing.
func (e *Engine) Submit(ctx context.Context, r automation.RunRequest) (automation.Execution, error) {
	if !e.accepting.Load() {
		return automation.Execution{}, errNotAccepting()
	}
	catalogue := e.Catalogue()
	if _, err := findAction(catalogue, r.Action); err != nil {
		return automation.Execution{}, err
	}
	x := e.newExecution(ctx, catalogue, wish{action: r.Action, given: r.Parameters, user: r.User, trace: r.TraceID})
	x.Parent, x.DryRun = r.Parent, r.DryRun
	if err := plan(&x, r, e.Now()); err != nil {
		return x, err
	}
	if x.Code == automation.CodeInvalidParameters {
		return x, automation.Invalid("%s", x.Message).WithCode(string(x.Code)).WithHint("%s", x.Hint)
	}
	a := store.Acceptance{Executions: []automation.Execution{x}}
	if err := e.commit(ctx, a); err != nil {
		return x, fmt.Errorf("commit execution: %w", err)
	}
	return a.Executions[0], nil
}

// plan does what a person says about when an execution is to run.
func plan(x *automation.Execution, r automation.RunRequest, now time.Time) error {
	if r.Priority != nil {
		if *r.Priority < automation.LeastPriority || *r.Priority > automation.MostPriority {
			return automation.Invalid("the priority is %d; it may be from %d to %d", *r.Priority, automation.LeastPriority, automation.MostPriority)
		}
		x.Priority = *r.Priority
	}
	if len(r.TraceID) > automation.MostTrace {
		return automation.Invalid("the trace id has %d bytes; %d are the most", len(r.TraceID), automation.MostTrace)
	}
	if r.RunAt == nil || !r.RunAt.After(now) || x.Status != automation.Pending {
		return nil
	}
	if r.RunAt.Sub(now) > farthest {
		return automation.Invalid("it is to run at %s; that is more than %d years away", r.RunAt.UTC().Format(time.RFC3339), farthestYears)
	}
	at := r.RunAt.UTC()
	x.Status, x.RunAfter, x.DelayReason = automation.Delayed, &at, notBefore(at)
	return nil
}

// farthest is how far away the time may be at which an execution is to run: what lies
// farther is a slip of the pen, and times do not reach for ever.
const (
	farthestYears = 10
	farthest      = farthestYears * 366 * 24 * time.Hour
)

// Rerun runs the execution r.Parent again for r.User: with r.Parameters in the
// place of those of the same name, and without those that remove names.
func (e *Engine) Rerun(ctx context.Context, r automation.RunRequest, remove []string) (automation.Execution, error) {
	old, err := e.Store.Execution(ctx, r.Parent)
	if err != nil {
		return old, err
	}
	params, err := decodeObject(old.Parameters)
	if err != nil {
		return old, fmt.Errorf("read the parameters of execution %s: %w", old.ID, err)
	}
	if err := without(params, remove, r.Parameters); err != nil {
		return old, err
	}
	e.dropImmutable(params, old.Action)
	e.dropMasks(r.Parameters, old.Action)
	maps.Copy(params, r.Parameters)
	r.Action, r.Parameters, r.TraceID = old.Action, params, cmp.Or(r.TraceID, old.TraceID)
	return e.Submit(ctx, r)
}

// dropMasks leaves out what stands in the place of secrets that somebody was shown: the
// values of the execution before are meant.
func (e *Engine) dropMasks(given map[string]any, ref automation.Ref) {
	action, _ := e.Catalogue().Action(ref)
	for name, v := range given {
		if v == parameter.Mask && action.Parameters[name].Secret {
			delete(given, name)
		}
	}
}

// without removes parameters. One that is not there was probably meant otherwise.
func without(params map[string]any, remove []string, changed map[string]any) error {
	have := slices.Sorted(maps.Keys(params))
	for _, name := range remove {
		if _, both := changed[name]; both {
			return automation.Invalid("parameter %q can not be both replaced and removed", name).WithCode(string(automation.CodeInvalidParameters))
		}
		if !slices.Contains(have, name) {
			return automation.Invalid("the execution has no parameter %q to remove", name).WithCode(string(automation.CodeInvalidParameters)).
				WithHint("its parameters are: %s", strings.Join(have, ", "))
		}
		delete(params, name)
	}
	return nil
}

// dropImmutable leaves out what nobody may give: an execution's parameters hold
// it, because the action's declaration did.
func (e *Engine) dropImmutable(params map[string]any, ref automation.Ref) {
	action, _ := e.Catalogue().Action(ref) // an unknown one declares nothing; Submit says so
	for name, p := range action.Parameters {
		if p.Immutable {
			delete(params, name)
		}
	}
}

// Cancel stops an execution: at once if it waits, within milliseconds if it runs.
// The store is asked first, because it alone knows what has ended already.
func (e *Engine) Cancel(ctx context.Context, id, user string) (err error) {
	cause := fmt.Errorf("%w by %s", errUserCancel, user)
	const moves = 3 // it may begin, or end an attempt, between the two questions
	for range moves {
		err = e.cancelStored(ctx, id, cause.Error())
		if err == nil || errors.Is(err, automation.ErrNotFound) {
			return err
		}
		if x, readErr := e.Store.Execution(ctx, id); readErr == nil && x.Status.Final() {
			return err
		}
		if e.running.stop(id, cause) {
			return nil
		}
		if !errors.Is(err, automation.ErrConflict) {
			return err
		}
	}
	return err
}

func decodeObject(raw json.RawMessage) (map[string]any, error) {
	v, err := expr.Decode(raw)
	if err != nil {
		return nil, err
	}
	m, ok := v.(map[string]any)
	if !ok {
		return nil, errors.New("they are not an object")
	}
	return m, nil
}
