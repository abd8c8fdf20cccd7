package expr

import (
	"strings"
	"testing"
)

func TestMacrosThatGoWrongSaySo(t *testing.T) {
	t.Parallel()
	const m = "{% macro m(a, b=1) %}{{ a }}{% endmacro %}"
	for _, c := range []struct{ name, template, want string }{
		{"too many arguments", m + "{{ m(1, 2, 3) }}", "macro m takes 2 arguments, not 3"},
		{"an unknown argument", m + "{{ m(1, c=3) }}", "macro m can not take the argument c"},
		{"an argument given twice", m + "{{ m(1, a=3) }}", "macro m can not take the argument a"},
		{"a missing argument is used", m + "{{ m() }}", "macro m was not given a"},
		{"a call before the definition", "{{ m(1) }}" + m, "there is no function m"},
		{"a macro as a value", m + "{{ [m] }}", "a macro is no value"},
		{"a macro without an end to its calls", "{% macro f(x) %}{{ f(x) }}{% endmacro %}{{ f(1) }}", "more than 100 deep"},
		{"macros that double their work", doubling(30) + "{{ m30('x') }}", "more than 1000000 steps"},
		{"macros that double their text", doubling(18) + "{{ m18('xxxxxxxxxxxxxxxx') }}", "template"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			v, err := evalText(c.template, testScope())
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, %v, want the error %s", v, err, c.want)
			}
		})
	}
}

// doubling defines macros of which each calls the one before it twice.
func doubling(n int) string {
	var b strings.Builder
	b.WriteString("{% macro m0(x) %}{{ x }}{% endmacro %}")
	for i := 1; i <= n; i++ {
		name := func(i int) string { return "m" + Text(int64(i)) }
		b.WriteString("{% macro " + name(i) + "(x) %}{{ " + name(i-1) + "(x) }}{{ " + name(i-1) + "(x) }}{% endmacro %}")
	}
	return b.String()
}
