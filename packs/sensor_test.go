package packs

import (
	"strings"
	"testing"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
)

func TestSensorsAreReadAsStackStormWritesThem(t *testing.T) {
	t.Parallel()
	s, err := readSensor("sensors/eye.yaml", "feeds", []byte(`
class_name: EyeSensor
entry_point: eye.wasm
description: Looks.
poll_interval: 45
trigger_types:
  - name: seen
    description: Something was there.
    payload_schema: {type: object, properties: {what: {type: string}}}
`))
	if err != nil {
		t.Fatal(err)
	}
	if s.Ref() != "feeds.EyeSensor" || !s.Enabled || s.Interval != automation.Duration(45*time.Second) || s.Export != "poll" ||
		s.EntryPoint != "eye.wasm" || len(s.types) != 1 || s.types[0].Ref() != "feeds.seen" || s.Triggers[0] != "feeds.seen" {
		t.Errorf("sensor = %+v", s)
	}
}

func TestSensorsThatCannotWorkAreRefused(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, text, want string }{
		{"no name", "description: x", "sensors/eye.yaml:1:1: a sensor needs"},
		{"Python", "class_name: E\nentry_point: eye.py", "sensors/eye.yaml:2:14: the sensor's code \"eye.py\" is not a .wasm file"},
		{"too often", "class_name: E\npoll_interval: 10ms", "sensors/eye.yaml:2:16: a sensor can not be asked more often"},
		{"an unknown key", "class_name: E\npoll_intervall: 5", "did you mean"},
		{"types that are no list", "class_name: E\ntrigger_types: {name: x}", "sensors/eye.yaml:2:16: trigger_types must be a list"},
		{"a type without a name", "class_name: E\ntrigger_types: [{description: x}]", "a trigger type needs a name"},
	} {
		if _, err := readSensor("sensors/eye.yaml", "feeds", []byte(tt.text)); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: err = %v, want %q", tt.name, err, tt.want)
		}
	}
}

func FuzzSensor(f *testing.F) {
	f.Add([]byte("class_name: E\npoll_interval: 5\ntrigger_types: [{name: x}]"))
	f.Add([]byte("trigger_types: &a [*a]"))
	f.Fuzz(func(_ *testing.T, data []byte) { _, _ = readSensor("s.yaml", "p", data) }) // refuses or not, but does not panic
}

func TestASensorMayNeedWhatItsPackCanBeGiven(t *testing.T) {
	t.Parallel()
	p := &Pack{ConfigSchema: map[string]automation.Parameter{"feed": {}, "rooms": {}}}
	p.Sensors = []automation.Sensor{{Name: "eye", NeedsConfig: []string{"feed", "rooms"}}}
	if errs := p.unknownNeeds(); len(errs) != 0 {
		t.Errorf("what the schema declares: %v", errs)
	}
	for _, tt := range []struct {
		name   string
		config map[string]any
		unset  string
	}{
		{"nothing", nil, "feed rooms"},
		{"empty values", map[string]any{"feed": "", "rooms": []any{}}, "feed rooms"},
		{"one of them", map[string]any{"feed": "x"}, "rooms"},
		{"all", map[string]any{"feed": "x", "rooms": []any{"a"}}, ""},
	} {
		p.Config = tt.config
		if got := strings.Join(p.unset(p.Sensors[0].NeedsConfig), " "); got != tt.unset {
			t.Errorf("with %s configured: %q is unset, want %q", tt.name, got, tt.unset)
		}
	}
	p.Sensors[0].NeedsConfig = []string{"fed"}
	if errs := p.unknownNeeds(); len(errs) != 1 || !strings.Contains(errs[0].Error(), `"fed"`) {
		t.Errorf("a key that the schema lacks: %v", errs)
	}
}
