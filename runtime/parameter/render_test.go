package parameter

import (
	"encoding/json"
	"maps"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/expr"
)

type renderCase struct {
	Name         string                     `json:"name"`
	Parameters   map[string]json.RawMessage `json:"parameters"`
	Given        json.RawMessage            `json:"given"`
	System, User map[string]string
	Want         json.RawMessage `json:"want"`
	Error        string          `json:"error"`
}

func decode(t *testing.T, data []byte) map[string]any {
	t.Helper()
	v, err := expr.Decode(data)
	if err != nil {
		t.Fatal(err)
	}
	return v.(map[string]any)
}

func (c *renderCase) schema(t *testing.T) schema {
	s := schema{}
	for name, raw := range c.Parameters {
		m := decode(t, raw)
		p := automation.Parameter{Schema: m}
		p.Type, _ = m["type"].(string)
		p.Default, p.HasDefault = m["default"]
		p.Immutable, _ = m["immutable"].(bool)
		s[name] = p
	}
	return s
}

func (c *renderCase) names() map[string]any {
	names := expr.KV(func(scope, name string) (string, bool, error) {
		stored := map[string]map[string]string{"system": c.System, "user": c.User}
		v, ok := stored[scope][name]
		return v, ok, nil
	}).Names()
	names["action_context"] = map[string]any{"user": "joe"}
	return names
}

// TestCompleteRendersWhatIsGiven: the file tells where StackStorm does otherwise.
func TestCompleteRendersWhatIsGiven(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("testdata/render.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []renderCase
	if err := json.Unmarshal(data, &cases); err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			got, err := Complete(c.schema(t), decode(t, c.Given), Rendering{Names: c.names(), Given: true})
			if c.Error != "" {
				if err == nil || !strings.Contains(err.Error(), c.Error) {
					t.Errorf("got %v, error %v, want the error %s", got, err, c.Error)
				}
				return
			}
			if diff := cmp.Diff(decode(t, c.Want), got); err != nil || diff != "" {
				t.Errorf("error %v (-want +got):\n%s", err, diff)
			}
		})
	}
}

func TestCompleteRendersOnlyDefaultsUnlessAsked(t *testing.T) {
	t.Parallel()
	s := schema{
		"a": {Type: "string"}, "o": {Type: "object"},
		"d": {Type: "string", HasDefault: true, Default: "<{{ a }}>"},
		"s": {Type: "string", Secret: true},
	}
	given := map[string]any{"a": "{{ 1 }}", "o": map[string]any{"k": "{% x"}}
	before := maps.Clone(given)
	got, err := Complete(s, given, Rendering{})
	want := map[string]any{"a": "{{ 1 }}", "o": map[string]any{"k": "{% x"}, "d": "<{{ 1 }}>"}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("error %v (-want +got):\n%s", err, diff)
	}
	if s["d"].Default != "<{{ a }}>" || !cmp.Equal(before, given) {
		t.Errorf("the schema or what was given changed: %v, %v", s["d"], given)
	}
	given["s"] = "{{ 'hunter2' | version_compare('1.0.0') }}"
	delete(given, "o")
	if _, err := Complete(s, given, Rendering{Given: true}); err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("the message tells the secret: %v", err)
	}
}
