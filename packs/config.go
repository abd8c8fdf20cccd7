package packs

import (
	"maps"
	"slices"

	"github.com/squall-dev/squall/runtime/automation"
)

const configSchemaFile = "config.schema.yaml"

func readConfigSchema(data []byte) (map[string]automation.Parameter, error) {
	d, err := parse(configSchemaFile, data)
	if err != nil {
		return nil, err
	}
	schema := d.parameters(d.root)
	return schema, d.err()
}

// configure completes what the operator wrote with the defaults of the schema and
// checks it. Keys that the schema does not know pass through, as in StackStorm.
func configure(pack string, schema map[string]automation.Parameter, given map[string]any) (map[string]any, error) {
	config := maps.Clone(given)
	if config == nil {
		config = map[string]any{}
	}
	var errs []error
	for _, key := range slices.Sorted(maps.Keys(schema)) {
		p := schema[key]
		v, set := config[key]
		switch {
		case set && v != nil && !fits(v, p.Type):
			errs = append(errs, invalid("configuration of pack %s: %s must be of type %s", pack, key, p.Type))
		case !set && p.HasDefault:
			config[key] = p.Default
		case !set && p.Required:
			errs = append(errs, invalid("configuration of pack %s: %s is required", pack, key).
				WithHint("set it for pack %s in the server's configuration file", pack))
		}
	}
	return config, joined(errs)
}
