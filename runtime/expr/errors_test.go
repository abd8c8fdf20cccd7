package expr

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/squall-dev/squall/runtime/automation"
)

func TestMissingValuesSayWhichPartIsMissing(t *testing.T) {
	t.Parallel()
	scope := map[string]any{"trigger": map[string]any{"body": map[string]any{
		"alerts": []any{map[string]any{"labels": map[string]any{"x": "y"}}}, "text": "t",
	}}}
	for _, c := range []struct{ template, want string }{
		{"{{ trigger.body.alerts[0].labels.pod }}", `trigger.body.alerts[0].labels.pod: no key "pod" in labels`},
		{"{{ trigger.body.alerts[1].labels }}", `trigger.body.alerts[1].labels: no index 1 in alerts, which has length 1`},
		{"{{ trigger.body.text.deeper }}", `trigger.body.text.deeper: no key "deeper", text is a text`},
		{"{{ trigger.body.alerts.labels }}", `trigger.body.alerts.labels: no key "labels", alerts is a list`},
		{"{{ tigger.body }}", `tigger.body: there is nothing called "tigger" here`},
		{"{{ trigger.body.nope | upper }}", `no key "nope" in trigger.body`},
		{"{{ trigger.body.alerts[-2] | string }}", `no index -2 in trigger.body.alerts, which has length 1`},
	} {
		t.Run(c.template, func(t *testing.T) {
			t.Parallel()
			_, err := evalText(c.template, scope)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got  %v\nwant %s", err, c.want)
			}
		})
	}
}

func TestWrongTemplatesAreRefusedBeforeEvaluation(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, template string }{
		{"an open brace", "{{ x"},
		{"an unknown filter", "{{ x | nope }}"},
		{"an unknown filter in a block", "{% if x %}{{ [1, y | nope] }}{% endif %}"},
		{"an unknown statement", "{% include 'other' %}"},
		{"an import", "{% import 'other' as o %}"},
		{"a macro without an end", "{% macro m() %}"},
		{"a macro without parentheses", "{% macro m %}{% endmacro %}"},
		{"a macro with a parameter twice", "{% macro m(a, a) %}{% endmacro %}"},
		{"a macro with a default before none", "{% macro m(a=1, b) %}{% endmacro %}"},
		{"a call block", "{% call m() %}{% endcall %}"},
		{"a comment that is not closed beside an expression", "{{ x }}{# y"},
		{"a block that is not closed", "{% if x %}a"},
		{"brackets nested without end", "{{ " + strings.Repeat("(", 50_000) + " }}"},
		{"statements nested without end", strings.Repeat("{% if x %}", 5_000)},
		{"a text that is too long", strings.Repeat("x", maxTemplateBytes+1)},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if _, err := Compile(c.template); !errors.Is(err, automation.ErrInvalid) {
				t.Errorf("got %v, want an error of kind invalid", err)
			}
		})
	}
}

func TestEvaluationFailsWhereTypesDoNotFit(t *testing.T) {
	t.Parallel()
	for _, template := range []string{
		"{{ 'a' + 1 }}", "{{ 1 / 0 }}", "{{ 1 % 0 }}", "{{ 1 // 0 }}", "{{ none + 1 }}", "{{ 'a' < 1 }}", "{{ 1 in 2 }}",
		"{{ nope == 1 }}", "{{ nope or 1 }}", "{{ s.append(1) }}", "{{ [].append(1) }}", "{{ {}.update(1) }}", "{{ open('x') }}",
		"{{ 10 ** 1000 }}", "{{ 10.0 ** 1000 }}", "{{ (1).real }}", "{{ '%d' | format('x') }}", "{{ 1 if false }}",
		"{% for x in 1 %}{% endfor %}", "{{ [] | first | upper }}",
	} {
		t.Run(template, func(t *testing.T) {
			t.Parallel()
			if v, err := evalText(template, testScope()); err == nil {
				t.Errorf("gives %v, want an error", v)
			}
		})
	}
}

