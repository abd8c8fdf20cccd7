package main

import (
	"bytes"
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

// asJSON takes JSON as it is and turns YAML into it. What calls itself JSON must
// be so: read as YAML, half a document would only be a strange text.
func asJSON(text []byte, what string) (json.RawMessage, error) {
	if json.Valid(text) {
		return text, nil
	}
	if len(bytes.TrimSpace(text)) == 0 {
		return nil, automation.Invalid("%s is empty", what).WithHint("an event that holds nothing is written {}")
	}
	if strings.HasSuffix(what, ".json") {
		return nil, automation.Invalid("%s is not JSON", what).Because(json.Unmarshal(text, new(any)))
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
