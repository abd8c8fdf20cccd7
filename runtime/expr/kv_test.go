package expr

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

func TestKeysAreLookedUpWhenATemplateUsesThem(t *testing.T) {
	t.Parallel()
	stored := map[string]string{"system/key": "v", "system/a.b": "dotted", "system/my-key": "dash", "system/n": "12", "user/u": "mine"}
	var asked []string
	scope := KV(func(scope, name string) (string, bool, error) {
		asked = append(asked, scope+"/"+name)
		v, ok := stored[scope+"/"+name]
		return v, ok, nil
	}).Names()
	for _, c := range []struct{ name, template, want, asked string }{
		{"a bare key works", "{{ st2kv.system.key }}", "v", "[system/key]"},
		{"a key inside a text", "<{{ st2kv.system.key }}>", "<v>", "[system/key]"},
		{"the name goes on after a dot", "{{ st2kv.system.a.b }}", "dotted", "[system/a.b]"},
		{"a quoted name", "{{ st2kv.system['my-key'] }}", "dash", "[system/my-key]"},
		{"a name from an expression", "{{ st2kv.system['my' ~ '-key'] }}", "dash", "[system/my-key]"},
		{"the older name", "{{ system.key }}", "v", "[system/key]"},
		{"keys of the user", "{{ st2kv.user.u }}", "mine", "[user/u]"},
		{"a missing key is the empty text", "<{{ st2kv.system.nope }}>", "<>", "[system/nope]"},
		{"a bare missing key is the empty text", "{{ st2kv.system.nope }}", "", "[system/nope]"},
		{"a missing key goes through a filter as the empty text", "{{ st2kv.system.nope | upper ~ 'x' }}", "x", "[system/nope]"},
		{"a missing key has a default", "{{ st2kv.system.nope | default('d') }}", "d", "[system/nope]"},
		{"tests tell whether a key is there", "{{ st2kv.system.nope is defined }} {{ system.key is defined }}", "False True", "[system/nope system/key]"},
		{"a value becomes a number", "{{ st2kv.system.n | int + 1 }}", "13", "[system/n]"},
		{"a method belongs to the value", "{{ st2kv.system.key.upper() }}", "V", "[system/key]"},
		{"only the chosen key is asked for", "{{ system.key if true else system.n }}", "v", "[system/key]"},
		{"keys stand in lists", "{{ [system.key, system.n] | join('-') }}", "v-12", "[system/key system/n]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			asked = nil
			got, err := evalText(c.template, scope)
			if err != nil || Text(got) != c.want || fmt.Sprint(asked) != c.asked {
				t.Errorf("got %q (%v) asking %v, want %q asking %s", Text(got), err, asked, c.want, c.asked)
			}
		})
	}
}

func TestKeysThatCanNotBeReadAreErrors(t *testing.T) {
	t.Parallel()
	broken := errors.New("the store is away")
	scope := KV(func(_, name string) (string, bool, error) { return "", false, broken }).Names()
	for _, template := range []string{"{{ st2kv.system.a }}", "{{ system.a | default('x') }}", "{{ system.a is defined }}"} {
		if _, err := evalText(template, scope); !errors.Is(err, broken) {
			t.Errorf("%s: got %v, want the store's error", template, err)
		}
	}
	for _, template := range []string{"{{ st2kv }}", "{{ st2kv.system }}", "{{ system | upper }}"} {
		if v, err := evalText(template, scope); err == nil || !strings.Contains(err.Error(), "name of a key is missing") {
			t.Errorf("%s: got %v, %v", template, v, err)
		}
	}
}

func TestLookupsAreBounded(t *testing.T) {
	t.Parallel()
	asked := 0
	scope := KV(func(_, _ string) (string, bool, error) { asked++; return "v", true, nil }).Names()
	_, err := evalText("{% for i in range(5000) %}{{ system['k' ~ i] }}{% endfor %}", scope)
	if err == nil || asked > 1000 {
		t.Errorf("asked %d times, error %v", asked, err)
	}
}
