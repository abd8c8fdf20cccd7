package packs

import (
	"gopkg.in/yaml.v3"

	"github.com/squall-dev/squall/runtime/automation"
)

func readTrigger(file, pack string, data []byte) (automation.TriggerType, error) {
	d, err := parse(file, data)
	if err != nil {
		return automation.TriggerType{}, err
	}
	t := automation.TriggerType{Pack: pack, Position: d.position(d.root)}
	known := fields{
		"name":              func(v *yaml.Node) { t.Name = d.resourceName(v) },
		"pack":              func(v *yaml.Node) { d.samePack(v, pack) },
		"description":       func(v *yaml.Node) { t.Description = d.text(v) },
		"parameters_schema": func(v *yaml.Node) { t.ParametersSchema = d.anyMap(v, "parameters_schema") },
		"payload_schema":    func(v *yaml.Node) { t.PayloadSchema = d.anyMap(v, "payload_schema") },
	}
	for _, key := range []string{"tags", "metadata_file", "ref", "uid", "id"} {
		known[key] = ignored
	}
	seen := d.read(d.root, "a trigger type", known)
	d.needs(d.root, "a trigger type", "a name", seen["name"])
	return t, d.err()
}
