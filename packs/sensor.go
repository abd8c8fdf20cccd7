package packs

import (
	"path"
	"slices"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/squall-dev/squall/runtime/automation"
)

const (
	// defaultInterval is how often a sensor is asked that does not say.
	defaultInterval = 30 * time.Second
	shortestPoll    = time.Second
	sensorExport    = "poll"
)

// sensor is a file of the sensors folder, with the trigger types it declares.
type sensor struct {
	automation.Sensor
	types []automation.TriggerType
}

// readSensor reads sensors/*.yaml, as StackStorm writes it. The code is another:
// a Wasm module that answers instead of a Python class that runs.
func readSensor(file, pack string, data []byte) (sensor, error) {
	d, err := parse(file, data)
	if err != nil {
		return sensor{}, err
	}
	s := sensor{Sensor: automation.Sensor{
		Pack: pack, Enabled: true, Export: sensorExport, Interval: automation.Duration(defaultInterval), Position: d.position(d.root),
		Triggers: []automation.Ref{},
	}}
	seen := d.read(d.root, "a sensor", d.sensorFields(&s))
	d.needs(d.root, "a sensor", "a class_name or a name", seen["class_name"] || seen["name"])
	return s, d.err()
}

func (d *document) sensorFields(s *sensor) fields {
	known := fields{
		"class_name":    func(v *yaml.Node) { s.Name = d.resourceName(v) },
		"name":          func(v *yaml.Node) { s.Name = d.resourceName(v) },
		"pack":          func(v *yaml.Node) { d.samePack(v, s.Pack) },
		"description":   func(v *yaml.Node) { s.Description = d.text(v) },
		"enabled":       func(v *yaml.Node) { s.Enabled = d.boolean(v, true) },
		"poll_interval": func(v *yaml.Node) { s.Interval = d.pollInterval(v) },
		"entry_point":   func(v *yaml.Node) { s.EntryPoint = d.sensorCode(v) },
		"export":        func(v *yaml.Node) { s.Export = d.text(v) },
		"needs_config":  func(v *yaml.Node) { s.NeedsConfig = d.texts(v) },
		"trigger_types": func(v *yaml.Node) { d.sensorTypes(v, s) },
		"timeout":       func(v *yaml.Node) { d.timeout(v, &s.Limits) },
		"limits":        func(v *yaml.Node) { d.actionLimits(v, &s.Limits) },
	}
	for _, key := range []string{"artifact_uri", "tags", "metadata_file", "ref", "uid", "id"} {
		known[key] = ignored
	}
	return known
}

func (d *document) pollInterval(n *yaml.Node) automation.Duration {
	span := d.duration(n)
	if span > 0 && span < shortestPoll {
		d.problem(n, "a sensor can not be asked more often than every %s", shortestPoll)
	}
	return automation.Duration(span)
}

func (d *document) sensorCode(n *yaml.Node) string {
	file := d.text(n)
	if ext := path.Ext(file); ext != ".wasm" && file != "" {
		d.hinted(n, "build the sensor as a WebAssembly module; sdk/README.md says what it is asked and answers",
			"the sensor's code %q is not a .wasm file", abbreviate(file))
	}
	return file
}

func (d *document) sensorTypes(n *yaml.Node, s *sensor) {
	list := target(n)
	if isNull(list) {
		return
	}
	if list.Kind != yaml.SequenceNode {
		d.problem(n, "trigger_types must be a list, not %s", kindName(list))
		return
	}
	for _, item := range list.Content {
		t := d.triggerType(item, s.Pack)
		s.types = append(s.types, t)
		s.Triggers = append(s.Triggers, t.Ref())
	}
}

// addSensors takes over what the sensors folder declares. The code of a sensor is
// looked for, checked and lent like that of an action.
func (p *Pack) addSensors(all []sensor) {
	for _, s := range all {
		p.Sensors = append(p.Sensors, s.Sensor)
		p.Triggers = append(p.Triggers, s.types...)
		p.polls = append(p.polls, automation.Action{
			Pack: s.Pack, Name: s.Name, Enabled: true, EntryPoint: s.EntryPoint, Export: s.Export, Limits: s.Limits, Position: s.Position,
		})
	}
}

// runnable is all code that the pack may be asked to run.
func (p *Pack) runnable() []*automation.Action {
	var all []*automation.Action
	for i := range p.Actions {
		all = append(all, &p.Actions[i])
	}
	for i := range p.polls {
		all = append(all, &p.polls[i])
	}
	return all
}

// kindOf says what the code is for: an action, or a sensor.
func (p *Pack) kindOf(a *automation.Action) string {
	for i := range p.polls {
		if a == &p.polls[i] {
			return "sensor"
		}
	}
	return "action"
}

// Sensors returns all sensors by reference.
func (s *Snapshot) Sensors() []automation.Sensor {
	var all []automation.Sensor
	for _, g := range s.generations {
		for _, sensor := range g.pack.Sensors {
			sensor.Unset = g.pack.unset(sensor.NeedsConfig)
			all = append(all, sensor)
		}
	}
	slices.SortFunc(all, func(a, b automation.Sensor) int { return strings.Compare(string(a.Ref()), string(b.Ref())) })
	return all
}

// unset are the keys that the pack's configuration gives no value, or an empty one.
func (p *Pack) unset(keys []string) (unset []string) {
	for _, key := range keys {
		switch v := p.Config[key].(type) {
		case nil:
			unset = append(unset, key)
		case string:
			if v == "" {
				unset = append(unset, key)
			}
		case []any:
			if len(v) == 0 {
				unset = append(unset, key)
			}
		}
	}
	return unset
}

// unknownNeeds refuses sensors that need what nobody can configure.
func (p *Pack) unknownNeeds() (errs []error) {
	for _, s := range p.Sensors {
		for _, key := range s.NeedsConfig {
			if _, known := p.ConfigSchema[key]; !known {
				errs = append(errs, invalid("sensor %s needs %q of the configuration, which %s does not have", s.Name, key, configSchemaFile).
					WithHint("declare it in %s, or take it out of needs_config", configSchemaFile))
			}
		}
	}
	return errs
}

// AcquireSensor lends a sensor for one poll.
func (r *Registry) AcquireSensor(ref automation.Ref) (*Lease, error) {
	for {
		s := r.Snapshot()
		found, ok := s.polls[ref]
		if !ok {
			return nil, automation.NotFound("sensor %s does not exist", ref).WithCode("unknown_sensor").WithHint("list what there is: squall sensor list")
		}
		if found.generation.hold() {
			return found.generation.lease(found.action), nil
		}
		// It was retired after the snapshot was read; the next snapshot is there.
	}
}
