package packs

import (
	"errors"
	"fmt"
	"maps"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/expr"
	"github.com/squall-dev/squall/runtime/rule"
)

// defaultPack is where a rule belongs that says nothing and lies in no pack.
const defaultPack = "default"

// ReadRule reads one rule as it stands in rules/*.yaml. All that is wrong with it
// comes at once, each problem with file, line and column; what only compiling can
// find out is left to package rule.
func ReadRule(file string, data []byte) (automation.Rule, error) {
	return readRule(file, "", data)
}

// readRule reads a rule of a pack; an empty pack lets the rule say its own.
func readRule(file, pack string, data []byte) (automation.Rule, error) {
	d, err := parse(file, data)
	if err != nil {
		return automation.Rule{}, err
	}
	r := automation.Rule{Pack: pack, Criteria: []automation.Criterion{}, Position: d.position(d.root)}
	seen := d.read(d.root, "a rule", d.ruleFields(&r, pack))
	for _, key := range []string{"name", "trigger", "action"} {
		d.needs(d.root, "a rule", key, seen[key])
	}
	if r.Pack == "" {
		r.Pack = defaultPack
	}
	return r, d.err()
}

func (d *document) ruleFields(r *automation.Rule, pack string) fields {
	known := fields{
		"name":        func(v *yaml.Node) { r.Name = d.resourceName(v) },
		"pack":        func(v *yaml.Node) { r.Pack = d.rulePack(v, pack) },
		"description": func(v *yaml.Node) { r.Description = d.text(v) },
		"enabled":     func(v *yaml.Node) { r.Enabled = d.boolean(v, false) },
		"type":        func(v *yaml.Node) { r.Backstop = d.ruleType(v) },
		"trigger":     func(v *yaml.Node) { r.Trigger = d.trigger(v) },
		"criteria":    func(v *yaml.Node) { r.Criteria = d.criteria(v) },
		"action":      func(v *yaml.Node) { r.Action = d.actionCall(v) },
		"when":        func(v *yaml.Node) { r.When, r.WhenPosition = strings.TrimRight(d.required(v), "\n"), d.textPosition(v) },
		"foreach":     func(v *yaml.Node) { r.Foreach = d.foreach(v) },
		"mode":        func(v *yaml.Node) { r.Mode = d.ruleMode(v) },
	}
	for _, kind := range groupKinds() {
		known[string(kind)] = func(v *yaml.Node) { r.Groups = append(r.Groups, d.group(kind, v, 1)) }
	}
	maps.Copy(known, d.flowFields(&r.Flow))
	for _, key := range []string{"context", "tags", "metadata_file", "ref", "uid", "id"} {
		known[key] = ignored
	}
	return known
}

func (d *document) rulePack(n *yaml.Node, pack string) string {
	if pack == "" {
		return d.packName(n)
	}
	d.samePack(n, pack)
	return pack
}

// ruleType reads {ref: standard} or bare text, and reports whether it is backstop.
func (d *document) ruleType(n *yaml.Node) (backstop bool) {
	read := func(v *yaml.Node) { backstop = d.choice(v, "a rule's type", "standard", "backstop") == "backstop" }
	if target(n).Kind == yaml.ScalarNode {
		read(n)
		return backstop
	}
	d.read(n, "type", fields{"ref": read, "parameters": ignored})
	return backstop
}

func (d *document) ruleMode(n *yaml.Node) automation.RuleMode {
	if d.choice(n, "a rule's mode", "act", string(automation.ModeObserve)) == string(automation.ModeObserve) {
		return automation.ModeObserve
	}
	return automation.ModeAct
}

func (d *document) foreach(n *yaml.Node) string {
	s := d.required(n)
	if _, err := rule.ParseForeach(s); s != "" && err != nil {
		d.hinted(n, automation.HintOf(err), "%v", err)
	}
	return s
}

func (d *document) trigger(n *yaml.Node) automation.TriggerSpec {
	var t automation.TriggerSpec
	seen := d.read(n, "trigger", fields{
		"type":        func(v *yaml.Node) { t.Type = d.ref(v) },
		"parameters":  func(v *yaml.Node) { t.Parameters = d.anyMap(v, "trigger parameters") },
		"description": ignored,
		"ref":         ignored,
	})
	d.needs(n, "trigger", "a type", seen["type"])
	return t
}

