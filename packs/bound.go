package packs

import (
	"slices"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/expr"
)

// A kubernetes capability may be bound to the event of an execution: templates in its
// namespaces, names and pods are rendered with the event's payload, and give exactly
// what they say, never a pattern. So an action that an alert starts may do something in
// the Pod that the alert names, and nowhere else.

// bound reads names, shell patterns and templates.
func (d *document) bound(n *yaml.Node) []string {
	all := d.texts(n)
	for _, s := range all {
		if _, err := expr.Compile(s); err != nil {
			d.hinted(n, automation.HintOf(err), "%q: %v", abbreviate(s), err)
		}
	}
	return all
}

// pods reads pairs "namespace/name". A template may give one or a list of them.
func (d *document) pods(n *yaml.Node) []string {
	all := d.bound(n)
	for _, s := range all {
		if !expr.IsTemplate(s) && strings.Count(s, "/") != 1 {
			d.hinted(n, `write "namespace/name"`, "%q does not name a Pod", abbreviate(s))
		}
	}
	return all
}

func (d *document) checkBound(n *yaml.Node, c automation.KubernetesCapability) {
	if len(c.Pods) > 0 && len(c.Namespaces)+len(c.Names) > 0 {
		d.problem(n, "pods stands in the place of namespaces and names: keep one of the two ways")
	}
	if !isBound(c) && (c.For != 0 || c.Manual) {
		d.problem(n, "for and manual have a meaning only where namespaces, names or pods hold a template")
	}
}

// isBound tells whether an entry depends on the event.
func isBound(c automation.KubernetesCapability) bool {
	return slices.ContainsFunc(slices.Concat(c.Namespaces, c.Names, c.Pods), expr.IsTemplate)
}

// Binds reports whether some right of the pack depends on the event of an execution.
func (l *Lease) Binds() bool { return slices.ContainsFunc(l.Grants.Kubernetes, isBound) }

// Occasion is the event that an execution was started by.
type Occasion struct {
	Payload  any // as decoded
	Received time.Time
}

// Bind makes the pack's rights those of one execution. Without an occasion a person
// started it. What gives nothing is told to note: which entry, and why.
func (l *Lease) Bind(o *Occasion, note func(string, ...any)) automation.Capabilities {
	c := l.Grants
	c.Kubernetes = nil
	for n, entry := range l.Grants.Kubernetes {
		if !isBound(entry) {
			c.Kubernetes = append(c.Kubernetes, entry)
			continue
		}
		if entry, ok := bindEntry(n, entry, o, note); ok {
			c.Kubernetes = append(c.Kubernetes, entry)
		} else { // its place stays, so that others keep theirs
			c.Kubernetes = append(c.Kubernetes, automation.KubernetesCapability{Reason: entry.Reason})
		}
	}
	return c
}

func bindEntry(n int, entry automation.KubernetesCapability, o *Occasion, note func(string, ...any)) (automation.KubernetesCapability, bool) {
	if o == nil && !entry.Manual {
		note("the right kubernetes[%d] is bound to an event, and this execution has none", n)
		return entry, false
	}
	b := binding{entry: n, occasion: o, note: note, ok: true}
	entry.Namespaces, entry.Names = b.list("namespaces", entry.Namespaces, false), b.list("names", entry.Names, false)
	entry.Pods = b.list("pods", entry.Pods, true)
	if o != nil && entry.For > 0 {
		entry.Until = o.Received.Add(time.Duration(entry.For))
	}
	return entry, b.ok
}

// binding renders the lists of one entry.
type binding struct {
	entry    int
	occasion *Occasion
	note     func(string, ...any)
	ok       bool
}

func (b *binding) list(key string, all []string, pairs bool) []string {
	var out []string
	for _, text := range all {
		switch {
		case !expr.IsTemplate(text):
			out = append(out, text)
		case b.occasion == nil && pairs:
			out = append(out, "*/*")
		case b.occasion == nil:
			out = append(out, "*")
		default:
			out = append(out, b.render(key, text, pairs)...)
		}
	}
	if len(all) > 0 && len(out) == 0 { // an empty list would allow everything
		b.ok = false
	}
	return out
}

// mostBound is how many names one template may give.
const mostBound = 1000

func (b *binding) render(key, text string, pairs bool) []string {
	t, err := expr.Compile(text)
	var v any
	if err == nil {
		v, err = t.Eval(map[string]any{"trigger": b.occasion.Payload})
	}
	if err != nil {
		b.note("the right kubernetes[%d] gives nothing: %s: %v", b.entry, key, err)
		return nil
	}
	items, isList := v.([]any)
	if !isList {
		items = []any{v}
	}
	var out []string
	for _, item := range items {
		name, isText := item.(string)
		if !isText || name == "" || len(name) > 600 || pairs && strings.Count(name, "/") != 1 || !pairs && strings.Contains(name, "/") || len(out) >= mostBound {
			b.note("the right kubernetes[%d] gives nothing: %s: %q is not a name", b.entry, key, abbreviate(expr.Text(item)))
			return nil
		}
		out = append(out, literal(name))
	}
	return out
}

// literal is the pattern that matches exactly a text.
func literal(s string) string {
	return strings.NewReplacer(`\`, `\\`, "*", `\*`, "?", `\?`, "[", `\[`).Replace(s)
}
