package daemon

import (
	"os"
	"strings"
	"testing"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/client"
)

// TestASensorMayBeAnOrdinaryProgram: the spotter is a command and imports nothing of
// ours; its event's payload is the question that it was asked.
func TestASensorMayBeAnOrdinaryProgram(t *testing.T) {
	t.Parallel()
	module, err := os.ReadFile("testdata/spotter.wasm")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	writePack(t, dir, "spot", map[string]string{
		"pack.wasm": string(module),
		"pack.yaml": "name: spot\nversion: 1.0.0\ndescription: Spots.\nauthor: test\n",
		"sensors/spotter.yaml": "class_name: spotter\npoll_interval: 3600\n" +
			"trigger_types: [{name: seen, payload_schema: {type: object, properties: {cursor: {type: integer}}}}]\n",
		"rules/see.yaml": "name: see\nenabled: true\ntrigger: {type: spot.seen}\ncriteria:\n  trigger.cursor: {type: equals, pattern: 7}\naction: {ref: spot.none}\n",
	})
	h := serve(t, dir, nil)
	seen := func() []automation.Event {
		list, err := h.Events(t.Context(), client.EventQuery{Trigger: "spot.seen"})
		if err != nil {
			t.Fatal(err)
		}
		return list.Items
	}
	eventually(t, "it is asked", func() bool { return len(seen()) == 1 })
	d, err := h.TellSensor(t.Context(), "spot.spotter", "poll")
	if err != nil || string(d.Cursor) != "7" {
		t.Errorf("cursor %s, err %v", d.Cursor, err)
	}
	if all := seen(); len(all) != 2 || all[0].Matched != 1 || all[1].Matched != 0 {
		t.Errorf("the rule must match the second question only: %+v", all)
	}
}

func TestASensorThatFailsIsSeenAndRaisesAnEvent(t *testing.T) {
	t.Parallel()
	module, err := os.ReadFile("testdata/spotter.wasm")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	writePack(t, dir, "spot", map[string]string{
		"pack.wasm":            string(module),
		"pack.yaml":            "name: spot\nversion: 1.0.0\ndescription: Spots.\nauthor: test\n",
		"sensors/spotter.yaml": "class_name: spotter\npoll_interval: 3600\ntrigger_types: [{name: heard}]\n",
		"rules/failed.yaml":    "name: failed\nenabled: true\ntrigger: {type: core.sensor.failed}\naction: {ref: spot.none}\n",
	})
	h := serve(t, dir, nil)
	eventually(t, "the failure shows", func() bool {
		d, err := h.Sensor(t.Context(), "spot.spotter")
		return err == nil && d.Status.State == automation.SourceFailing && strings.Contains(d.Status.Error, `"seen"`)
	})
	eventually(t, "the failure is an event", func() bool {
		list, err := h.Events(t.Context(), client.EventQuery{Trigger: automation.TriggerSensorFailed.String()})
		return err == nil && len(list.Items) == 1 && list.Items[0].Looked == 1
	})
}
