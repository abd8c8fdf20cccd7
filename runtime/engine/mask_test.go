package engine

import (
	"testing"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/parameter"
)

// Whoever runs an execution again gives back the stars that stand for its secrets.
func TestARerunKeepsTheSecretsThatAreHidden(t *testing.T) {
	t.Parallel()
	action := echoAction()
	action.Parameters = map[string]automation.Parameter{
		"who": {Type: "string", Schema: map[string]any{"type": "string"}}, "password": {Type: "string", Secret: true, Schema: map[string]any{"type": "string"}},
	}
	b := start(t, answer("1"), func(o *Options) {
		c := newCatalogue(t, action)
		o.Catalogue = func() Catalogue { return c }
	})
	old, err := b.Submit(t.Context(), automation.RunRequest{Action: action.Ref(), Parameters: map[string]any{"who": "ada", "password": "hunter2"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		given map[string]any
		want  string
	}{
		{map[string]any{"who": "eve", "password": parameter.Mask}, `{"password":"hunter2","who":"eve"}`},
		{map[string]any{"password": "another"}, `{"password":"another","who":"ada"}`},
		{map[string]any{"who": parameter.Mask}, `{"password":"hunter2","who":"********"}`},
	} {
		x, err := b.Rerun(t.Context(), automation.RunRequest{Parent: old.ID, Parameters: tt.given}, nil)
		if err != nil || string(x.Parameters) != tt.want {
			t.Errorf("%s, %v; want %s", x.Parameters, err, tt.want)
		}
	}
}
