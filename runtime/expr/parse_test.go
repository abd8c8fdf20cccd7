package expr

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/squall-dev/squall/runtime/automation"
)

// TestExpressionsAreReadAsJinjaReadsThem: parentheses keep the types of results.
func TestExpressionsAreReadAsJinjaReadsThem(t *testing.T) {
	t.Parallel()
	scope := testScope()
	scope["x"] = int64(3)
	for _, c := range []struct {
		name, expression string
		want             any
	}{
		{"a condition in parentheses", "('a' if x > 2 else 'b')", "a"},
		{"conditions in a row", "'a' if x > 5 else 'b' if x > 2 else 'c'", "b"},
		{"a condition inside a filter's argument", "nope | default('a' if x else 'b')", "a"},
		{"a condition without else has a default", "('a' if x > 5) | default('d')", "d"},
		{"comparisons in a row", "(1 < x < 5)", true},
		{"comparisons in a row that stop early", "(1 < x < 2 < 'a')", false},
		{"not in", "('z' not in l)", true},
		{"not before in", "(not 'a' in l)", false},
		{"is not", "(x is not none)", true},
		{"is in, with a bare operand", "('a' is in l)", true},
		{"is not in", "('a' is not in ['b'])", true},
		{"a test with a bare operand", "(x is divisibleby 3)", true},
		{"a test ends before and", "(x is defined and x is number)", true},
		{"a test ends before a condition", "'y' if x is defined else 'n'", "y"},
		{"a test named like an operator", "(x is ge 3)", true},
		{"tests bind before not", "(not x is none)", true},
		{"tilde makes texts", "1 ~ 'a' ~ none ~ true", "1aNoneTrue"},
		{"tilde binds tighter than plus", "'a' + 1 ~ 2", "a12"},
		{"a filter binds tighter than an operator", "'a' ~ 'b' | upper", "aB"},
		{"a filter applies to a signed number", "-5 | abs", int64(5)},
		{"powers group from the left, as in Jinja", "2 ** 3 ** 2", int64(64)},
		{"products before sums", "1 + 2 * 3 - 8 // 3", int64(5)},
		{"a slice from the end", "l[-1:]", []any{"b"}},
		{"a slice with a step", "[1, 2, 3, 4][::2]", []any{int64(1), int64(3)}},
		{"a slice with computed bounds", "'abcdef'[x - 2:x]", "bc"},
		{"an index after a dot", "l.1", "b"},
		{"two indexes after dots", "[[1, 2]].0.1", int64(2)},
		{"a computed index", "l[x - 2]", "b"},
		{"a member of a filter's result in parentheses", "(d.list | last).k", "v2"},
		{"a tuple", "(1, 'a')", []any{int64(1), "a"}},
		{"a tuple of one", "(1,)", []any{int64(1)}},
		{"an empty tuple", "()", []any{}},
		{"a tuple without parentheses", "1, 2", []any{int64(1), int64(2)}},
		{"a list with a comma at its end", "[1, 2,]", []any{int64(1), int64(2)}},
		{"maps in maps before the closing braces", "{'a': {'b': {}}}", map[string]any{"a": map[string]any{"b": map[string]any{}}}},
		{"a map with computed keys", "{'a' ~ x: [x]}", map[string]any{"a3": []any{int64(3)}}},
		{"texts side by side are one", `'a' "b" 'c'`, "abc"},
		{"a text with braces", "'}} {{ %}'", "}} {{ %}"},
		{"escapes in texts", `'a\n\t\\\'\x41\u017e\U0001F600'`, "a\n\t\\'Až😀"},
		{"a backslash before anything else stays", `'\d\.\1'`, `\d\.\1`},
		{"quotes of the other kind", `"it's"`, "it's"},
		{"numbers with underscores and other bases", "[1_000, 0x1f, 0b101, 0o17]", []any{int64(1000), int64(31), int64(5), int64(15)}},
		{"fractions and exponents", "[1.5, 1e3, 2.5e-1]", []any{1.5, 1000.0, 0.25}},
		{"a number beyond 64 bits", "12345678901234567890", json.Number("12345678901234567890")},
		{"constants in both spellings", "[true, True, false, False, none, None]", []any{true, true, false, false, nil, nil}},
		{"named arguments", "[2, 1] | sort(reverse=false, case_sensitive=true)", []any{int64(1), int64(2)}},
		{"lines break anywhere", "x\n +\n 1", int64(4)},
		{"names in other alphabets", "{'č': 1}.č", int64(1)},
		{"and gives a value", "x and 'then'", "then"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			compiled, err := Compile("{{ (" + c.expression + ") }}")
			if err != nil {
				t.Fatal(err)
			}
			got, err := compiled.Eval(scope)
			if diff := cmp.Diff(c.want, got); err != nil || diff != "" {
				t.Errorf("%s (-want +got, error %v):\n%s", c.expression, err, diff)
			}
		})
	}
}

