package packs

import (
	"path"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/squall-dev/squall/runtime/automation"
)

// capabilities reads what a pack asks for. Nothing here is optional reading: a
// family or key that is not known would be a right that people believe in and
// that does not exist.
func (d *document) capabilities(n *yaml.Node) automation.Capabilities {
	var c automation.Capabilities
	d.read(n, "capabilities", fields{
		"kubernetes": func(v *yaml.Node) { c.Kubernetes = each(d, v, d.kubernetes) },
		"http":       func(v *yaml.Node) { c.HTTP = each(d, v, d.http) },
		"artifacts":  func(v *yaml.Node) { c.Artifacts = each(d, v, d.artifacts) },
		"kv":         func(v *yaml.Node) { c.KV = each(d, v, d.kv) },
		"triggers":   func(v *yaml.Node) { c.Triggers = d.patterns(v) },
		"secrets":    func(v *yaml.Node) { c.Secrets = each(d, v, d.secret) },
		"actions":    func(v *yaml.Node) { c.Actions = d.actionPatterns(v) },
	})
	return c
}

// kubernetesVerbs are those of package kube, each the right to one of its functions.
func kubernetesVerbs() []string {
	return []string{"exec", "list", "get", "logs", "proxy", "port_forward", "apply", "patch", "delete",
		"scale", "restart", "cordon", "drain", "events", "debug", "stats"}
}

func each[T any](d *document, n *yaml.Node, read func(*yaml.Node) T) []T {
	var all []T
	for _, item := range d.list(n) {
		all = append(all, read(item))
	}
	return all
}

func (d *document) kubernetes(n *yaml.Node) automation.KubernetesCapability {
	var c automation.KubernetesCapability
	d.read(n, "a kubernetes capability", fields{
		"verbs":      func(v *yaml.Node) { c.Verbs = d.oneOf(v, kubernetesVerbs()...) },
		"resources":  func(v *yaml.Node) { c.Resources = d.patterns(v) },
		"namespaces": func(v *yaml.Node) { c.Namespaces = d.bound(v) },
		"names":      func(v *yaml.Node) { c.Names = d.bound(v) },
		"pods":       func(v *yaml.Node) { c.Pods = d.pods(v) },
		"labels":     func(v *yaml.Node) { c.Labels = d.labels(v) },
		"for":        func(v *yaml.Node) { c.For = automation.Duration(d.duration(v)) },
		"manual":     func(v *yaml.Node) { c.Manual = d.boolean(v, false) },
		"contexts":   func(v *yaml.Node) { c.Contexts = d.patterns(v) },
		"reason":     func(v *yaml.Node) { c.Reason = d.text(v) },
	})
	d.needs(n, "a kubernetes capability", "verbs", len(c.Verbs) > 0)
	if len(c.Pods) > 0 && c.Resources == nil {
		c.Resources = []string{"pods"}
	}
	d.needs(n, "a kubernetes capability", "resources", len(c.Resources) > 0)
	d.checkBound(n, c)
	d.needsReason(n, "kubernetes", c.Reason)
	return c
}

// labels reads the labels that an object must have, each with a value or a pattern.
func (d *document) labels(n *yaml.Node) map[string]string {
	all := map[string]string{}
	for _, e := range d.object(n, "labels") {
		value := d.text(e.value)
		switch _, err := path.Match(value, ""); {
		case strings.Contains(value, "{{"):
			d.problem(e.value, "%q: labels can not hold a template", value)
		case err != nil:
			d.hinted(e.value, `write a value, or a pattern such as "front-*"`, "%q is not a pattern", value)
		}
		all[e.name] = value
	}
	if len(all) == 0 {
		d.hinted(n, "leave labels out to allow objects with any", "labels names none")
	}
	return all
}

func (d *document) http(n *yaml.Node) automation.HTTPCapability {
	var c automation.HTTPCapability
	d.read(n, "an http capability", fields{
		"hosts":       func(v *yaml.Node) { c.Hosts = d.hosts(v) },
		"from_config": func(v *yaml.Node) { c.FromConfig = d.texts(v) },
		"methods":     func(v *yaml.Node) { c.Methods = d.methods(v) },
		"private":     func(v *yaml.Node) { c.Private = d.boolean(v, false) },
		"insecure":    func(v *yaml.Node) { c.Insecure = d.boolean(v, false) },
		"reason":      func(v *yaml.Node) { c.Reason = d.text(v) },
	})
	d.needs(n, "an http capability", "hosts or from_config", len(c.Hosts)+len(c.FromConfig) > 0)
	d.needsReason(n, "http", c.Reason)
	return c
}

func (d *document) artifacts(n *yaml.Node) automation.ArtifactCapability {
	var c automation.ArtifactCapability
	d.read(n, "an artifacts capability", fields{
		"max_bytes": func(v *yaml.Node) { c.MaxBytes = d.size(v) },
		"reason":    func(v *yaml.Node) { c.Reason = d.text(v) },
	})
	return c
}

// kv reads a right to keys. A pack writes its own freely.
func (d *document) kv(n *yaml.Node) automation.KVCapability {
	var c automation.KVCapability
	seen := d.read(n, "a kv capability", fields{
		"scope":  func(v *yaml.Node) { c.Scope = d.oneWord(v, "pack", "user", "system") },
		"keys":   func(v *yaml.Node) { c.Keys = d.patterns(v) },
		"write":  func(v *yaml.Node) { c.Write = d.boolean(v, false) },
		"reveal": func(v *yaml.Node) { c.Reveal = d.boolean(v, false) },
		"reason": func(v *yaml.Node) { c.Reason = d.text(v) },
	})
	d.needs(n, "a kv capability", "scope", c.Scope != "")
	if c.Scope == "pack" && !seen["write"] {
		c.Write = true
	}
	if c.Scope != "pack" || c.Reveal {
		d.needsReason(n, "kv", c.Reason)
	}
	return c
}

