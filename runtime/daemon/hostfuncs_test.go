package daemon

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/client"
)

// askPack has an action for each of some host functions, which passes its parameters on
// and answers with the envelope.
func askPack(t testing.TB) map[string]string {
	t.Helper()
	module, err := os.ReadFile("testdata/ask.wasm")
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{
		"pack.wasm": string(module),
		"pack.yaml": "name: ask\nversion: 1.0.0\ndescription: Asks.\nauthor: test\n" +
			"capabilities: {kv: [{scope: pack}], triggers: [\"ask.*\"]}\nlimits: {timeout: 5s}\n",
		"triggers/found.yaml": "name: found\npayload_schema: {type: object, properties: {n: {type: integer, required: true}}}\n",
		"rules/again.yaml": "name: again\nenabled: true\ntrigger: {type: ask.found}\n" +
			"action: {ref: ask.emit, parameters: {trigger: ask.found, payload: {n: 2}}}\n",
	}
	for action, parameters := range map[string]string{
		"kv_set": "{name: {type: string}, value: {type: string}, if_absent: {type: boolean}}", "kv_get": "{name: {type: string}}",
		"emit": "{trigger: {type: string}, payload: {type: object}}", "sleep": "{seconds: {type: number}}",
	} {
		files["actions/"+action+".yaml"] = "name: " + action + "\nrunner_type: wasm\nparameters: " + parameters + "\n"
	}
	return files
}

func (h *harness) ask(action string, parameters map[string]any) automation.Execution {
	h.t.Helper()
	x, err := h.Run(h.t.Context(), automation.Ref("ask."+action), parameters)
	if err != nil {
		h.t.Fatal(err)
	}
	return h.final(x.ID)
}

func TestGuestsKeepValuesOfTheirPack(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	writePack(t, dir, "ask", askPack(t))
	h := serve(t, dir, nil)
	for _, tt := range []struct {
		action     string
		parameters map[string]any
		want       string
	}{
		{"kv_set", map[string]any{"name": "lock", "value": "mine", "if_absent": true}, `"value":"mine"`},
		{"kv_set", map[string]any{"name": "lock", "value": "yours", "if_absent": true}, `"kind":"conflict"`},
		{"kv_get", map[string]any{"name": "lock"}, `"value":"mine"`},
		{"kv_get", map[string]any{"name": "other"}, `"kind":"not_found"`},
	} {
		if x := h.ask(tt.action, tt.parameters); !strings.Contains(string(x.Output), tt.want) {
			t.Errorf("%s %v: %s %s, want %s", tt.action, tt.parameters, x.Output, x.Message, tt.want)
		}
	}
	if e, err := h.Key(t.Context(), "pack:ask", "lock", false); err != nil || e.Value != "mine" {
		t.Errorf("people see %+v, %v", e, err)
	}
}

// A rule that starts an action which raises the event that the rule looks at.
func TestEventsThatRaiseThemselvesAreCut(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	writePack(t, dir, "ask", askPack(t))
	h := serve(t, dir, nil)
	if x := h.ask("emit", map[string]any{"trigger": "ask.found", "payload": map[string]any{"n": "one"}}); !strings.Contains(string(x.Output), `"kind":"invalid"`) {
		t.Errorf("a payload that does not fit: %s", x.Output)
	}
	first := h.ask("emit", map[string]any{"trigger": "ask.found", "payload": map[string]any{"n": 1}})
	if !strings.Contains(string(first.Output), `"matched":1`) {
		t.Fatalf("%s %s", first.Output, first.Message)
	}
	var events []automation.Event
	eventually(t, "the chain is cut", func() bool {
		list, err := h.Executions(t.Context(), client.ExecutionQuery{Action: "ask.emit", Statuses: []automation.Status{automation.Succeeded}})
		if err != nil {
			t.Fatal(err)
		}
		page, err := h.Events(t.Context(), client.EventQuery{Trigger: "ask.found"})
		if err != nil {
			t.Fatal(err)
		}
		events = page.Items
		return len(list.Items) == len(events)+2 // one was refused at the beginning, one at the end
	})
	if len(events) != 10 || events[0].Depth != 10 || events[9].Depth != 1 || events[9].Cause != first.ID {
		t.Errorf("%d events, the last %+v, the first %+v", len(events), events[0], events[9])
	}
}

// Waiting is no computing, and a person ends it at once.
func TestASleepingGuestIsCanceledAtOnce(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	writePack(t, dir, "ask", askPack(t))
	h := serve(t, dir, nil)
	if x := h.ask("sleep", map[string]any{"seconds": 0.2}); x.Status != automation.Succeeded || x.AttemptList[0].Usage.HostTime < 200*time.Millisecond {
		t.Errorf("%s, %s in the host", x.Status, x.AttemptList[0].Usage.HostTime)
	}
	x, err := h.Run(t.Context(), "ask.sleep", map[string]any{"seconds": 4})
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "it runs", func() bool {
		now, err := h.Execution(t.Context(), x.ID)
		return err == nil && now.Status == automation.Running
	})
	began := time.Now()
	if _, err := h.Cancel(t.Context(), x.ID); err != nil {
		t.Fatal(err)
	}
	if x := h.final(x.ID); x.Status != automation.Canceled || time.Since(began) > 3*time.Second {
		t.Errorf("%s after %s", x.Status, time.Since(began))
	}
}
