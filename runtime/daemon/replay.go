package daemon

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/squall-dev/squall/packs"
	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/expr"
	"github.com/squall-dev/squall/runtime/rule"
	"github.com/squall-dev/squall/runtime/store"
)

const (
	// replayPage is how many events are read at a time, replayPages how often: those
	// of a webhook may be few among those of many others.
	replayPage  = 500
	replayPages = 20
	// replayBytes bounds the payloads that are held together.
	replayBytes = 64 << 20
	// replayDetails is for how many events the answer says why.
	replayDetails = 200
)

// replayer tries rules on stored events.
type replayer struct {
	store    store.Reader
	keys     store.KV
	registry *packs.Registry
	// scrub takes the values of encrypted keys, among others, out of what is said.
	scrub func([]byte) []byte
}

// replay tries a rule on the last events that it looks at. An empty text means the
// rule in service.
func (r replayer) replay(ctx context.Context, ruleYAML []byte, ref automation.Ref, last int) (automation.RuleReplay, error) {
	tried, err := r.ruleOf(ruleYAML, ref)
	if err != nil {
		return automation.RuleReplay{}, err
	}
	tester, err := rule.NewTester(tried)
	if err != nil {
		return automation.RuleReplay{}, err
	}
	out := automation.RuleReplay{Rule: tried.Ref(), FlowIgnored: tried.Flow != automation.Flow{}, Events: []automation.ReplayedEvent{}}
	var before *rule.Tester
	compared := ref
	if compared == "" {
		compared = tried.Ref()
	}
	if inService, ok := r.registry.Snapshot().Rules().Rule(compared); ok && len(ruleYAML) > 0 {
		if before, err = rule.NewTester(inService); err != nil {
			return out, fmt.Errorf("read the rule in service: %w", err)
		}
		out.Compared = true
	}
	var events []automation.Event
	events, out.Partial, err = r.recent(ctx, tester, tried.Trigger.Type, last)
	if err != nil {
		return out, err
	}
	for _, ev := range events {
		e, err := r.try(ctx, tester, before, ev)
		if err != nil {
			return out, err
		}
		tally(&out, e)
		if len(out.Events) >= replayDetails {
			e.Criteria = nil
		}
		out.Events = append(out.Events, e)
	}
	if out.Keys = tester.Keys(); out.Keys == "" && before != nil {
		out.Keys = before.Keys()
	}
	return cleaned(out, r.scrub)
}

// cleaned is what is said, without secret values.
func cleaned[T any](said T, scrub func([]byte) []byte) (clean T, err error) {
	text, err := json.Marshal(said)
	if err == nil {
		err = json.Unmarshal(scrub(text), &clean)
	}
	if err != nil {
		return clean, fmt.Errorf("take secrets out of the answer: %w", err)
	}
	return clean, nil
}

func (r replayer) ruleOf(ruleYAML []byte, ref automation.Ref) (automation.Rule, error) {
	if len(ruleYAML) > 0 {
		return packs.ReadRule("rule", ruleYAML)
	}
	found, ok := r.registry.Snapshot().Rules().Rule(ref)
	if !ok {
		return found, automation.NotFound("rule %q is not in any loaded pack", ref).WithCode("unknown_rule").
			WithHint("list the rules there are: squall rule list")
	}
	return found, nil
}

// recent reads the newest events that the rule looks at. It is partial when there
// may be more further back than it looks.
func (r replayer) recent(ctx context.Context, t *rule.Tester, trigger automation.Ref, last int) (found []automation.Event, partial bool, err error) {
	after, left := "", replayBytes
	for range replayPages {
		events, err := r.store.RecentEvents(ctx, trigger, after, replayPage)
		if err != nil {
			return nil, false, err
		}
		for _, ev := range events {
			if after = ev.ID; t.Looks(ev.Trigger, ev.Parameters) {
				found, left = append(found, ev), left-len(ev.Payload)
				if len(found) == last || left < 0 {
					return found, len(found) < last, nil
				}
			}
		}
		if len(events) == 0 {
			return found, false, nil
		}
	}
	return found, true, nil
}

// try judges one event by both rules.
func (r replayer) try(ctx context.Context, tester, before *rule.Tester, ev automation.Event) (automation.ReplayedEvent, error) {
	payload, err := expr.Decode(ev.Payload)
	if err != nil {
		return automation.ReplayedEvent{}, fmt.Errorf("read the payload of event %s: %w", ev.ID, err)
	}
	in := rule.Input{Trigger: ev.Trigger, Parameters: ev.Parameters, Payload: payload, Now: ev.ReceivedAt, Event: ev, KV: r.key(ctx)}
	m, items := tester.Test(in)
	v := m.Verdict
	e := automation.ReplayedEvent{
		Event: ev.ID, ReceivedAt: ev.ReceivedAt, Summary: ev.Summary, Outcome: v.Outcome, Held: v.Held, Total: v.Total,
		Criteria: v.Criteria, Error: v.Error,
	}
	if v.Item != nil {
		e.Items = items
	}
	if before != nil {
		e.Was = automation.NotMatched
		if before.Looks(ev.Trigger, ev.Parameters) {
			was, _ := before.Test(in)
			e.Was = was.Verdict.Outcome
		}
	}
	return e, nil
}

// key reads the keys as they are now: those of the past are not kept.
func (r replayer) key(ctx context.Context) func(scope, name string) (string, bool, error) {
	return func(scope, name string) (string, bool, error) {
		e, err := r.keys.KVGet(ctx, scope, name, time.Now())
		if automation.KindOf(err) == "not_found" {
			return "", false, nil
		}
		return e.Value, err == nil, err
	}
}

func tally(out *automation.RuleReplay, e automation.ReplayedEvent) {
	out.Tested++
	matches, matched := e.Outcome == automation.Matched, e.Was == automation.Matched
	if matches {
		out.Matched++
	}
	if e.Outcome == automation.Errored {
		out.Errored++
	}
	if out.Compared && matches && !matched {
		out.New++
	}
	if out.Compared && matched && !matches {
		out.Gone++
	}
}
