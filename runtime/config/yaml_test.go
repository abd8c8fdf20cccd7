package config

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/squall-dev/squall/runtime/automation"
)

func TestYAMLHasTheNamesAndOrderOfJSON(t *testing.T) {
	t.Parallel()
	v := struct {
		Zulu  string          `json:"z"`
		Alpha json.RawMessage `json:"a"`
		Log   string          `json:"log"`
		None  []int           `json:"none"`
		Empty map[string]int  `json:"empty"`
		Left  string          `json:"left,omitempty"`
	}{"yes", json.RawMessage(`{"n":9007199254740993,"f":1.50,"b":true,"d":"2026-11-22","i":"12","l":[1,[2]]}`), "a\nb\n", nil, map[string]int{}, ""}
	want := `z: "yes"
a:
  "n": 9007199254740993
  f: 1.50
  b: true
  d: "2026-11-22"
  i: "12"
  l:
    - 1
    - - 2
log: |
  a
  b
none: null
empty: {}
`
	got, err := MarshalYAML(v)
	if diff := cmp.Diff(want, string(got)); diff != "" || err != nil {
		t.Error(err, diff)
	}
}

func TestYAMLReadsAsJSONWould(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		text string
		want string // as JSON
	}{
		"nothing":             {"", "null"},
		"JSON itself":         {`{"a": [1, "two", null, true, 1.5]}`, `{"a":[1,"two",null,true,1.5]}`},
		"dates stay text":     {"when: 2026-11-22\nat: 2026-11-22T10:00:00Z", `{"at":"2026-11-22T10:00:00Z","when":"2026-11-22"}`},
		"keys become text":    {"1: a\ntrue: b", `{"1":"a","true":"b"}`},
		"deep keys too":       {"l: [{1: {2: x}}]", `{"l":[{"1":{"2":"x"}}]}`},
		"large numbers":       {"n: 18446744073709551615", `{"n":18446744073709551615}`},
		"anchors and merging": {"a: &a {x: 1}\nb: {<<: *a, y: 2}", `{"a":{"x":1},"b":{"x":1,"y":2}}`},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v, err := UnmarshalYAML([]byte(tc.text))
			if err != nil {
				t.Fatal(err)
			}
			got, err := json.Marshal(v)
			if diff := cmp.Diff(tc.want, string(got)); diff != "" || err != nil {
				t.Error(err, diff)
			}
		})
	}
}

func TestYAMLThatIsRefused(t *testing.T) {
	t.Parallel()
	bomb := "a: &a [x,x,x,x,x,x,x,x,x,x]\n"
	for _, c := range "bcdefghij" {
		before := string(c - 1)
		bomb += string(c) + ": &" + string(c) + " [" + strings.Repeat("*"+before+",", 9) + "*" + before + "]\n"
	}
	cases := map[string]string{
		"unclosed":              "a: [1",
		"two documents":         "a: 1\n---\nb: 2",
		"one key as two types":  "1: a\n\"1\": b",
		"an anchor in itself":   "a: &a [*a]",
		"a bomb of many copies": bomb,
	}
	for name, text := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if v, err := UnmarshalYAML([]byte(text)); !errors.Is(err, automation.ErrInvalid) {
				t.Errorf("got %v, %v", v, err)
			}
		})
	}
}

func FuzzYAML(f *testing.F) {
	f.Add("turned \u202e around\nand on")
	f.Add("a: &a {x: 1}\nb: {<<: *a}\n? [1]\n: 2026-11-22")
	f.Add(`{"a": [1.5, "x\ty", null]}`)
	f.Fuzz(func(t *testing.T, text string) {
		v, err := UnmarshalYAML([]byte(text))
		if err != nil {
			return
		}
		first, err := json.Marshal(v)
		if err != nil {
			return // not-a-number and infinity, which JSON does not have
		}
		written, err := MarshalYAML(v)
		if err != nil {
			t.Fatal(err)
		}
		again, err := UnmarshalYAML(written)
		if err != nil {
			t.Fatalf("%v in what was written: %q", err, written)
		}
		if second, _ := json.Marshal(again); string(first) != string(second) {
			t.Fatalf("%s became %s by way of %q", first, second, written)
		}
	})
}
