package expr

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestSeldomFiltersWorkAsInJinja: the expectations are what Jinja 3 documents.
func TestSeldomFiltersWorkAsInJinja(t *testing.T) {
	t.Parallel()
	people := []any{
		map[string]any{"n": "ann", "age": int64(30)}, map[string]any{"n": "bob", "age": int64(20)}, map[string]any{"n": "cid", "age": int64(30)},
	}
	scope := map[string]any{"people": people, "l": []any{int64(1), int64(2), int64(3), int64(4), int64(5)}, "m": map[string]any{"a": int64(1), "b": nil, "c": "<"}, "s": "text"}
	for template, want := range map[string]any{
		"{{ people | groupby('age') | map('first') | join(',') }}":                   "20,30",
		"{{ (people | groupby('age') | last)[1] | map(attribute='n') | join(',') }}": "ann,cid",
		"{{ l | slice(2) | list }}":                                                  []any{[]any{int64(1), int64(2), int64(3)}, []any{int64(4), int64(5)}},
		"{{ l | slice(2, 'x') | list }}":                                             []any{[]any{int64(1), int64(2), int64(3)}, []any{int64(4), int64(5), "x"}},
		"{{ 1 | filesizeformat }}":                                                   "1 Byte",
		"{{ 999 | filesizeformat }}":                                                 "999 Bytes",
		"{{ 1000000 | filesizeformat }}":                                             "1.0 MB",
		"{{ 1048576 | filesizeformat(true) }}":                                       "1.0 MiB",
		"{{ '<b>a</b>  <!-- x -->b &amp;' | striptags }}":                            "a b &",
		"{{ 'a bc def' | wordwrap(4) }}":                                             "a bc\ndef",
		"{{ 'abcdefg' | wordwrap(3) }}":                                              "abc\ndef\ng",
		"{{ m | xmlattr }}":                                                          ` a="1" c="&lt;"`,
		"{{ s | pprint }}":                                                           "'text'",
		"{{ s[-1] }}":                                                                "t",
		"{{ s[0] }}":                                                                 "t",
	} {
		tm, err := Compile(template)
		if err != nil {
			t.Errorf("%s: %v", template, err)
			continue
		}
		got, err := tm.Eval(scope)
		if err != nil || !cmp.Equal(got, want) {
			t.Errorf("%s gives %#v (%v), want %#v", template, got, err, want)
		}
	}
	for _, template := range []string{"{{ l | slice(0) }}", "{{ s | filesizeformat }}", "{{ s | wordwrap(0) }}", "{{ l | xmlattr }}", "{{ s[9] }}"} {
		tm, err := Compile(template)
		if err == nil {
			_, err = tm.Eval(scope)
		}
		if err == nil {
			t.Errorf("%s: no error", template)
		}
	}
}