func TestStatementsAreReadAsJinjaReadsThem(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, template, want string }{
		{"a statement takes the end of its line", "{% if n %}\na\n{% endif %}\nb", "a\nb"},
		{"a statement takes the blanks before it on its line", "a\n  {% if n %}\nb\n  {% endif %}", "a\nb\n"},
		{"blanks after text on the line stay", "a {% if n %}b{% endif %} c", "a b c"},
		{"an output takes nothing", " {{ n }}\n", " 3"},
		{"a plus keeps blanks", "  {%+ if n %}b{% endif %}", "  b"},
		{"a plus keeps the end of the line", "{% if n +%}\nb{% endif %}", "\nb"},
		{"dashes take lines too", "a\n\n{%- if n -%}\n\n b \n{%- endif -%}\n\nc", "abc"},
		{"a comment takes the end of its line", "a\n {# {% x #}\nb{{ n }}", "a\nb3"},
		{"dashes in comments", "a  {#- x -#}  b{{ n }}", "ab3"},
		{"a comment of several lines", "a{# 1\n2 #}{{ n }}", "a3"},
		{"raw keeps statements", "{% raw %}{% if %}{{ x{% endraw %}", "{% if %}{{ x"},
		{"raw takes blanks where dashes say so", "{% raw -%}  a  {%- endraw %}", "a"},
		{"else if", "{% if n == 1 %}a{% elif n == 2 %}b{% elif n == 3 %}c{% else %}d{% endif %}", "c"},
		{"a loop's else", "{% for x in l if x == 'z' %}{{ x }}{% else %}none{% endfor %}", "none"},
		{"a loop counts what its condition takes", "{% for x in [1, 2, 3] if x > 1 %}{{ loop.index }}/{{ loop.length }} {% endfor %}", "1/2 2/2 "},
		{"a loop knows its neighbours", "{% for x in l %}{{ loop.previtem | default('-') }}{{ x }}{{ loop.nextitem | default('-') }} {% endfor %}", "-ab ab- "},
		{"a loop cycles", "{% for x in [1, 2, 3] %}{{ loop.cycle('o', 'e') }}{% endfor %}", "oeo"},
		{"a loop says what changed", "{% for x in [1, 1, 2] %}{{ 'c' if loop.changed(x) else '-' }}{% endfor %}", "c-c"},
		{"a loop in a loop has a depth", "{% for x in l %}{% for y in l %}{{ loop.depth }}{{ loop.first }} {% endfor %}{% endfor %}", "2True 2False 2True 2False "},
		{"a loop over pairs in pairs", "{% for a, (b, c) in [[1, [2, 3]]] %}{{ a }}{{ b }}{{ c }}{% endfor %}", "123"},
		{"a loop over a tuple", "{% for x in 1, 2 %}{{ x }}{% endfor %}", "12"},
		{"names of a loop end with it", "{% set x = 1 %}{% for x in [2] %}{% set y = x %}{% endfor %}{{ x }}{{ y is defined }}", "1False"},
		{"set takes several names", "{% set a, b = 1, 2 %}{{ b }}{{ a }}", "21"},
		{"set takes a block", "{% set a %}x{{ n }}{% endset %}{{ a * 2 }}", "x3x3"},
		{"set sends a block through filters", "{% set a | upper | replace('X', 'y') %}x{{ s }}{% endset %}{{ a }}", "yABC"},
		{"with gives names", "{% with a = 1, b = n %}{{ a }}{{ b }}{% endwith %}{{ a is defined }}", "13False"},
		{"a block goes through a filter", "{% filter upper %}a{{ s }}{% endfilter %}", "AABC"},
		{"a short name for a part of a value", "{% set x = d.list[0] %}{{ x.k }}", "v1"},
		{"a namespace shows nothing of itself", "{% set ns = namespace() %}{% set ns.me = ns %}{{ ns }}", "a namespace"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, err := evalText(c.template, testScope())
			if err != nil || Text(got) != c.want {
				t.Errorf("got %q (%v), want %q", Text(got), err, c.want)
			}
		})
	}
}

func TestMistakesAreShownWhereTheyAre(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ template, want string }{
		{"{{ x", "character 1: the braces are not closed, }} is missing"},
		{"{{ a +  }}", "character 9: a value is missing"},
		{"a\nb {{ x y }}", "line 2, character 8: there is more between the braces"},
		{"{% if x %}\n{{ y }}", "{% endif %} is missing"},
		{"{% elif x %}", "there is no statement elif"},
		{"{% include 'x' %}", "there is no statement include"},
		{"{{ 'abc }}", "character 4: the text is not closed"},
		{"{{ [1, 2 }}", `"]" or a comma is missing`},
		{"{{ f(a=1, 2) }}", "follows one with a name"},
		{"{{ x | nope }}", "there is no filter nope"},
		{"{{ x is nope }}", "there is no test nope"},
		{"{{ x $ y }}", "'$' does not belong here"},
		{"{{ a[] }}", "an index is missing"},
		{"{{ a[1:2:3:4] }}", "a slice has three parts at most"},
		{"{{ a. }}", "a name is missing after the dot"},
		{"{{ }}", "a value is missing"},
		{"{# x", "the comment is not closed"},
		{"{% raw %}{{ x }}", "raw is not closed"},
		{"{% for in x %}{% endfor %}", "a name is missing"},
		{"{% for x of y %}{% endfor %}", "for needs the word in"},
		{"{% set true = 1 %}", "a name is missing"},
		{"{{ " + strings.Repeat("(", 200) + " }}", "nests deeper than 100"},
		{"{{ " + strings.Repeat("not ", 200) + "x }}", "nests deeper than 100"},
		{"{{ " + strings.Repeat("- ", 200) + "1 }}", "nests deeper than 100"},
		{strings.Repeat("{% if x %}", 200), "nests deeper than 100"},
	} {
		template := c.template
		if strings.HasPrefix(template, "{#") {
			template += "{{ x }}"
		}
		_, err := Compile(template)
		if !errors.Is(err, automation.ErrInvalid) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%.40s: got %v, want %s", template, err, c.want)
		}
	}
}

func TestWhatLivesOnlyInsideOfATemplateDoesNotLeaveIt(t *testing.T) {
	t.Parallel()
	for _, template := range []string{"{{ namespace(a=1) }}", "{{ [namespace()] }}", "{{ {'a': namespace()} }}", "{{ dict(a=namespace()) }}"} {
		compiled, err := Compile(template)
		if err != nil {
			t.Fatal(err)
		}
		if v, err := compiled.Eval(nil); err == nil {
			t.Errorf("%s gives %v", template, v)
		}
	}
}
