package rule

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/squall-dev/squall/runtime/automation"
)

func TestTemplatesReadTheKeyValueStore(t *testing.T) {
	t.Parallel()
	r := ruleOf(combine(automation.GroupAny, is("team", "equals", "{{ st2kv.system.team }}")))
	r.Action.Parameters = map[string]any{
		"old": "{{ system.team }}", "dotted": "{{ st2kv.system.a.b }}", "quoted": "{{ st2kv.system['my-key'] }}",
		"missing": "<{{ st2kv.system.nope }}>", "filtered": []any{"{{ st2kv.system.n | int + 1 }}"},
		"computed": "{{ st2kv.system['my-' ~ 'key'] }}", "default": "{{ system.nope | default('d') }}",
	}
	r.Flow.Dedupe = &automation.Dedupe{Key: "{{ system.team }}"}
	in := eventOf(t, `{"team": "shop"}`)
	in.KV = storeOf(map[string]string{"system/team": "shop", "system/a.b": "ab", "system/my-key": "k", "system/n": "41"})
	m := mustCompile(t, r).Match(in)[0]
	want := map[string]any{"old": "shop", "dotted": "ab", "quoted": "k", "missing": "<>", "filtered": []any{int64(42)}, "computed": "k", "default": "d"}
	if diff := cmp.Diff(want, m.Parameters); diff != "" || m.Keys[automation.ControlDedupe] != "shop" {
		t.Errorf("%+v, keys %v (-want +got):\n%s", m.Verdict, m.Keys, diff)
	}
	in.KV = nil
	if v := mustCompile(t, r).Match(in)[0].Verdict; v.Outcome != automation.NotMatched || v.Criteria[0].Members[0].Pattern != "" {
		t.Errorf("without a store: %+v", v)
	}
}

func TestAStoreThatFailsIsAnError(t *testing.T) {
	t.Parallel()
	r := ruleOf(is("a", "equals", "{{ st2kv.system.broken }}"))
	in := eventOf(t, `{"a": 1}`)
	in.KV = storeOf(nil)
	if v := mustCompile(t, r).Match(in)[0].Verdict; v.Outcome != automation.Errored || !strings.Contains(v.Error, "the store is closed") {
		t.Errorf("got %+v", v)
	}
}

func TestTheStoreIsReadOnlyWhenATemplateAsks(t *testing.T) {
	t.Parallel()
	r := ruleOf(is("a", "equals", 2))
	r.Action.Parameters = map[string]any{"x": "{{ st2kv.system.x }}"}
	in := eventOf(t, `{"a": 1}`)
	in.KV = func(string, string) (string, bool, error) {
		t.Error("the store is read for a rule that does not match")
		return "", false, nil
	}
	mustCompile(t, r).Match(in)
}
