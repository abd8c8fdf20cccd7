package expr

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/squall-dev/squall/runtime/automation"
)

func yamlFilters() map[string]filterFunc {
	return map[string]filterFunc{
		"from_yaml_string": filterFromYAML,
		"to_yaml_string":   filterToYAML,
	}
}

// filterFromYAML reads one document. Aliases are expanded; the decoder refuses
// those that multiply themselves.
func filterFromYAML(m *machine, v any, _ *arguments) (any, error) {
	s, err := wantText(v)
	if err != nil {
		return nil, err
	}
	if len(s) > maxOutput {
		return nil, automation.Invalid("the text is longer than %d bytes", maxOutput)
	}
	if err := m.spend(len(s) * bytesPerStep); err != nil {
		return nil, err
	}
	var out any
	if err := yaml.Unmarshal([]byte(s), &out); err != nil {
		return nil, automation.Invalid("decode YAML").Because(err)
	}
	if countValues(out, maxItems) >= maxItems {
		return nil, errItems()
	}
	out = normalize(out)
	if !finite(out) {
		return nil, automation.Invalid("decode YAML: an infinite number has no JSON form")
	}
	return m.collection(out)
}

func finite(v any) bool {
	switch v := v.(type) {
	case float64:
		return !math.IsInf(v, 0) && !math.IsNaN(v)
	case []any:
		for _, item := range v {
			if !finite(item) {
				return false
			}
		}
	case map[string]any:
		for _, item := range v {
			if !finite(item) {
				return false
			}
		}
	}
	return true
}

func filterToYAML(m *machine, v any, a *arguments) (any, error) {
	if err := m.spend(countValues(v, maxItems) * bytesPerStep * 10); err != nil {
		return nil, err
	}
	if countValues(v, maxItems) >= maxItems {
		return nil, errItems()
	}
	n, err := yamlNode(v, 0)
	if err != nil {
		return nil, err
	}
	out := boundedBuilder{}
	e := yaml.NewEncoder(&out)
	e.SetIndent(min(max(a.int(0, "indent", 2), 2), 20))
	if err := e.Encode(n); err != nil {
		return nil, err
	}
	if err := e.Close(); err != nil {
		return nil, err
	}
	return out.String(), nil
}

// boundedBuilder refuses what is longer than a template may render.
type boundedBuilder struct{ strings.Builder }

func (b *boundedBuilder) Write(data []byte) (int, error) {
	if b.Len()+len(data) > maxOutput {
		return 0, errOutput()
	}
	return b.Builder.Write(data)
}

// maxYAMLDepth is less than what makes the encoder slow.
const maxYAMLDepth = 200

// yamlNode keeps what the encoder would lose: that 3.0 is no whole number, and
// numbers beyond 64 bits.
func yamlNode(v any, depth int) (*yaml.Node, error) {
	if depth > maxYAMLDepth {
		return nil, automation.Invalid("the value nests deeper than %d", maxYAMLDepth)
	}
	scalar := func(tag, value string) (*yaml.Node, error) {
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: tag, Value: value}, nil
	}
	switch v := v.(type) {
	case nil:
		return scalar("!!null", "null")
	case bool:
		return scalar("!!bool", strconv.FormatBool(v))
	case string:
		n := &yaml.Node{}
		return n, n.Encode(v) // knows which texts need quotes
	case float64:
		return scalar("!!float", floatText(v))
	case json.Number:
		if isWhole(v) {
			return scalar("!!int", v.String())
		}
		return scalar("!!float", v.String())
	case []any:
		return yamlList(v, depth)
	case map[string]any:
		return yamlMap(v, depth)
	}
	return scalar("!!int", Text(v))
}

func yamlList(list []any, depth int) (*yaml.Node, error) {
	out := &yaml.Node{Kind: yaml.SequenceNode}
	for _, item := range list {
		n, err := yamlNode(item, depth+1)
		if err != nil {
			return nil, err
		}
		out.Content = append(out.Content, n)
	}
	return out, nil
}

func yamlMap(m map[string]any, depth int) (*yaml.Node, error) {
	out := &yaml.Node{Kind: yaml.MappingNode}
	for _, p := range pairs(m) {
		pair := p.([]any) // key and value, as pairs makes them
		for _, v := range pair {
			n, err := yamlNode(v, depth+1)
			if err != nil {
				return nil, err
			}
			out.Content = append(out.Content, n)
		}
	}
	return out, nil
}