func (d *document) oneWord(n *yaml.Node, known ...string) string {
	word := d.text(n)
	if !slices.Contains(known, word) {
		d.hinted(n, "known: "+strings.Join(known, ", "), "%q is not known here", word)
	}
	return word
}

func (d *document) secret(n *yaml.Node) automation.SecretCapability {
	var c automation.SecretCapability
	d.read(n, "a secrets capability", fields{
		"name": func(v *yaml.Node) {
			if c.Name = d.text(v); strings.Contains(c.Name, "{{") {
				d.problem(v, "%q: a capability can not hold a template", c.Name)
			}
		},
		"hosts":  func(v *yaml.Node) { c.Hosts = d.hosts(v) },
		"reveal": func(v *yaml.Node) { c.Reveal = d.boolean(v, false) },
		"reason": func(v *yaml.Node) { c.Reason = d.text(v) },
	})
	d.needs(n, "a secrets capability", "name", c.Name != "")
	d.needsReason(n, "secrets", c.Reason)
	return c
}

// needs records a key that is missing from the mapping n. It is silent when n was
// no mapping, which has been said already.
func (d *document) needs(n *yaml.Node, what, key string, there bool) {
	if m := target(n); !there && (m.Kind == yaml.MappingNode || isNull(m)) {
		d.problem(n, "%s needs %s", what, key)
	}
}

func (d *document) needsReason(n *yaml.Node, family, reason string) {
	if target(n).Kind == yaml.MappingNode && strings.TrimSpace(reason) == "" {
		d.hinted(n, `add "reason: ...": one sentence that people read before they grant it`,
			"every %s capability needs a reason", family)
	}
}

func (d *document) oneOf(n *yaml.Node, known ...string) []string {
	all := d.texts(n)
	for _, s := range all {
		if !slices.Contains(known, s) {
			d.hinted(n, "known: "+strings.Join(known, ", "), "%q is not known here", s)
		}
	}
	return all
}

// patterns reads names and shell patterns. A template would be taken for a name
// that nothing has, so it is refused.
func (d *document) patterns(n *yaml.Node) []string {
	all := d.texts(n)
	for _, s := range all {
		if strings.Contains(s, "{{") {
			d.hinted(n, `write names or shell patterns such as "prod-*"`, "%q: a capability can not hold a template", s)
		}
	}
	return all
}

// actionPatterns reads references of actions, or shell patterns of them.
func (d *document) actionPatterns(n *yaml.Node) []string {
	all := d.patterns(n)
	for _, s := range all {
		if pack, name, ok := strings.Cut(s, "."); !ok || pack == "" || name == "" {
			d.hinted(n, `write "pack.action", or a pattern such as "core.*"`, "%q is not an action", s)
		} else if _, err := path.Match(s, ""); err != nil {
			d.hinted(n, `write a pattern such as "core.*"`, "%q is not a pattern", s)
		}
	}
	return all
}

func (d *document) hosts(n *yaml.Node) []string {
	all := d.patterns(n)
	for _, s := range all {
		if strings.ContainsAny(s, "/@ ") {
			d.hinted(n, `write "host", "host:port" or "*.example.com", without scheme and path`, "%q is not a host", s)
		}
	}
	return all
}

func (d *document) methods(n *yaml.Node) []string {
	all := d.texts(n)
	for i, s := range all {
		all[i] = strings.ToUpper(s)
	}
	known := []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
	for _, s := range all {
		if !slices.Contains(known, s) {
			d.hinted(n, "known: "+strings.Join(known, ", "), "%q is not an HTTP method", s)
		}
	}
	return all
}

// fuelPerSecond turns "cpu: 500ms" into instructions. The workloads of make bench-wasm
// are charged up to 12 thousand million of them in a second of a core; a greater
// number gives a pack at least the time that it asked for.
const fuelPerSecond = 15_000_000_000

// maxMemory is all that a 32-bit guest can address.
const maxMemory = 4 << 30

// limits reads the bounds of a pack or of an action.
func (d *document) limits(n *yaml.Node) automation.Limits {
	var l automation.Limits
	seen := d.read(n, "limits", fields{
		"timeout":    func(v *yaml.Node) { l.Timeout = d.duration(v) },
		"memory":     func(v *yaml.Node) { l.Memory = d.size(v) },
		"output":     func(v *yaml.Node) { l.Output = d.size(v) },
		"log":        func(v *yaml.Node) { l.Log = d.size(v) },
		"host_calls": func(v *yaml.Node) { l.HostCalls = int(d.whole(v, 1, 1_000_000)) },
		"host_bytes": func(v *yaml.Node) { l.HostBytes = d.size(v) },
		"call_depth": func(v *yaml.Node) { l.CallDepth = int(d.whole(v, 1, 1_000_000)) },
		"fuel":       func(v *yaml.Node) { l.Fuel = d.whole(v, 1, 1<<62) },
		"cpu":        func(v *yaml.Node) { l.Fuel = int64(d.duration(v).Seconds() * fuelPerSecond) },
	})
	if seen["fuel"] && seen["cpu"] {
		d.problem(n, "limits: fuel and cpu say the same thing; keep one")
	}
	if l.Memory > maxMemory {
		d.problem(n, "limits: a module can not use more than 4GiB of memory")
	}
	return l
}
