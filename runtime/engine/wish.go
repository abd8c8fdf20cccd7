package engine

import (
	"cmp"
	"context"
	"maps"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/expr"
	"github.com/squall-dev/squall/runtime/parameter"
	"github.com/squall-dev/squall/runtime/rule"
)

// systemUser is whom templates see as the user of what a rule started.
const systemUser = "system"

// wish is an action that a rule or a person wants to run.
type wish struct {
	action automation.Ref
	given  map[string]any
	// written is what the rule's file says, of which its templates made given.
	written map[string]any
	user    string            // empty for a rule
	event   *automation.Event // nil for a person
	rule    automation.Ref
	trace   string // the story that it belongs to; empty: a new one
}

// wishOf is what a rule that matched wants.
func wishOf(m rule.Match, ev *automation.Event) wish {
	return wish{action: m.Rule.Action.Ref, given: m.Parameters, written: m.Rule.Action.Parameters, event: ev, rule: m.Rule.Ref()}
}

// newExecution makes an execution of an action. When the action is unknown or
// the parameters do not fit, it is one that has failed already and says why. Of the
// values only the action's own defaults are templates: the given ones come from an
// event, rendered by its rule, or from a person.
func (e *Engine) newExecution(ctx context.Context, catalogue Catalogue, w wish) automation.Execution {
	x := automation.Execution{StartedBy: w.user, ExecutionSummary: automation.ExecutionSummary{
		ID: e.IDs.New(), Rule: w.rule, Action: w.action, Status: automation.Pending, CreatedAt: e.Now(),
	}}
	if w.event != nil {
		x.Event, w.trace = w.event.ID, w.event.TraceID
	}
	x.TraceID = cmp.Or(w.trace, x.ID)
	x.Parameters = encode(w.given)
	action, err := findAction(catalogue, w.action)
	if err != nil {
		return e.failed(x, automation.CodeUnknownAction, err)
	}
	policies := catalogue.Policies(w.action)
	x.Retry, x.MaxAttempts = retryPlan(action, policies)
	x.MaxLost, x.Priority, x.Rated = action.Retry.MaxLost, action.Priority, rated(policies)
	params, err := parameter.Complete(action.Parameters, w.given, e.rendering(ctx, catalogue, w, x))
	if err != nil {
		return e.failed(x, automation.CodeInvalidParameters, err)
	}
	x.Parameters = encode(params)
	x.Summary = summarise(action, params)
	return x
}

// rendering is what the templates of an action's defaults may use. The secret part
// of a pack's configuration is for secret parameters: the others are stored, and
// shown to whoever may look.
func (e *Engine) rendering(ctx context.Context, catalogue Catalogue, w wish, x automation.Execution) parameter.Rendering {
	config := func(all bool) expr.Lazy {
		return func() (any, error) {
			values, secret := catalogue.Config(w.action.Pack())
			shown := map[string]any{}
			maps.Copy(shown, values)
			for _, name := range secret {
				if !all {
					delete(shown, name)
				}
			}
			return shown, nil
		}
	}
	names := expr.KV(e.keyReader(ctx, x.CreatedAt)).Names()
	names["action_context"] = expr.Lazy(func() (any, error) { return w.context(), nil })
	names["config_context"] = config(false)
	return parameter.Rendering{Names: names, Secrets: map[string]any{"config_context": config(true)}, Written: w.written}
}

// context is what StackStorm keeps about an execution, as far as there is the like.
func (w wish) context() map[string]any {
	about := map[string]any{"user": w.user, "pack": w.action.Pack()}
	if w.event != nil {
		about["user"] = systemUser
		about["rule"] = map[string]any{"id": string(w.rule), "name": string(w.rule)}
		about["trigger_instance"] = map[string]any{"id": w.event.ID, "name": string(w.event.Trigger)}
	}
	return about
}

func findAction(catalogue Catalogue, ref automation.Ref) (automation.Action, error) {
	action, ok := catalogue.Action(ref)
	switch {
	case !ok:
		return action, automation.NotFound("action %q is not in any loaded pack", ref).WithCode(string(automation.CodeUnknownAction)).
			WithHint("list the actions there are: squall action list")
	case !action.Enabled:
		return action, automation.Conflict("action %q is disabled", ref).WithHint("set enabled: true in its file")
	}
	return action, nil
}

func (e *Engine) failed(x automation.Execution, code automation.FailureCode, err error) automation.Execution {
	now := e.Now()
	x.Status, x.Code, x.FinishedAt = automation.Failed, code, &now
	x.Message, x.Hint = err.Error(), automation.HintOf(err)
	return x
}
