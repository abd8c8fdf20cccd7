package packs

import (
	"strings"
	"unicode"

	"gopkg.in/yaml.v3"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/expr"
)

// wasmRunner is the runner type of every action so far.
const wasmRunner = "wasm"

// readAction reads actions/*.yaml. The entry point is as written; load finds the
// file.
func readAction(file, pack string, data []byte) (automation.Action, error) {
	d, err := parse(file, data)
	if err != nil {
		return automation.Action{}, err
	}
	a := automation.Action{
		Pack: pack, Enabled: true, Runner: wasmRunner, Position: d.position(d.root),
		Parameters: map[string]automation.Parameter{},
	}
	seen := d.read(d.root, "an action", d.actionFields(&a))
	if a.Name == "" && !seen["name"] {
		d.needs(d.root, "an action", "a name", false)
	}
	if a.Export == "" {
		a.Export = a.Name
	}
	return a, d.err()
}

// actionParameters are parameters whose defaults may be templates.
func (d *document) actionParameters(n *yaml.Node) map[string]automation.Parameter {
	all := d.parameters(n)
	content := target(n).Content // names and values in turn; what is wrong with them is said already
	for i := 0; i+1 < len(content); i += 2 {
		name := content[i].Value
		if _, err := expr.CompileDeep(all[name].Default); err != nil {
			d.hinted(content[i+1], automation.HintOf(err), "the default of parameter %q: %v", abbreviate(name), err)
		}
	}
	return all
}

func (d *document) actionFields(a *automation.Action) fields {
	known := fields{
		"name":          func(v *yaml.Node) { a.Name = d.resourceName(v) },
		"pack":          func(v *yaml.Node) { d.samePack(v, a.Pack) },
		"description":   func(v *yaml.Node) { a.Description = d.text(v) },
		"enabled":       func(v *yaml.Node) { a.Enabled = d.boolean(v, true) },
		"runner_type":   d.runner,
		"entry_point":   func(v *yaml.Node) { a.EntryPoint = d.text(v) },
		"export":        func(v *yaml.Node) { a.Export = d.text(v) },
		"parameters":    func(v *yaml.Node) { a.Parameters = d.actionParameters(v) },
		"summary":       func(v *yaml.Node) { a.Summary = d.text(v) },
		"retry":         func(v *yaml.Node) { a.Retry = d.retry(v) },
		"timeout":       func(v *yaml.Node) { d.timeout(v, &a.Limits) },
		"priority":      func(v *yaml.Node) { a.Priority = int(d.whole(v, automation.LeastPriority, automation.MostPriority)) },
		"total_timeout": func(v *yaml.Node) { a.TotalTimeout = d.duration(v) },
		"limits":        func(v *yaml.Node) { d.actionLimits(v, &a.Limits) },
	}
	for _, key := range []string{"output_schema", "tags", "notify", "metadata_file", "ref", "uid", "id"} {
		known[key] = ignored
	}
	return known
}

// resourceName reads a name that, joined to the pack's, makes a reference.
func (d *document) resourceName(n *yaml.Node) string {
	name := d.text(n)
	bad := func(r rune) bool { return unicode.IsControl(r) || r == '/' || r == '\\' }
	switch {
	case strings.TrimSpace(name) == "":
		d.problem(n, "the name must not be empty")
	case len(name) > 200, name != strings.TrimSpace(name), strings.ContainsFunc(name, bad):
		d.problem(n, "%q can not be a name", abbreviate(name))
	}
	return name
}

// samePack checks the pack key, which may only repeat where the file lies.
func (d *document) samePack(n *yaml.Node, pack string) {
	if said := d.text(n); said != "" && said != pack {
		d.hinted(n, "remove the line, or write "+pack, "the file lies in pack %q but says %q", pack, said)
	}
}

func (d *document) runner(n *yaml.Node) {
	name := d.text(n)
	if name == "" || name == wasmRunner {
		return
	}
	d.hinted(n, `write "runner_type: wasm" and build the code as a WebAssembly module`,
		"runner_type %q is not supported", name)
}

func (d *document) retry(n *yaml.Node) automation.Retry {
	var r automation.Retry
	d.read(n, "retry", fields{
		"max_attempts": func(v *yaml.Node) { r.MaxAttempts = int(d.whole(v, 1, 1000)) },
		"max_lost":     func(v *yaml.Node) { r.MaxLost = int(d.whole(v, 1, 1000)) },
		"delay":        func(v *yaml.Node) { r.Delay = d.duration(v) },
		"max_delay":    func(v *yaml.Node) { r.MaxDelay = d.duration(v) },
		"jitter":       func(v *yaml.Node) { r.Jitter = d.part(v) },
		"backoff": func(v *yaml.Node) {
			r.Fixed = d.choice(v, "backoff", "exponential", "fixed") == "fixed"
		},
		"on": func(v *yaml.Node) { r.On = d.retryOn(v) },
	})
	if r.MaxDelay > 0 && r.Delay > r.MaxDelay {
		d.problem(n, "delay is longer than max_delay")
	}
	return r
}

// part reads a number from 0 to 1.
func (d *document) part(n *yaml.Node) float64 {
	switch v := d.value(n).(type) {
	case int64:
		if v == 0 || v == 1 {
			return float64(v)
		}
	case float64:
		if v >= 0 && v <= 1 {
			return v
		}
	}
	d.problem(n, "must be a number from 0 to 1, not %s", kindName(target(n)))
	return 0
}

func (d *document) retryOn(n *yaml.Node) []automation.RetryOn {
	var on []automation.RetryOn
	for _, item := range d.list(n) {
		if word := d.choice(item, "what is retried", string(automation.RetryOnFailure), string(automation.RetryOnTimeout)); word != "" {
			on = append(on, automation.RetryOn(word))
		}
	}
	return on
}

func (d *document) timeout(n *yaml.Node, l *automation.Limits) {
	if l.Timeout != 0 {
		d.problem(n, "the timeout stands here and under limits; keep one")
	}
	l.Timeout = d.duration(n)
}

func (d *document) actionLimits(n *yaml.Node, l *automation.Limits) {
	limits := d.limits(n)
	if limits.Timeout != 0 && l.Timeout != 0 {
		d.problem(n, "the timeout stands here and outside limits; keep one")
	}
	*l = limits.Or(*l)
}
