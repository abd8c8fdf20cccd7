package emit_test

import (
	"context"
	"strings"
	"testing"

	"github.com/squall-dev/squall/hostfuncs"
	"github.com/squall-dev/squall/hostfuncs/emit"
	"github.com/squall-dev/squall/runtime/automation"
)

func TestEmit(t *testing.T) {
	t.Parallel()
	var raised []automation.Event
	set, err := hostfuncs.NewSet(emit.New(func(_ context.Context, ev automation.Event) (automation.Accepted, error) {
		if ev.Trigger == "demo.broken" {
			return automation.Accepted{}, automation.Invalid("the payload does not fit")
		}
		raised = append(raised, ev)
		return automation.Accepted{Event: "e1", Matched: 1, Executions: []string{"x1"}}, nil
	}).Funcs())
	if err != nil {
		t.Fatal(err)
	}
	who := hostfuncs.Caller{Pack: "demo", Action: "demo.look", Execution: "x0", Grants: automation.Capabilities{Triggers: []string{"demo.*"}}}
	dry := who
	dry.DryRun = true
	for _, tt := range []struct {
		name, request string
		who           hostfuncs.Caller
		want          string
	}{
		{"an event", `{"trigger":"demo.found","payload":{"n":1}}`, who, `{"ok":{"event":"e1","matched":1,"executions":["x1"]}}`},
		{"one without a payload", `{"trigger":"demo.found"}`, who, `"event":"e1"`},
		{"one of another pack", `{"trigger":"core.st2.webhook"}`, who, `"kind":"denied"`},
		{"no trigger", `{}`, who, `trigger is missing`},
		{"a payload that does not fit", `{"trigger":"demo.broken"}`, who, `does not fit`},
		{"a dry run", `{"trigger":"demo.found"}`, dry, `{"ok":{"event":"","matched":0,"executions":[]}}`},
		{"without the right", `{"trigger":"demo.found"}`, hostfuncs.Caller{}, `capabilities: {triggers:`},
	} {
		envelope, _ := set["emit"].Call(t.Context(), tt.who, []byte(tt.request))
		if !strings.Contains(string(envelope), tt.want) {
			t.Errorf("%s: %s, want %s", tt.name, envelope, tt.want)
		}
	}
	if len(raised) != 2 || raised[0].Cause != "x0" || string(raised[0].Payload) != `{"n":1}` || string(raised[1].Payload) != "null" {
		t.Errorf("raised %+v", raised)
	}
}
