package triggertest

import (
	"encoding/json"

	"github.com/squall-dev/squall/runtime/automation"
)

// keyOf tells triggers apart, whatever the order of their parameters.
func keyOf(ref automation.Ref, parameters map[string]any) string {
	text, err := json.Marshal(parameters)
	if err != nil {
		return string(ref)
	}
	return string(ref) + " " + string(text)
}
