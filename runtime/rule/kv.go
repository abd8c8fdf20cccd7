package rule

import (
	"maps"
	"strings"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/expr"
)

// eventScope names what every rule may refer to in paths and templates.
func eventScope(in *Input) map[string]any {
	return map[string]any{triggerName: in.Payload}
}

// withKeys adds the key-value store for a rule that mentions it. A key is read when
// a template asks for it; without a store every key is missing.
func (c *compiled) withKeys(in *Input, names map[string]any) map[string]any {
	if !c.usesKeys {
		return names
	}
	out := maps.Clone(names)
	maps.Copy(out, expr.KV(func(scope, name string) (string, bool, error) {
		if in.KV == nil {
			return "", false, nil
		}
		v, found, err := in.KV(scope, name)
		if err != nil {
			err = automation.Unavailable("key %s", name).Because(err)
		}
		return v, found, err
	}).Names())
	return out
}

// watchKeys notes in what it returns whether a rule asks for keys.
func watchKeys(in *Input) *automation.KeysRead {
	var seen automation.KeysRead
	read := in.KV
	in.KV = func(scope, name string) (string, bool, error) {
		if read == nil {
			seen = automation.KeysNone
			return "", false, nil
		}
		seen = automation.KeysNow
		return read(scope, name)
	}
	return &seen
}

// keyNames are the names of the key-value store.
func keyNames() []string { return []string{"system", "st2kv"} }

// usesKeys reports whether a template of the rule may ask for a key.
func usesKeys(r *automation.Rule) (uses bool) {
	eachText(r, func(s string) {
		uses = uses || expr.IsTemplate(s) && (strings.Contains(s, "system") || strings.Contains(s, "st2kv"))
	})
	return uses
}

// eachText visits every text of a rule that may be a template.
func eachText(r *automation.Rule, visit func(string)) {
	for i := range r.Criteria {
		eachTextIn(r.Criteria[i].Pattern, visit)
	}
	for i := range r.Groups {
		eachTextOf(&r.Groups[i], visit)
	}
	for _, v := range r.Action.Parameters {
		eachTextIn(v, visit)
	}
	for _, k := range controlKeys(&r.Flow) {
		visit(k.key)
	}
}

func eachTextOf(g *automation.Group, visit func(string)) {
	for _, m := range g.Members {
		if m.Criterion != nil {
			eachTextIn(m.Criterion.Pattern, visit)
		}
		if m.Group != nil {
			eachTextOf(m.Group, visit)
		}
	}
}

func eachTextIn(v any, visit func(string)) {
	switch v := expr.Normal(v).(type) {
	case string:
		visit(v)
	case []any:
		for _, item := range v {
			eachTextIn(item, visit)
		}
	case map[string]any:
		for _, item := range v {
			eachTextIn(item, visit)
		}
	}
}
