package daemon

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/client"
)

// shippedTriggers is the pack core as far as its trigger types go.
func shippedTriggers(t *testing.T) map[string]string {
	t.Helper()
	files := map[string]string{"pack.yaml": "name: core\nversion: 1.0.0\ndescription: x\nauthor: x\n"}
	all, err := filepath.Glob("../../packs/std/core/triggers/*.yaml")
	if err != nil || len(all) == 0 {
		t.Fatalf("no trigger types: %v", err)
	}
	for _, file := range all {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		files["triggers/"+filepath.Base(file)] = string(data)
	}
	return files
}

// watcherPack has a rule on each of the triggers that matches nothing.
func watcherPack(triggers ...automation.Ref) map[string]string {
	files := map[string]string{"pack.yaml": "name: watch\nversion: 1.0.0\ndescription: x\nauthor: x\n"}
	for _, trigger := range triggers {
		name := strings.ReplaceAll(string(trigger), ".", "_")
		files["rules/"+name+".yaml"] = "name: " + name + "\nenabled: true\ntrigger: {type: " + string(trigger) + "}\n" +
			"criteria: {trigger.nothing: {type: equals, pattern: 1}}\naction: {ref: behave.silent}\n"
	}
	return files
}

func (h *harness) events(trigger automation.Ref) []automation.Event {
	h.t.Helper()
	list, err := h.Events(h.t.Context(), client.EventQuery{Trigger: string(trigger)})
	if err != nil {
		h.t.Fatal(err)
	}
	return list.Items
}

// What the server says of itself fits what the pack core declares, or it would be
// refused.
func TestTheServersOwnEventsFitTheirSchemas(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	wanted := append([]automation.Ref{automation.TriggerActionEnded, automation.TriggerExecutionFailed,
		automation.TriggerPackLoaded, automation.TriggerPackFailed}, automation.KeyTriggers()...)
	writePack(t, dir, "core", shippedTriggers(t))
	writePack(t, dir, "behave", behavePack(t))
	writePack(t, dir, "watch", watcherPack(wanted...))
	h := serve(t, dir, nil)
	for _, ref := range []automation.Ref{"behave.silent", "behave.fail", "behave.spin"} {
		h.run(ref)
	}
	for _, value := range []string{"red", "blue"} {
		if _, err := h.SetKey(t.Context(), automation.KVEntry{Scope: "system", Name: "colour", Value: value}, 0); err != nil {
			t.Fatal(err)
		}
	}
	if err := h.DeleteKey(t.Context(), "system", "colour"); err != nil {
		t.Fatal(err)
	}
	writePack(t, dir, "late", map[string]string{"pack.yaml": "name: late\nversion: 1.0.0\ndescription: x\nauthor: x\n"})
	eventually(t, "a new pack is an event", func() bool { return len(h.events(automation.TriggerPackLoaded)) > 0 })
	write(t, filepath.Join(dir, "packs", "late", "pack.yaml"), "nonsense: [")
	eventually(t, "a broken pack is an event", func() bool { return len(h.events(automation.TriggerPackFailed)) > 0 })

	for _, trigger := range wanted {
		if len(h.events(trigger)) == 0 {
			t.Errorf("no event of %s", trigger)
		}
	}
	if n := len(h.events(automation.TriggerExecutionFailed)); n != 2 {
		t.Errorf("%d failures, want two", n)
	}
	if metrics := h.metrics(); strings.Contains(metrics, "squall_payload_misfits_total{") {
		t.Errorf("a payload of the server's own does not fit:\n%s", metrics)
	}
	h.everyExampleIsTaken(wanted)
}

// everyExampleIsTaken sends the examples of the shipped trigger types.
func (h *harness) everyExampleIsTaken(wanted []automation.Ref) {
	h.t.Helper()
	for _, ref := range wanted {
		trigger, err := h.Trigger(h.t.Context(), ref)
		if err != nil {
			h.t.Fatal(err)
		}
		if len(trigger.Rules) != 1 || trigger.LastEvent == nil {
			h.t.Errorf("trigger = %+v", trigger)
		}
		payload, err := json.Marshal(trigger.Example)
		if err != nil {
			h.t.Fatal(err)
		}
		if _, err := h.Send(h.t.Context(), client.NewEvent{Trigger: ref, Payload: payload}); err != nil {
			h.t.Errorf("the example of %s: %v", ref, err)
		}
		if _, err := h.Send(h.t.Context(), client.NewEvent{Trigger: ref, Payload: json.RawMessage(`[]`)}); automation.KindOf(err) != "invalid" {
			h.t.Errorf("a list as payload of %s: %v", ref, err)
		}
	}
}
