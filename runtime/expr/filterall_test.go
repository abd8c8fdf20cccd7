package expr

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestEveryFilterOfJinjaIsThere lists the filters of Jinja 3.1 and StackStorm.
func TestEveryFilterOfJinjaIsThere(t *testing.T) {
	t.Parallel()
	names := `abs attr batch capitalize center count d default dictsort e escape filesizeformat first float forceescape
		format groupby indent int items join last length list lower map max min pprint random reject rejectattr replace
		reverse round safe select selectattr slice sort string striptags sum title tojson trim truncate unique upper
		urlencode urlize wordcount wordwrap xmlattr
		decrypt_kv from_json_string from_yaml_string to_json_string to_yaml_string json_escape jsonpath_query to_complex
		regex_match regex_replace regex_search regex_substring to_human_time_from_seconds version_compare
		version_more_than version_less_than version_equal version_match version_bump_major version_bump_minor
		version_bump_patch version_strip_patch use_none basename dirname`
	for name := range strings.FieldsSeq(names) {
		if !isFilter(name) {
			t.Errorf("there is no filter %s", name)
		}
	}
	known := tests()
	names = `boolean callable defined divisibleby eq equalto escaped even false filter float ge greaterthan gt in integer
		iterable le lessthan lower lt mapping ne none number odd sameas sequence string test true undefined upper`
	for name := range strings.FieldsSeq(names) {
		if _, ok := known[name]; !ok {
			t.Errorf("there is no test %s", name)
		}
	}
}

func TestFiltersAndTestsOneByOne(t *testing.T) {
	t.Parallel()
	scope := testScope()
	scope["people"] = []any{
		map[string]any{"n": "bob", "age": int64(20)}, map[string]any{"n": "Ann", "age": int64(30)},
		map[string]any{"n": "cid", "age": int64(20)}, map[string]any{"n": "ann"},
	}
	scope["old"] = scope["people"].([]any)[:3]
	for expression, want := range map[string]any{
		"{'a': 1} | attr('a')":                                                  int64(1),
		"{'a': 1} | attr('b') | default('d')":                                   "d",
		"[1, 2, 3] | batch(2, 0)":                                               []any{[]any{int64(1), int64(2)}, []any{int64(3), int64(0)}},
		"{'b': 1, 'A': 2} | dictsort":                                           []any{[]any{"A", int64(2)}, []any{"b", int64(1)}},
		"{'b': 1, 'A': 2} | dictsort(true)":                                     []any{[]any{"A", int64(2)}, []any{"b", int64(1)}},
		"{'a': 2, 'b': 1} | dictsort(by='value')":                               []any{[]any{"b", int64(1)}, []any{"a", int64(2)}},
		"{'a': 2, 'b': 1} | dictsort(reverse=true)":                             []any{[]any{"b", int64(1)}, []any{"a", int64(2)}},
		"['only'] | random":                                                     "only",
		"{'a': \"<'&\", 'b': 1} | tojson":                                       `{"a": "\u003c\u0027\u0026", "b": 1}`,
		"[1] | tojson(indent=1)":                                                "[\n 1\n]",
		"{'a b': 'c&d', 'e': 1} | urlencode":                                    "a+b=c%26d&e=1",
		"[['a', 1]] | urlencode":                                                "a=1",
		"'a/b c' | urlencode":                                                   "a/b%20c",
		"'see https://x.y/z.' | urlize":                                         `see <a href="https://x.y/z" rel="noopener">https://x.y/z</a>.`,
		"'https://x.y/z <' | urlize(9, true, '_b')":                             `<a href="https://x.y/z" rel="nofollow noopener" target="_b">https://x...</a> &lt;`,
		"'one two-three' | wordcount":                                           int64(3),
		"old | sort(attribute='age,n') | map(attribute='n') | join(',')":        "bob,cid,Ann",
		"(old | min(attribute='age')).n":                                        "bob",
		"(old | max(attribute='age')).n":                                        "Ann",
		"people | groupby('age', default=0) | map('first') | join(',')":         "0,20,30",
		"people | groupby('n') | map('last') | map('length') | join(',')":       "2,1,1",
		"people | groupby('n', case_sensitive=true) | map('first') | join(',')": "Ann,ann,bob,cid",
		"old | selectattr('age', 'gt', 20) | map(attribute='n') | list":         []any{"Ann"},
		"old | rejectattr('age', 'gt', 20) | map(attribute='n') | list":         []any{"bob", "cid"},
		"people | map(attribute='age', default='?') | join(',')":                "20,30,20,?",
		"[0, 1, none, 2] | select | list":                                       []any{int64(1), int64(2)},
		"[1, 2, 3] | reject('odd') | list":                                      []any{int64(2)},
		"[1, 2] | sum(start=10)":                                                int64(13),
		"old | sum(attribute='age')":                                            int64(70),
		"['b', 'B', 'a'] | unique | list":                                       []any{"b", "a"},
		"'0x1F' | int(base=16)":                                                 int64(31),
		"'x' | int(7)":                                                          int64(7),
		"2.5 | round":                                                           2.0,
		"42.55 | round(1, 'floor')":                                             42.5,
		"'a: 1\\nb: [x, 2.5, null]' | from_yaml_string":                         map[string]any{"a": int64(1), "b": []any{"x", 2.5, nil}},
		"'12345678901234567890' | from_yaml_string | to_yaml_string":            "12345678901234567890\n",
		"{'b': [1, 3.0, none], 'a': 'yes', 'c': 'x: y'} | to_yaml_string":       "a: \"yes\"\nb:\n  - 1\n  - 3.0\n  - null\nc: 'x: y'\n",
		"'a1b22' | regex_replace('([a-z])([0-9]+)', '\\\\2\\\\1')":              "1a22b",
		"'a1' | regex_replace('(?P<l>[a-z])', '<\\\\g<l>>$')":                   "<a>$1",
		"'a1' | regex_replace('([a-z])', '\\1\\1')":                             "aa1",
		"'foobar' | regex_replace('foo(?=bar)', 'x')":                           "xbar",
		"'žžab' | regex_replace('(?<=ž)a', 'x')":                                "žžxb",
		"'abab' | regex_match('(?P<x>ab)(?P=x)')":                               true,
		"'xfoo' | regex_match('foo')":                                           false,
		"12 | regex_search('2')":                                                true,
		"'a=1 b=2' | regex_substring('([a-z])=([0-9])', 1)":                     []any{"b", "2"},
		"'a=1 b=2' | regex_substring('([a-z])=[0-9]', result_index=-1)":         "b",
		"{'a': [{'b': 1}, {'b': 2}]} | jsonpath_query('a[*].b')":                []any{int64(1), int64(2)},
		"{'a': 1} | jsonpath_query('x')":                                        nil,
		"'secret' | decrypt_kv":                                                 "secret",
		"none | use_none":                                                       noneMarker,
		"'1.2.3-rc.1' | version_compare('1.2.3')":                               int64(-1),
		"'1.2.3' | version_match('>=1.2.0')":                                    true,
		"'1.2.3' | version_strip_patch":                                         "1.2",
		"90061 | to_human_time_from_seconds":                                    "1d1h1m1s",
		"'/a/b/c.txt' | dirname":                                                "/a/b",
		"(true is integer)":                                                     false,
		"(true is number)":                                                      true,
		"(1 is sameas true)":                                                    false,
		"(1 is sameas 1)":                                                       true,
		"('AB1' is upper)":                                                      true,
		"('123' is upper)":                                                      false,
		"('upper' is filter)":                                                   true,
		"('nope' is filter)":                                                    false,
		"('even' is test)":                                                      true,
		"(s is callable)":                                                       false,
		"(4 is even)":                                                           true,
		"(9 is divisibleby(3))":                                                 true,
		"({} is mapping)":                                                       true,
		"'-7'.zfill(4)":                                                         "-007",
		"'ab'.rjust(4, '.')":                                                    "..ab",
		"'ab'.ljust(3) ~ '|'":                                                   "ab |",
		"'a.b.c'.rsplit('.', 1)":                                                []any{"a.b", "c"},
		"'a.b.c'.partition('.')":                                                []any{"a", ".", "b.c"},
		"'a.b.c'.rpartition('.')":                                               []any{"a.b", ".", "c"},
		"'v1.2'.removeprefix('v')":                                              "1.2",
		"'aB'.swapcase()":                                                       "Ab",
		"'ab'.isalpha()":                                                        true,
		"'abcab'.rfind('ab')":                                                   int64(3),
	} {
		t.Run(expression, func(t *testing.T) {
			t.Parallel()
			compiled, err := Compile("{{ (" + expression + ") }}")
			if err != nil {
				t.Fatal(err)
			}
			got, err := compiled.Eval(scope)
			if diff := cmp.Diff(want, got); err != nil || diff != "" {
				t.Errorf("(-want +got, error %v):\n%s", err, diff)
			}
		})
	}
}

