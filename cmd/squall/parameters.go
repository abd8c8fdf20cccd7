package main

import (
	"encoding/json"
	"maps"
	"strings"

	"github.com/spf13/cobra"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/config"
)

// parameterFlags give an action its parameters.
type parameterFlags struct {
	pairs []string
	file  string
}

func (p *parameterFlags) addFlags(cmd *cobra.Command) {
	cmd.Flags().StringArrayVarP(&p.pairs, "param", "p", nil, "parameter as name=text or name:=JSON; may be repeated")
	cmd.Flags().StringVar(&p.file, "params", "", "file with parameters as YAML or JSON; - is stdin")
}

// parameters joins the file and the flags; flags win. Text is left to the server
// to turn into the type that the action declares.
func (c *cli) parameters(p parameterFlags) (map[string]any, error) {
	all := map[string]any{}
	if p.file != "" {
		fromFile, err := c.readObject(p.file)
		if err != nil {
			return nil, err
		}
		maps.Copy(all, fromFile)
	}
	pairs, err := parsePairs(p.pairs)
	maps.Copy(all, pairs)
	return all, err
}

func (c *cli) readObject(name string) (map[string]any, error) {
	text, err := c.readInput(name)
	if err != nil {
		return nil, err
	}
	v, err := config.UnmarshalYAML(text)
	if err != nil {
		return nil, hinted(err, "check the file "+name)
	}
	o, ok := v.(map[string]any)
	if !ok && v != nil {
		return nil, automation.Invalid("%s does not hold parameters by name", name).WithHint("write it as: name: value")
	}
	return o, nil
}

func parsePairs(pairs []string) (map[string]any, error) {
	all := map[string]any{}
	for _, pair := range pairs {
		name, text, ok := strings.Cut(pair, "=")
		if !ok || strings.TrimSuffix(name, ":") == "" {
			return nil, usage("parameter %q is not of the form name=value", pair)
		}
		plain, typed := strings.CutSuffix(name, ":")
		if !typed {
			all[name] = text
			continue
		}
		if !json.Valid([]byte(text)) {
			return nil, usage("parameter %s: %q is not JSON", plain, text).WithHint("name=value takes the value as text")
		}
		all[plain] = json.RawMessage(text)
	}
	return all, nil
}