func (d *document) actionCall(n *yaml.Node) automation.ActionCall {
	var a automation.ActionCall
	seen := d.read(n, "action", fields{
		"ref":         func(v *yaml.Node) { a.Ref = d.ref(v) },
		"parameters":  func(v *yaml.Node) { a.Parameters = d.anyMap(v, "action parameters") },
		"description": ignored,
	})
	d.needs(n, "action", "a ref", seen["ref"])
	return a
}

func (d *document) ref(n *yaml.Node) automation.Ref {
	ref, err := automation.ParseRef(d.text(n))
	if err != nil {
		d.hinted(n, `write it as "pack.name"`, "%v", err)
	}
	return ref
}

func (d *document) anyMap(n *yaml.Node, what string) map[string]any {
	entries := d.object(n, what)
	if len(entries) == 0 {
		return nil
	}
	m := make(map[string]any, len(entries))
	for _, e := range entries {
		m[e.name] = d.value(e.value)
	}
	return m
}

// criteria keeps the order of the file, because that is the order in which people
// read the verdict.
func (d *document) criteria(n *yaml.Node) []automation.Criterion {
	all := []automation.Criterion{}
	for _, e := range d.object(n, "criteria") {
		if _, ok := groupKind(e.name); ok {
			d.hinted(e.key, "write it at the top level of the rule", "%s stands beside criteria, not in it", e.name)
			continue
		}
		all = append(all, d.criterion(e))
	}
	return all
}

func (d *document) criterion(e entry) automation.Criterion {
	c := automation.Criterion{Key: e.name, Position: d.position(e.key)}
	seen := d.read(e.value, "a criterion", fields{
		"type":      func(v *yaml.Node) { c.Operator = d.text(v) },
		"pattern":   func(v *yaml.Node) { c.Pattern = d.value(v) },
		"condition": func(v *yaml.Node) { c.Condition = d.text(v) },
	})
	d.needs(e.value, "a criterion", "a type", seen["type"])
	if rule.IsSearch(c.Operator) && d.left >= 0 { // else its aliases may grow without end
		c.Children = d.childPlaces(e.value, 0)
	}
	return c
}

// childPlaces tells where the criteria stand that a search holds. What is wrong with
// them is said when the rule is compiled.
func (d *document) childPlaces(search *yaml.Node, depth int) map[string]automation.Place {
	pattern := lookUp(search, "pattern")
	if pattern == nil || depth > maxDepth {
		return nil
	}
	places := map[string]automation.Place{}
	for i := 0; i+1 < len(pattern.Content); i += 2 {
		key, child := pattern.Content[i], pattern.Content[i+1]
		places[target(key).Value] = automation.Place{Position: d.position(key), Children: d.childPlaces(child, depth+1)}
	}
	return places
}

// lookUp returns the mapping at a key of a mapping, or nil.
func lookUp(n *yaml.Node, name string) *yaml.Node {
	m := target(n)
	if m.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(m.Content); i += 2 {
		if v := target(m.Content[i+1]); target(m.Content[i]).Value == name && v.Kind == yaml.MappingNode {
			return v
		}
	}
	return nil
}

// TestRule says what a rule would decide about a payload, with no server and
// nothing stored. It ignores whether the rule is enabled. The error is of kind
// ErrInvalid when the rule or the payload can not be read; a rule that does not
// match is no error.
func TestRule(file string, ruleYAML, payload []byte) (automation.RuleTest, error) {
	r, err := ReadRule(file, ruleYAML)
	if err != nil {
		return automation.RuleTest{}, err
	}
	body, err := readPayload(payload)
	if err != nil {
		return automation.RuleTest{}, fmt.Errorf("read the payload: %w", err)
	}
	return rule.Test(r, rule.Input{Trigger: r.Trigger.Type, Parameters: r.Trigger.Parameters, Payload: body, Now: time.Now()})
}

// readPayload reads JSON or, because people write test events by hand, YAML.
func readPayload(data []byte) (any, error) {
	v, jsonErr := expr.Decode(data)
	if jsonErr == nil {
		return v, nil
	}
	d, err := parse("payload", data)
	if err != nil {
		return nil, automation.Invalid("the payload is neither JSON nor YAML").Because(errors.Join(jsonErr, err))
	}
	v = d.value(d.root)
	return v, d.err()
}
