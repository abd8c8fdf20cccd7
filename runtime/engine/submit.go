package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/expr"
	"github.com/squall-dev/squall/runtime/store"
)

// Submit starts an execution that no event asked for. Unlike a rule, a person is
// there to read the answer: an unknown action or a parameter that does not fit is
// an error and starts nothing.
func (e *Engine) Submit(ctx context.Context, r automation.RunRequest) (automation.Execution, error) {
	if !e.accepting.Load() {
		return automation.Execution{}, automation.Unavailable("the server is starting or stopping").WithHint("try again in a moment")
	}
	x := e.newExecution(e.Catalogue(), r.Action, r.Parameters)
	x.StartedBy, x.Parent = r.User, r.Parent
	switch x.Code {
	case automation.CodeUnknownAction:
		return x, automation.NotFound("%s", x.Message).WithCode(string(x.Code)).WithHint("%s", x.Hint)
	case automation.CodeInvalidParameters:
		return x, automation.Invalid("%s", x.Message).WithCode(string(x.Code)).WithHint("%s", x.Hint)
	}
	a := store.Acceptance{Executions: []automation.Execution{x}}
	if err := e.commit(ctx, a); err != nil {
		return x, fmt.Errorf("commit execution: %w", err)
	}
	return a.Executions[0], nil
}

// Rerun runs an execution again, with some parameters replaced.
func (e *Engine) Rerun(ctx context.Context, id string, changed map[string]any, user string) (automation.Execution, error) {
	old, err := e.Store.Execution(ctx, id)
	if err != nil {
		return old, err
	}
	params, err := decodeObject(old.Parameters)
	if err != nil {
		return old, fmt.Errorf("read the parameters of execution %s: %w", id, err)
	}
	maps.Copy(params, changed)
	return e.Submit(ctx, automation.RunRequest{Action: old.Action, Parameters: params, User: user, Parent: id})
}

// Cancel stops an execution: at once if it waits, within milliseconds if it runs.
func (e *Engine) Cancel(ctx context.Context, id, user string) error {
	cause := fmt.Errorf("%w by %s", errUserCancel, user)
	if e.running.stop(id, cause) {
		return nil
	}
	err := e.Store.Cancel(ctx, id, cause.Error(), e.Now())
	if errors.Is(err, automation.ErrConflict) && e.running.stop(id, cause) { // it began in between
		return nil
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