// TestEvaluationIsBounded runs templates that would take all time or memory.
func TestEvaluationIsBounded(t *testing.T) {
	t.Parallel()
	many := make([]any, 50_000)
	for i := range many {
		many[i] = "x"
	}
	scope := map[string]any{"many": many, "long": strings.Repeat("y", 500_000)}
	for _, template := range []string{
		"{{ 'x' * 1000000000 }}",
		"{{ [1] * 1000000000 }}",
		"{{ range(1000000000) | list }}",
		"{{ 'x' | center(1000000000) }}",
		"{{ '%1000000000d' | format(1) }}",
		"{{ 7 ** 9999999 }}",
		"{% for a in many %}{% for b in many %}{% endfor %}{% endfor %}",
		"{% for a in many %}{% if a in many[1:] and 'z' in long %}{% endif %}{% endfor %}",
		"{% for a in many %}{{ long }}{% endfor %}",
		"{% for a in range(9999) %}{% set x = long ~ long %}{% endfor %}",
		"{{ long | replace('y', long) }}",
		"{{ many | join(long) }}",
		"{{ many | map('replace', 'x', long) | list }}",
		"{% set ns = namespace(l=[1]) %}{% for a in range(99) %}{% set ns.l = ns.l + ns.l %}{% endfor %}",
		"{% set ns = namespace(l=[1]) %}{% for a in range(99) %}{% set ns.l = [ns.l, ns.l] %}{% endfor %}{{ ns.l }}",
		"{{ many | map('string') | map('center', 100000) | list }}",
	} {
		t.Run(template, func(t *testing.T) {
			t.Parallel()
			began := time.Now()
			v, err := evalText(template, scope)
			if err == nil {
				t.Errorf("gives %.40v, want an error", v)
			}
			if took := time.Since(began); took > 20*time.Second {
				t.Errorf("took %s", took)
			}
		})
	}
}

