package main

import (
	"encoding/json"
	"strings"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/config"
)

// readData reads what --data names: @file, - for stdin, or the text itself.
func (c *cli) readData(data string) ([]byte, error) {
	if name, is := strings.CutPrefix(data, "@"); is {
		return c.readInput(name)
	}
	if data == "-" {
		return c.readInput(data)
	}
	return []byte(data), nil
}

// asJSON takes JSON as it is and turns YAML into it.
func asJSON(text []byte, what string) (json.RawMessage, error) {
	if json.Valid(text) {
		return text, nil
	}
	v, err := config.UnmarshalYAML(text)
	if err != nil {
		return nil, automation.Invalid("%s is neither JSON nor YAML", what).Because(err)
	}
	encoded, err := json.Marshal(v)
	if err != nil {
		return nil, automation.Invalid("%s holds what JSON can not", what).Because(err)
	}
	return encoded, nil
}
