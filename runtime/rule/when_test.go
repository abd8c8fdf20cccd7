package rule

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/expr"
)

func decode(t testing.TB, payload string) any {
	t.Helper()
	v, err := expr.Decode([]byte(payload))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func storeOf(values map[string]string) func(scope, name string) (string, bool, error) {
	return func(scope, name string) (string, bool, error) {
		if name == "broken" {
			return "", false, errors.New("the store is closed")
		}
		v, ok := values[scope+"/"+name]
		return v, ok, nil
	}
}

func TestAnExpressionDecides(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, when, payload string
		want                automation.Outcome
		message             string
	}{
		{"a comparison that holds", `trigger.n > 3 && trigger.s.startsWith("a")`, `{"n": 4, "s": "abc"}`, automation.Matched, ""},
		{"one that does not", `trigger.n > 3`, `{"n": 3}`, automation.NotMatched, ""},
		{"a whole number is an int", `trigger.n % 2 == 1 && type(trigger.n) == int`, `{"n": 5}`, automation.Matched, ""},
		{"a fraction is a double", `trigger.n > 1 && type(trigger.n) == double`, `{"n": 1.5}`, automation.Matched, ""},
		{"numbers compare across their types", `trigger.n == 2.0 && index0() == false || trigger.n < 2.5`, `{"n": 2}`, "", "undeclared"},
		{"an int equals a double", `trigger.n == 2.0 && trigger.n < 2.5`, `{"n": 2}`, automation.Matched, ""},
		{"a number that no int holds", `trigger.n == 18446744073709551615u`, `{"n": 18446744073709551615}`, automation.Matched, ""},
		{"one that nothing holds exactly", `trigger.n > 1e29`, `{"n": 999999999999999999999999999999}`, automation.Matched, ""},
		{"lists and macros", `trigger.l.exists(x, x.p == "b") && trigger.l.size() == 2`, `{"l": [{"p": "a"}, {"p": "b"}]}`, automation.Matched, ""},
		{"a key that is asked for first", `has(trigger.a) && trigger.a == 1`, `{"b": 1}`, automation.NotMatched, ""},
		{"a missing key", `trigger.a == 1`, `{"b": 1}`, automation.Errored, "when: no such key: a"},
		{"null", `trigger.a == null`, `{"a": null}`, automation.Matched, ""},
		{"what is no boolean", `trigger.a`, `{"a": "yes"}`, automation.Errored, "gives a string"},
		{"a boolean of the event", `trigger.a`, `{"a": true}`, automation.Matched, ""},
		{"an empty event", `trigger.size() == 0`, `{}`, automation.Matched, ""},
		{"the event itself", `event.id == "E1" && event.trigger == "test.event" && event.parameters.url == "x" && event.summary == "" && event.received_at < timestamp("2027-01-01T00:00:00Z")`, `{}`, automation.Matched, ""},
		{"a key of the store", `kv("mode") == "on" && kv("pack:a", trigger.k) == "v"`, `{"k": "key"}`, automation.Matched, ""},
		{"a key that is not there", `kv("nope") == null`, `{}`, automation.Matched, ""},
		{"a store that fails", `kv("broken") == "x"`, `{}`, automation.Errored, "the store is closed"},
		{"a key that is no text", `kv(trigger.n) == "x"`, `{"n": 1}`, automation.Errored, "kv takes a name, or a scope and a name, as texts"},
		{"a key that can not be a text", `kv(1) == "x"`, `{}`, "", "kv takes a name, or a scope and a name, as texts"},
		{"too many names", `kv("a", "b", "c") == "x"`, `{}`, "", "undeclared reference to 'kv'"},
		{"division by zero", `1 / trigger.n == 1`, `{"n": 0}`, automation.Errored, "division by zero"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := ruleOf()
			r.When = c.when
			set, err := Compile([]automation.Rule{r})
			if c.want == "" {
				if err == nil || !strings.Contains(err.Error(), c.message) {
					t.Errorf("got %v, want %q", err, c.message)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			in := eventOf(t, c.payload)
			in.Parameters, in.Now = map[string]any{"url": "x"}, time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
			in.Event.ID = "E1"
			in.KV = storeOf(map[string]string{"system/mode": "on", "pack:a/key": "v"})
			v := set.Match(in)[0].Verdict
			if v.Outcome != c.want || !strings.Contains(v.Error, c.message) {
				t.Errorf("got %s, %q; want %s, %q", v.Outcome, v.Error, c.want, c.message)
			}
		})
	}
}

func TestWhenIsOneOfTheCriteria(t *testing.T) {
	t.Parallel()
	r := ruleOf(is("a", "equals", 1), combine(automation.GroupAny, is("a", "equals", 1), is("b", "equals", 1)))
	r.When = "trigger.a == 2"
	v := verdictOf(t, r, `{"a": 1}`)
	want := automation.CriterionResult{Key: "when", Operator: "cel", Pattern: r.When, Actual: false}
	if diff := cmp.Diff(want, v.Criteria[2]); diff != "" || v.Held != 3 || v.Total != 4 {
		t.Errorf("held %d of %d (-want +got):\n%s", v.Held, v.Total, diff)
	}
}

func TestItemsAreNamedInExpressionsOfAForeachOnly(t *testing.T) {
	t.Parallel()
	r := ruleOf()
	r.When = `item.n == 2 && index == 1`
	if _, err := Compile([]automation.Rule{r}); err == nil || !strings.Contains(automation.HintOf(err), "foreach") {
		t.Errorf("got %v with the hint %q", err, automation.HintOf(err))
	}
	r.Foreach = "trigger.l"
	matches := mustCompile(t, r).Match(eventOf(t, `{"l": [{"n": 2}, {"n": 2}]}`))
	if matches[0].Verdict.Outcome != automation.NotMatched || matches[1].Verdict.Outcome != automation.Matched {
		t.Errorf("got %+v", matches)
	}
}

func TestAnExpressionIsBounded(t *testing.T) {
	t.Parallel()
	r := ruleOf()
	r.When = `trigger.l.all(a, trigger.l.all(b, trigger.l.all(c, trigger.l.all(d, a + b + c + d >= 0))))`
	v := verdictOf(t, r, `{"l": [`+strings.Repeat("1, ", 200)+`1]}`)
	if v.Outcome != automation.Errored || !strings.Contains(v.Error, "too much") && !strings.Contains(v.Error, "longer than") {
		t.Errorf("got %s, %q", v.Outcome, v.Error)
	}
	for _, when := range []string{strings.Repeat("(", 5000) + "true" + strings.Repeat(")", 5000), `"` + strings.Repeat("x", maxWhenBytes) + `" == ""`} {
		r.When = when
		if _, err := Compile([]automation.Rule{r}); err == nil {
			t.Errorf("an expression of %d bytes is accepted", len(when))
		}
	}
}

func TestAProblemPointsIntoTheExpression(t *testing.T) {
	t.Parallel()
	r := ruleOf()
	r.When, r.WhenPosition = "trigger.a == 1 &&\n  evnt.id == \"\"", automation.Position{File: "r.yaml", Line: 7, Column: 3}
	_, err := Compile([]automation.Rule{r})
	if err == nil || !strings.HasPrefix(err.Error(), "r.yaml:8:5: rule test.rule: when: undeclared reference to 'evnt'") || automation.HintOf(err) != "did you mean event?" {
		t.Errorf("got %v, hint %q", err, automation.HintOf(err))
	}
}

func FuzzWhen(f *testing.F) {
	for _, when := range []string{
		"true", `trigger.a == 1 && kv("x") != null`, `trigger.l.map(x, x * 2).exists(x, x > index)`, `item.a.matches("^a+$")`,
		`event.received_at + duration("1h") > timestamp(trigger.t)`, `{"a": [1, 2.5, b"x", null]}.a.size() == 3u`, `has(trigger.a.b) ? trigger.a.b : false`,
		`"` + `\u00e9\"` + `" + string(1) == 'x'`, "1/0 == 2", "@kv", "(((", "kv()", "kv(1, 2, 3)",
	} {
		f.Add(when, `{"a": 1, "l": [1, 2, {"b": 18446744073709551616}]}`)
	}
	f.Fuzz(func(t *testing.T, when, payload string) {
		r := ruleOf()
		r.When, r.Foreach = when, "trigger.l"
		set, err := Compile([]automation.Rule{r})
		if err != nil {
			return
		}
		v, err := expr.Decode([]byte(payload))
		if err != nil {
			return
		}
		in := Input{Trigger: "test.event", Payload: v, KV: storeOf(nil)}
		first, second := set.Match(in), set.Match(in)
		for i := range first {
			if a, b := first[i].Verdict, second[i].Verdict; a.Outcome != b.Outcome && !strings.Contains(a.Error+b.Error, "longer than") {
				t.Errorf("%q is %s and then %s", when, a.Outcome, b.Outcome)
			}
		}
	})
}
