package daemon

import (
	"encoding/json"
	"slices"

	"github.com/squall-dev/squall/hostfuncs"
	"github.com/squall-dev/squall/packs"
	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/expr"
	"github.com/squall-dev/squall/runtime/parameter"
	"github.com/squall-dev/squall/runtime/vault"
)

// hide takes the values that an execution's parameters and its pack's configuration
// declare as secret out of what it says; nil when there are none.
func hide(action automation.Action, config map[string]any, secretConfig []string, input json.RawMessage) func(string) string {
	var values []string
	for _, name := range secretConfig {
		if text, is := config[name].(string); is {
			values = append(values, text)
		}
	}
	if parameter.HasSecrets(action.Parameters) {
		v, err := expr.Decode(input)
		if params, is := v.(map[string]any); is && err == nil {
			values = append(values, parameter.SecretTexts(action.Parameters, params)...)
		}
	}
	values = slices.DeleteFunc(values, hostfuncs.IsHandle) // it stands for one, and is none
	if len(values) == 0 {
		return nil
	}
	return vault.Scrubber(values)
}

// maskParameters hides what the action declares as secret. Of an action that is not in
// service any more nobody knows what was secret, so all of its values are hidden.
func maskParameters(registry *packs.Registry, scrub func([]byte) []byte) func(automation.Execution) json.RawMessage {
	declared := maskDeclared(registry)
	return func(x automation.Execution) json.RawMessage { return scrub(declared(x)) }
}

func maskDeclared(registry *packs.Registry) func(automation.Execution) json.RawMessage {
	return func(x automation.Execution) json.RawMessage {
		v, err := expr.Decode(x.Parameters)
		params, isObject := v.(map[string]any)
		if err != nil || !isObject {
			return x.Parameters
		}
		action, known := registry.Snapshot().Action(x.Action)
		if !known && x.Code == automation.CodeUnknownAction {
			return x.Parameters // nobody ever declared them
		}
		if known && !parameter.HasSecrets(action.Parameters) {
			return x.Parameters // as it was stored, byte for byte
		}
		hidden := parameter.Redact(action.Parameters, params)
		if !known {
			for name := range hidden {
				hidden[name] = parameter.Mask
			}
		}
		text, err := json.Marshal(hidden)
		if err != nil {
			return json.RawMessage(`{}`)
		}
		return text
	}
}
