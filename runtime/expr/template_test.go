package expr

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
)

type filterCase struct {
	Template string          `json:"template"`
	Scope    json.RawMessage `json:"scope"`
	Text     string          `json:"text"`
	Error    bool            `json:"error"`
}

func TestFiltersGiveWhatExistingRulesExpect(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("testdata/filters.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []filterCase
	if err := json.Unmarshal(data, &cases); err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		t.Run(c.Template, func(t *testing.T) {
			t.Parallel()
			got, err := evalText(c.Template, decodeScope(t, c.Scope))
			if (err != nil) != c.Error {
				t.Fatalf("error %v, want error: %v", err, c.Error)
			}
			if Text(got) != c.Text && !c.Error {
				t.Errorf("got %q, want %q", Text(got), c.Text)
			}
		})
	}
}

func decodeScope(t *testing.T, data []byte) map[string]any {
	t.Helper()
	if len(data) == 0 {
		return nil
	}
	v, err := Decode(data)
	if err != nil {
		t.Fatal(err)
	}
	scope, _ := v.(map[string]any)
	return scope
}

func evalText(text string, scope map[string]any) (any, error) {
	t, err := Compile(text)
	if err != nil {
		return nil, err
	}
	return t.Eval(scope)
}

func testScope() map[string]any {
	return map[string]any{
		"n": int64(3), "f": 2.5, "big": json.Number("12345678901234567890"), "s": "abc", "yes": true, "nothing": nil,
		"l": []any{"a", "b"}, "one": []any{"only"},
		"d": map[string]any{"a.b": "dot", "x": "y", "list": []any{map[string]any{"k": "v1"}, map[string]any{"k": "v2"}}},
	}
}

func TestTemplates(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, template string
		want           any
	}{
		{"text without braces stands for itself", "plain {text}", "plain {text}"},
		{"a reference keeps the type of a number", "{{ n }}", int64(3)},
		{"a reference keeps a list", "{{l}}", []any{"a", "b"}},
		{"a reference keeps null", "{{ nothing }}", nil},
		{"a reference keeps a number beyond 64 bits", "{{ big }}", json.Number("12345678901234567890")},
		{"a reference reads quoted keys", `{{ d['a.b'] }}`, "dot"},
		{"a negative index counts from the end", "{{ l[-1] }}", "b"},
		{"a negative index reaches the only element", "{{ one[-1] | upper }}", "ONLY"},
		{"references inside a text are printed", "<{{ n }}|{{ yes }}|{{ nothing }}|{{ l }}>", "<3|True|None|['a', 'b']>"},
		{"one final newline is dropped", "{{ n }}\n", int64(3)},
		{"an expression keeps the type of its result", "{{ n + 3 }}", int64(6)},
		{"an expression inside a text is printed", "<{{ n + 3 }}>", "<6>"},
		{"whole numbers stay exact", "{{ big + 1 }}", json.Number("12345678901234567891")},
		{"division gives a fraction", "{{ 7 / 2 }}", 3.5},
		{"floor division rounds down", "{{ 7 // -2 }}", int64(-4)},
		{"modulo has the sign of the divisor", "{{ -7 % 3 }}", int64(2)},
		{"conditions choose", "{{ 'big' if n > 2 else 'small' }}", "big"},
		{"blocks choose", "{% if n > 5 %}a{% elif n > 2 %}b{% else %}c{% endif %}", "b"},
		{"loops know where they are", "{% for x in l %}{{ loop.index }}{{ x }}{% if not loop.last %},{% endif %}{% endfor %}", "1a,2b"},
		{"loops take pairs", "{% for k, v in d.items() if k == 'x' %}{{ k }}={{ v }}{% endfor %}", "x=y"},
		{"an empty loop has an else", "{% for x in [] %}x{% else %}none{% endfor %}", "none"},
		{"set gives a name", "{% set a = n %}{{ a + 1 }}", "4"},
		{"a namespace outlives a loop", "{% set ns = namespace(x=0) %}{% for i in range(4) %}{% set ns.x = ns.x + i %}{% endfor %}{{ ns.x }}", "6"},
		{"raw keeps braces", "{% raw %}{{ x }}{% endraw %}", "{{ x }}"},
		{"comments vanish", "a{# no {{ x }} #}b{{ n }}", "ab3"},
		{"a comment alone vanishes", "{# nobody reads this #}", ""},
		{"a comment in a text vanishes", "a{# no #}b", "ab"},
		{"a comment that is not closed is text", "echo ${#name}", "echo ${#name}"},
		{"macros render their arguments", "{% macro m(a, b='x') %}<{{ a }}-{{ b }}>{% endmacro %}{{ m(n) }}{{ m(1, b=2) }}{{ m(b=3, a=4) }}", "<3-x><1-2><4-3>"},
		{"a macro's text goes through filters", "{% macro m(a) %}{{ a }}{% endmacro m %}{{ m(s) | upper }}", "ABC"},
		{"macros see the names around them", "{% set p = '+' %}{% macro m(a) %}{{ p }}{{ a }}{{ n }}{% endmacro %}{{ m(1) }}", "+13"},
		{"a default may name another parameter", "{% macro m(a, b=a + 1) %}{{ a }}{{ b }}{% endmacro %}{{ m(1) }}", "12"},
		{"a parameter may be left out where it has a default", "{% macro m(a) %}{{ a | default('none') }}{% endmacro %}{{ m() }}", "none"},
		{"a macro's names end with it", "{% macro m() %}{% set s = 'inner' %}{{ s }}{% endmacro %}{{ m() }}{{ s }}", "innerabc"},
		{"macros call macros", "{% macro a(x) %}[{{ x }}]{% endmacro %}{% macro b(x) %}{{ a(x) }}{{ a(x) }}{% endmacro %}{{ b(n) }}", "[3][3]"},
		{"a macro may call itself", "{% macro f(x) %}{% if x %}{{ x }}{{ f(x - 1) }}{% endif %}{% endmacro %}{{ f(n) }}", "321"},
		{"dashes trim blanks", "a  {{- n -}}  b", "a3b"},
		{"missing values have defaults", "{{ d.nope | default('x') }}", "x"},
		{"tests ask whether something is there", "{{ n is defined and nope is not defined }}", true},
		{"attributes are mapped", "{{ d.list | map(attribute='k') | join('+') }}", "v1+v2"},
		{"items are selected by attribute", "{{ (d.list | selectattr('k', 'eq', 'v2') | first).k }}", "v2"},
		{"filters apply to items", "{{ l | map('upper') | join }}", "AB"},
		{"sorting reverses", "{{ [3, 1, 2] | sort(reverse=true) }}", []any{int64(3), int64(2), int64(1)}},
		{"methods of texts work", "{{ s.upper().startswith('A') }}", true},
		{"slices work on texts", "{{ s[1:] }}{{ s[::-1] }}", "bccba"},
		{"texts are formatted", "{{ '%s-%03d' | format(s, n) }}", "abc-003"},
		{"quotes in lists are chosen as Python does", `<{{ ["it's"] }}>`, `<["it's"]>`},
		{"none is null", "{{ none }}", nil},
		{"true equals one", "{{ true == 1 }}", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, err := evalText(c.template, testScope())
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", c.template, diff)
			}
		})
	}
}