func TestFiltersRefuseWhatTheyCanNotDo(t *testing.T) {
	t.Parallel()
	for _, expression := range []string{
		"1 | dictsort", "{} | dictsort(by='x')", "[] | random | upper", "[1] | urlencode", "'x' | int(base=99)",
		"'a: [' | from_yaml_string", "'.inf' | from_yaml_string", "1 | from_yaml_string",
		"'x' | regex_match('(')", "'x' | regex_replace('x', '\\\\7')", "'x' | regex_substring('y')",
		"[1] | groupby", "[{}] | groupby('a')", "'1.2' | version_compare('1.2.3')", "1 is divisibleby", "1 is none(2)",
		"'a'.partition('')", "'a'.rjust(4, 'xx')", "'a'.nope()", "'x' | to_human_time_from_seconds", "'x' | from_json_string",
	} {
		t.Run(expression, func(t *testing.T) {
			t.Parallel()
			if v, err := evalText("{{ ("+expression+") }}", testScope()); err == nil {
				t.Errorf("gives %v", v)
			}
		})
	}
}

// TestExpressionsThatBacktrackAreStopped: the first one is exponential there.
func TestExpressionsThatBacktrackAreStopped(t *testing.T) {
	t.Parallel()
	scope := map[string]any{"long": strings.Repeat("a", 50) + "b", "bomb": yamlBomb()}
	for _, expression := range []string{
		`long | regex_match('(?=(a+)+$)')`, `long | regex_replace('(a+)+(?!.)x', '')`, "bomb | from_yaml_string",
		"range(9999) | map('regex_match', '(?=9)') | list", "'[' * 100000 | from_yaml_string", "'{a: ' * 50000 | from_yaml_string",
	} {
		t.Run(expression, func(t *testing.T) {
			t.Parallel()
			began := time.Now()
			if v, err := evalText("{{ "+expression+" }}", scope); err == nil {
				t.Errorf("gives %.40v", v)
			}
			if took := time.Since(began); took > 20*time.Second {
				t.Errorf("took %s", took)
			}
		})
	}
}

func yamlBomb() string {
	var b strings.Builder
	b.WriteString("a: &a [x, x, x, x, x, x, x, x, x]\n")
	for c := 'b'; c <= 'j'; c++ {
		before := "*" + string(c-1)
		b.WriteString(string(c) + ": &" + string(c) + " [" + strings.Repeat(before+", ", 8) + before + "]\n")
	}
	return b.String()
}