func TestTemplatesDoNotChangeThePayload(t *testing.T) {
	t.Parallel()
	scope, want := testScope(), testScope()
	for _, template := range []string{
		"{% set d = 1 %}{{ d }}", "{% for n in l %}{{ n }}{% endfor %}", "{{ l | sort(reverse=true) }}{{ l | reverse }}",
		"{{ d | dictsort }}{{ l + ['c'] }}",
	} {
		if _, err := evalText(template, scope); err != nil {
			t.Error(template, err)
		}
	}
	if diff := cmp.Diff(want, scope); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestPatternsKeepTheTypeOfOneExpression(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		template string
		want     any
	}{
		{"{{ ['a', 'b'] }}", []any{"a", "b"}},
		{"{{ 2 }}", int64(2)},
		{"{{ (n == 3) }}", true},
		{"{{ n == 3 }}", "True"},
		{"{{ s | regex_match('a') }}", true},
		{"{{ n }}{{ '' }}", "3"},
		{"{{ n if yes else 0 }}", int64(3)},
	} {
		t.Run(c.template, func(t *testing.T) {
			t.Parallel()
			compiled, err := Compile(c.template)
			if err != nil {
				t.Fatal(err)
			}
			got, err := compiled.EvalPattern(testScope())
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestEvalDeep(t *testing.T) {
	t.Parallel()
	v := map[string]any{"a": []any{"{{ n }}", "x{{ n }}", 1}, "b": map[string]any{"c": "plain"}}
	got, err := EvalDeep(v, testScope())
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]any{"a": []any{int64(3), "x3", int64(1)}, "b": map[string]any{"c": "plain"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	_, err = EvalDeep(map[string]any{"a": []any{map[string]any{"k": "{{ nope }}"}}}, nil)
	if err == nil || !strings.HasPrefix(err.Error(), "a[0].k: ") {
		t.Errorf("error %v does not begin with the path", err)
	}
	_, err = CompileDeep([]any{"{{ x", "{{ y"})
	if err == nil || !strings.Contains(err.Error(), "[0]") || !strings.Contains(err.Error(), "[1]") {
		t.Errorf("error %v does not name both texts", err)
	}
}

func TestLazyNamesAreMadeOnlyWhenAskedFor(t *testing.T) {
	t.Parallel()
	asked := 0
	scope := map[string]any{"x": Lazy(func() (any, error) { asked++; return "made", nil })}
	for _, template := range []string{"{{ x }}", "{{ x | upper }}", "plain"} {
		if _, err := evalText(template, scope); err != nil {
			t.Error(err)
		}
	}
	if asked != 2 {
		t.Errorf("asked %d times, want 2", asked)
	}
	scope["x"] = Lazy(func() (any, error) { return nil, fmt.Errorf("not today") })
	if _, err := evalText("{{ x }}", scope); err == nil || err.Error() != "not today" {
		t.Errorf("got %v", err)
	}
}

func FuzzTemplate(f *testing.F) {
	for _, s := range []string{
		"{{ trigger.a[0]['b'] }}", "{% for x in trigger %}{{ x | upper }}{% endfor %}", "{{ 1 + 2 * -3 ** 4 }}",
		"{{ a.b | default('c') if d is not none else [1, {'k': (2,)}] }}", "{%- set x = 1 -%}{# c #}{{ x[::2] ~ 'y' }}",
		"{{ '%s' | format(1) }}{{ trigger.t | regex_replace('(a)', '\\\\1') }}", "{{ 3 if", "{% raw %}{{{% endraw %}", "{{ x in }}",
		"{{ (1 < trigger.n <= 5) is not none and 'a' not in [] }}", "{% set a %}{{ st2kv.system['k'] }}{% endset %}{{ a | d('x') }}",
		"{% filter upper | trim %}{% with a, b = 1 %}{% endwith %}{% endfilter %}", "{#- x -#}{%+ if true -%} {{- {'a': {}} }}{% endif %}",
		"{% for a, (b, c) in [[1, [2, 3]]] %}{{ loop.cycle(a, b) }}{{ loop.changed(c) }}{% else %}{% endfor %}",
		"{{ trigger | to_yaml_string | from_yaml_string | tojson }}", "{{ 'ab' | regex_replace('(?<=a)(b)', '\\\\1\\\\g<1>') }}",
		"{{ trigger.a | groupby('b', default=1) | map('last') | list }}", "{{ '\\x41\\u00e9' \"b\" }}{{ 0x1f + 1_000 }}",
		"{% macro m(a, b=a) %}{{ b }}{% if a %}{{ m(a - 1, b=trigger.t) }}{% endif %}{% endmacro %}{{ m(3) | upper }}{{ m() }}",
	} {
		f.Add(s, `{"a": [{"b": 1}], "t": "text", "n": 1e400}`)
	}
	f.Fuzz(func(t *testing.T, template, payload string) {
		v, err := Decode([]byte(payload))
		if err != nil {
			return
		}
		compiled, err := Compile(template)
		if err != nil {
			return
		}
		scope := KV(func(_, name string) (string, bool, error) { return name, len(name)%2 == 0, nil }).Names()
		scope["trigger"] = v
		before := clone(v)
		began := time.Now()
		out, err := compiled.Eval(scope)
		if took := time.Since(began); took > 10*time.Second {
			t.Errorf("took %s", took)
		}
		if text, ok := out.(string); ok && len(text) > maxOutput && template != text {
			t.Errorf("%d bytes came out", len(text))
		}
		if _, jsonErr := json.Marshal(out); err == nil && jsonErr != nil {
			t.Errorf("%#v has no JSON form: %v", out, jsonErr)
		}
		_, _ = compiled.EvalPattern(scope)
		if !reflect.DeepEqual(before, v) {
			t.Errorf("the payload changed from %v to %v", before, v)
		}
	})
}
