package expr

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestPathsLeadToTheFirstMatch(t *testing.T) {
	t.Parallel()
	root := mustDecode(t, `{"trigger": {
		"body": {"alerts": [{"labels": {"name": "first"}}, {"labels": {"name": "second"}}]},
		"headers": {"X-Event": "push"}, "d": {"a.b": "dot", "a b": "blank", "0n": "digit", "@t": "at", "it's": "quote"},
		"n": 1, "z": null, "e": []
	}}`)
	for _, c := range []struct {
		path  string
		want  any
		found bool
	}{
		{"trigger.body.alerts[0].labels.name", "first", true},
		{"$.trigger.n", int64(1), true},
		{"trigger['n']", int64(1), true},
		{"trigger.body.alerts[-1].labels.name", "second", true},
		{"trigger.body.alerts[1:].labels.name", "second", true},
		{"trigger.body.alerts[::-1].labels.name", "second", true},
		{"trigger.body.alerts[*].labels.name", "first", true},
		{"trigger..name", "first", true},
		{"trigger..labels..name", "first", true},
		{"trigger.body.alerts[ 0 ].labels", map[string]any{"name": "first"}, true},
		{"trigger.headers.X-Event", "push", true},
		{"trigger.headers['X-Event']", "push", true},
		{`trigger.headers."X-Event"`, "push", true},
		{"trigger.d.'a.b'", "dot", true},
		{"trigger.d['a b']", "blank", true},
		{"trigger.d.'0n'", "digit", true},
		{"trigger.d.@t", "at", true},
		{`trigger.d['it\'s']`, "quote", true},
		{"trigger.n[*]", int64(1), true},
		{"trigger.z", nil, true},
		{"trigger.body.alerts[2]", nil, false},
		{"trigger.body.alerts[-3]", nil, false},
		{"trigger.e[0]", nil, false},
		{"trigger.n.deeper", nil, false},
		{"trigger.n[0]", nil, false},
		{"trigger.body.alerts.labels", nil, false},
		{"trigger..nope", nil, false},
		{"other", nil, false},
	} {
		t.Run(c.path, func(t *testing.T) {
			t.Parallel()
			p, err := ParsePath(c.path)
			if err != nil {
				t.Fatal(err)
			}
			got, found := p.Lookup(root)
			if diff := cmp.Diff(c.want, got); diff != "" || found != c.found {
				t.Errorf("found %v (-want +got):\n%s", found, diff)
			}
		})
	}
}

func TestWrongPathsAreRefused(t *testing.T) {
	t.Parallel()
	for _, path := range []string{
		"", ".", "$", "a.", "a..", "a b", "a.0n", "a[", "a[]", "a[1", "a[x", "a['x]", "a[?(@.x)]", "a[1:2:0]", "a[1:2:3:4]",
		"a..b..c..d", "a[99999999999]", "a.b]", "a,b", ".a",
	} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			if p, err := ParsePath(path); err == nil {
				t.Errorf("parsed as %+v", p)
			}
		})
	}
}

func TestDecodeKeepsNumbers(t *testing.T) {
	t.Parallel()
	got := mustDecode(t, `[1, -9007199254740993, 12345678901234567890, 1.5, 1e400, 1.0]`)
	want := []any{int64(1), int64(-9007199254740993), json.Number("12345678901234567890"), 1.5, json.Number("1e400"), 1.0}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, wrong := range []string{"", "{", "1 2", "{} x"} {
		if _, err := Decode([]byte(wrong)); err == nil {
			t.Errorf("%q was decoded", wrong)
		}
	}
}

func TestNumbersOfAllKindsCompare(t *testing.T) {
	t.Parallel()
	big, bigger := json.Number("12345678901234567890"), json.Number("12345678901234567891")
	for _, c := range []struct {
		a, b any
		want int
	}{
		{int64(1), 1.0, 0},
		{true, int64(1), 0},
		{int64(9007199254740993), 9007199254740992.0, 1},
		{big, bigger, -1},
		{big, 1e30, -1},
		{json.Number("1e400"), big, 1},
	} {
		if got, err := Compare(c.a, c.b); err != nil || got != c.want {
			t.Errorf("Compare(%v, %v) = %d, %v, want %d", c.a, c.b, got, err, c.want)
		}
		if Equal(c.a, c.b) != (c.want == 0) {
			t.Errorf("Equal(%v, %v) = %v", c.a, c.b, c.want != 0)
		}
	}
}

func mustDecode(t *testing.T, s string) any {
	t.Helper()
	v, err := Decode([]byte(s))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func FuzzPath(f *testing.F) {
	for _, s := range []string{"trigger.a[0]['b']..c[*]", "a[1:-2:3]", "$.x", "a.'b\\'c'", "a..*", "é.ü"} {
		f.Add(s, `{"trigger": {"a": [{"b": {"c": [1]}}]}}`)
	}
	f.Fuzz(func(t *testing.T, path, document string) {
		p, err := ParsePath(path)
		if err != nil {
			return
		}
		root, err := Decode([]byte(document))
		if err != nil {
			return
		}
		value, found := p.Lookup(root)
		if all := p.All(root, 1); found != (len(all) == 1) || found && !cmp.Equal(value, all[0]) {
			t.Errorf("Lookup %v and All %v differ", value, all)
		}
	})
}
