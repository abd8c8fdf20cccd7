package packs

import (
	"time"

	"gopkg.in/yaml.v3"

	"github.com/squall-dev/squall/runtime/automation"
)

// readPolicy reads policies/*.yaml: StackStorm's files, and the types of our own in the
// same form.
func readPolicy(file, pack string, data []byte) (automation.Policy, error) {
	d, err := parse(file, data)
	if err != nil {
		return automation.Policy{}, err
	}
	p := automation.Policy{Pack: pack, Enabled: true, Position: d.position(d.root)}
	var parameters *yaml.Node
	known := fields{
		"name":         func(v *yaml.Node) { p.Name = d.resourceName(v) },
		"pack":         func(v *yaml.Node) { d.samePack(v, pack) },
		"description":  func(v *yaml.Node) { p.Description = d.text(v) },
		"enabled":      func(v *yaml.Node) { p.Enabled = d.boolean(v, true) },
		"resource_ref": func(v *yaml.Node) { p.Resource = d.actionRef(v) },
		"policy_type":  func(v *yaml.Node) { p.Type = automation.PolicyType(d.choice(v, "a policy's type", policyTypes()...)) },
		"parameters":   func(v *yaml.Node) { parameters = v },
	}
	for _, key := range []string{"metadata_file", "ref", "uid", "id"} {
		known[key] = ignored
	}
	seen := d.read(d.root, "a policy", known)
	for _, need := range [][2]string{{"name", "a name"}, {"resource_ref", "a resource_ref: the action that it is about"}, {"policy_type", "a policy_type"}} {
		if !seen[need[0]] {
			d.needs(d.root, "a policy", need[1], false)
		}
	}
	if p.Type != "" {
		d.policyParameters(parameters, &p)
	}
	return p, d.err()
}

func policyTypes() []string {
	var all []string
	for _, t := range automation.PolicyTypes() {
		all = append(all, string(t))
	}
	return all
}

func (d *document) actionRef(n *yaml.Node) automation.Ref {
	text := d.required(n)
	if text == "" {
		return ""
	}
	ref, err := automation.ParseRef(text)
	if err != nil {
		d.hinted(n, "write it as pack.name", "%q does not name an action", abbreviate(text))
	}
	return ref
}

// What policies may say at most. StackStorm allows five retries and two minutes.
const (
	mostSlots     = 100_000
	mostRate      = 100_000
	mostDepth     = 10_000_000
	mostRetries   = 100
	retriesUnsaid = 2
)

// policyParameters reads what a type takes, and demands what it needs.
func (d *document) policyParameters(n *yaml.Node, p *automation.Policy) {
	takes := map[automation.PolicyType]struct {
		known  fields
		needed []string
	}{
		automation.PolicyConcurrency: {fields{"threshold": d.threshold(p), "action": d.policyAction(p)}, []string{"threshold"}},
		automation.PolicyConcurrencyAttr: {fields{"threshold": d.threshold(p), "action": d.policyAction(p),
			"attributes": func(v *yaml.Node) { p.Attributes = d.attributes(v) }}, []string{"threshold", "attributes"}},
		automation.PolicyRetry: {fields{
			"retry_on": func(v *yaml.Node) {
				p.RetryOn = automation.RetryOn(d.choice(v, "retry_on", string(automation.RetryOnFailure), string(automation.RetryOnTimeout)))
			},
			"max_retry_count": func(v *yaml.Node) { p.MaxRetryCount = int(d.whole(v, 1, mostRetries)) },
			"delay":           func(v *yaml.Node) { p.Delay = d.durationOrNone(v) },
		}, []string{"retry_on"}},
		automation.PolicyRate: {fields{
			"limit":  func(v *yaml.Node) { p.Limit = int(d.whole(v, 1, mostRate)) },
			"window": func(v *yaml.Node) { p.Window = d.duration(v) }, "action": d.policyAction(p)}, []string{"limit", "window"}},
		automation.PolicyQueue: {fields{"max_depth": func(v *yaml.Node) { p.MaxDepth = int(d.whole(v, 1, mostDepth)) }}, []string{"max_depth"}},
	}[p.Type]
	what := "policy type " + string(p.Type)
	seen := map[string]bool{}
	at := d.root
	if n != nil {
		seen, at = d.read(n, what, takes.known), n
	}
	for _, name := range takes.needed {
		if !seen[name] {
			d.problem(at, "%s needs the parameter %s", what, name)
		}
	}
	if _, acts := takes.known["action"]; acts && p.Action == "" {
		p.Action = automation.PolicyDelay
	}
	if p.Type == automation.PolicyRetry && !seen["max_retry_count"] {
		p.MaxRetryCount = retriesUnsaid
	}
}

func (d *document) threshold(p *automation.Policy) func(*yaml.Node) {
	return func(v *yaml.Node) { p.Threshold = int(d.whole(v, 1, mostSlots)) }
}

func (d *document) policyAction(p *automation.Policy) func(*yaml.Node) {
	return func(v *yaml.Node) {
		p.Action = automation.PolicyAction(d.choice(v, "what a policy does", string(automation.PolicyDelay), string(automation.PolicyCancel)))
	}
}

func (d *document) attributes(n *yaml.Node) []string {
	names := d.texts(n)
	if len(names) == 0 {
		d.problem(n, "attributes must name at least one parameter of the action")
	}
	return names
}

// durationOrNone reads a duration that may be zero, in seconds as StackStorm writes it.
func (d *document) durationOrNone(n *yaml.Node) time.Duration {
	if v := target(n); v.Kind == yaml.ScalarNode && (v.Value == "0" || v.Value == "0s") {
		return 0
	}
	return d.duration(n)
}
