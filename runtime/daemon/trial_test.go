package daemon

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/squall-dev/squall/packs"
	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/client"
	"github.com/squall-dev/squall/runtime/rule"
	"github.com/squall-dev/squall/runtime/store"
)

const keyRule = `name: keyed
enabled: true
trigger: {type: core.st2.webhook, parameters: {url: size}}
foreach: trigger.body.pods
criteria:
  item.n: {type: gt, pattern: 1}
  item.team: {type: equals, pattern: "{{ st2kv.system.team }}"}
when: event.parameters.url == "size"
action: {ref: behave.silent}
`

func TestATrialReadsTheKeysOfNowAndTheStoredEvent(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	files := behavePack(t)
	files["rules/keyed.yaml"] = keyRule
	writePack(t, dir, "behave", files)
	h := serve(t, dir, nil)
	body := `{"pods":[{"n":1},{"n":2,"team":"shop"},{"n":3,"team":"shop"}]}`
	a, err := h.Webhook(t.Context(), "size", "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	key := automation.KVEntry{Scope: automation.ScopeSystem, Name: "team", Value: "shop"}
	if _, err := h.SetKey(t.Context(), key, 0); err != nil {
		t.Fatal(err)
	}
	for _, ask := range []client.RuleTrial{{Ref: "behave.keyed", Event: a.Event}, {Rule: keyRule, Event: a.Event}} {
		test, err := h.TestRule(t.Context(), ask)
		if err != nil || !test.Matched || test.Keys != automation.KeysNow {
			t.Errorf("%+v: %+v, %v", ask, test, err)
		}
	}
	payload := client.RuleTrial{Ref: "behave.keyed", Payload: json.RawMessage(`{"body":{"pods":[{"n":5}]}}`)}
	if test, err := h.TestRule(t.Context(), payload); err != nil || test.Matched || test.Keys != automation.KeysNow {
		t.Errorf("a payload: %+v, %v", test, err)
	}
	r, err := h.ReplayRule(t.Context(), client.RuleReplayQuery{Ref: "behave.keyed", Last: 5})
	if err != nil || r.Matched != 1 || r.Keys != automation.KeysNow || len(r.Events) != 1 || r.Events[0].Items != 2 {
		t.Errorf("replay: %+v, %v", r, err)
	}
}

// manyEvents stores as many events as anyone asks for, each a MiB large.
type manyEvents struct {
	store.Reader
	payload json.RawMessage
}

func (m manyEvents) RecentEvents(_ context.Context, _ automation.Ref, after string, limit int) ([]automation.Event, error) {
	page := make([]automation.Event, limit)
	for i := range page {
		ev := &page[i]
		ev.ID, ev.Trigger, ev.Payload = fmt.Sprint(after, i), "a.b", m.payload
	}
	return page, nil
}

func TestAReplayHoldsABoundedNumberOfBytes(t *testing.T) {
	t.Parallel()
	written, err := packs.ReadRule("rule", []byte("name: x\ntrigger: {type: a.b}\naction: {ref: a.b}\n"))
	if err != nil {
		t.Fatal(err)
	}
	tester, err := rule.NewTester(written)
	if err != nil {
		t.Fatal(err)
	}
	r := replayer{store: manyEvents{payload: make(json.RawMessage, 1<<20)}}
	found, partial, err := r.recent(t.Context(), tester, "a.b", 1000)
	if err != nil || len(found) != replayBytes>>20+1 || !partial {
		t.Errorf("%d events of a MiB, partial %v, %v", len(found), partial, err)
	}
	r.store = manyEvents{payload: json.RawMessage("{}")}
	found, partial, err = r.recent(t.Context(), tester, "a.b", 1000)
	if err != nil || len(found) != 1000 || partial {
		t.Errorf("%d small events, partial %v, %v", len(found), partial, err)
	}
}

func TestMissesOfVeryManyRulesAreMadeAnew(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	files := behavePack(t)
	const many = 120
	for i := range many {
		files[fmt.Sprintf("rules/r%d.yaml", i)] = fmt.Sprintf("name: r%d\nenabled: true\ntrigger: {type: core.st2.webhook, parameters: {url: size}}\n"+
			"criteria: {trigger.body.n: {type: equals, pattern: %d}}\naction: {ref: behave.silent}\n", i, i)
	}
	writePack(t, dir, "behave", files)
	h := serve(t, dir, nil)
	a, err := h.Webhook(t.Context(), "size", "application/json", strings.NewReader(`{"n":7}`))
	if err != nil || a.Looked != many || a.Matched != 1 {
		t.Fatalf("%+v, %v", a, err)
	}
	m, err := h.EventMisses(t.Context(), a.Event)
	if err != nil || m.Total != many-1 || len(m.Verdicts) != 100 || m.At.IsZero() || m.Keys != "" {
		t.Fatalf("%d of %d, %v", len(m.Verdicts), m.Total, err)
	}
	if v := m.Verdicts[0]; v.Event != a.Event || v.Rule == "behave.r7" || v.Outcome != automation.NotMatched || len(v.Criteria) != 1 || v.Criteria[0].Actual == nil {
		t.Errorf("%+v", v)
	}
	if _, err := h.EventMisses(t.Context(), "000000000000000000000000"); !errors.Is(err, automation.ErrNotFound) {
		t.Errorf("an event that is not there: %v", err)
	}
}
