package rule

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/expr"
)

// eventScope names what every rule may refer to in paths and templates.
func eventScope(in *Input) map[string]any {
	return map[string]any{triggerName: in.Payload}
}

// withKeys adds the key-value store for a rule that mentions it: st2kv.system.name,
// st2kv.system['name'] and system.name. The keys are read when a template asks for
// the first of them, and one that is not there is the empty text. The templates of
// package expr follow maps and call nothing, so the keys are found beforehand in
// what the rule says.
func (c *compiled) withKeys(in *Input, names map[string]any) map[string]any {
	if len(c.mentions) == 0 {
		return names
	}
	system := func() (any, error) { return readKeys(in, c.mentions) }
	out := maps.Clone(names)
	out["system"] = expr.Lazy(system)
	out["st2kv"] = expr.Lazy(func() (any, error) {
		keys, err := system()
		return map[string]any{"system": keys}, err
	})
	return out
}

func readKeys(in *Input, names []string) (any, error) {
	root := map[string]any{}
	for _, name := range names {
		value := ""
		if in.KV != nil {
			v, _, err := in.KV(automation.ScopeSystem, name)
			if err != nil {
				return nil, automation.Unavailable("read key %s", name).Because(err)
			}
			value = v
		}
		put(root, name, value)
	}
	return root, nil
}

// put stores a value so that both system['a.b'] and system.a.b lead to it. Of a
// name that is also the beginning of others, the longest that has a value wins.
func put(m map[string]any, name, value string) {
	if _, ok := m[name].(map[string]any); !ok {
		m[name] = value
	}
	parts := strings.Split(name, ".")
	for _, part := range parts[:len(parts)-1] {
		inner, ok := m[part].(map[string]any)
		if !ok {
			if value == "" && m[part] != nil {
				return
			}
			inner = map[string]any{}
			m[part] = inner
		}
		m = inner
	}
	last := parts[len(parts)-1]
	if _, ok := m[last].(map[string]any); !ok {
		m[last] = value
	}
}

// mentionsOf lists the keys that the texts of a rule mention, short names first.
func mentionsOf(r *automation.Rule) []string {
	var texts []string
	eachText(r, func(s string) {
		if expr.IsTemplate(s) && strings.Contains(s, "system") {
			texts = append(texts, s)
		}
	})
	if len(texts) == 0 {
		return nil
	}
	mention := regexp.MustCompile(`\bsystem((?:\.[A-Za-z_]\w*)+|\[\s*(?:'[^']+'|"[^"]+")\s*\])`)
	found := map[string]bool{}
	for _, m := range mention.FindAllStringSubmatch(strings.Join(texts, "\n"), -1) {
		name := strings.Trim(m[1], `[]'". `)
		found[name] = true
		for i := range len(name) { // {{ system.a.title() }} may mean a method of the key a
			if name[i] == '.' && m[1][0] == '.' {
				found[name[:i]] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(found))
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
