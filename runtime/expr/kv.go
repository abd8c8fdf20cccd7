package expr

import (
	"fmt"
	"strings"

	"github.com/squall-dev/squall/runtime/automation"
)

// KV looks a key up in a scope ("system", or "user") of the key-value store. It is
// asked only for the keys that a template uses, while the template is evaluated.
//
//	names := map[string]any{"trigger": payload}
//	maps.Copy(names, expr.KV(read).Names())
//	v, err := template.Eval(names)
//
// A template then reads the key a.b of the system as st2kv.system.a.b,
// st2kv.system['a.b'] or system.a.b. The value is text. A key that is not there is
// the empty text, but the filter default replaces it and "is defined" denies it.
// What read returns as an error ends the evaluation with that error.
type KV func(scope, name string) (value string, found bool, err error)

// Names are the names by which templates reach the store, to be put in a scope:
// st2kv, and the older system.
func (read KV) Names() map[string]any {
	return map[string]any{"st2kv": key{read: read}, "system": key{read: read, scope: "system"}}
}

// lookupCost is what one lookup counts, in bytes: an evaluation has a thousand.
const lookupCost = maxSteps / 1000 * bytesPerStep

// key is a key whose name may go on: after st2kv.system.a may come .b, and only
// where a value is needed it is looked up.
type key struct {
	read        KV
	scope, name string
}

// child goes one name further.
func (k key) child(name string) key {
	switch {
	case k.scope == "":
		k.scope = name
	case k.name == "":
		k.name = name
	default:
		k.name += "." + name
	}
	return k
}

// value looks the key up; it is undefined when it is not there.
func (k key) value() (any, error) {
	if k.name == "" {
		return nil, automation.Invalid("the name of a key is missing").
			WithHint("write it as st2kv.system.name or st2kv.system['name']")
	}
	v, found, err := k.read(k.scope, k.name)
	if err != nil {
		return nil, fmt.Errorf("read key %s.%s: %w", k.scope, k.name, err)
	}
	if !found {
		return undefined{message: fmt.Sprintf("there is no key %s.%s", k.scope, k.name), text: true}, nil
	}
	return v, nil
}

// text is the value, or the empty text.
func (k key) text() (any, error) {
	v, err := k.value()
	if _, missing := v.(undefined); missing {
		v = ""
	}
	return v, err
}

// String keeps what is behind a key out of texts it does not belong in.
func (k key) String() string {
	return strings.TrimSuffix("st2kv."+k.scope+"."+k.name, ".")
}
