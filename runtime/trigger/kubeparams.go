package trigger

import (
	"fmt"
	"slices"
	"strings"

	"github.com/squall-dev/squall/runtime/automation"
)

// CheckKubeWatch tells what is wrong with the parameters of a watch. It accepts those
// of any other trigger.
func CheckKubeWatch(trigger automation.Ref, parameters map[string]any) error {
	if trigger != KubeWatchType {
		return nil
	}
	_, err := parseWatch(parameters)
	return err
}

func watchEvents() []string { return []string{"added", "modified", "deleted"} }

// parseWatch reads parameters and collects what is wrong with them one at a time.
func parseWatch(p map[string]any) (watchParameters, error) {
	r := paramReader{given: p, known: map[string]bool{}}
	out := watchParameters{initial: r.boolean("initial")}
	kind, version, resource := r.text("kind"), r.text("apiVersion"), r.text("resource")
	out.query = KubeQuery{Context: r.text("context"), LabelSelector: r.text("label_selector"), FieldSelector: r.text("field_selector")}
	out.namespaces, out.events = r.list("namespaces"), r.list("events")
	if err := r.finish(); err != nil {
		return out, err
	}
	switch {
	case (kind == "") == (resource == ""):
		return out, automation.Invalid("a watch needs either kind or resource").WithHint("write kind: Pod, or resource: deployments.apps")
	case version != "" && kind == "":
		return out, automation.Invalid("apiVersion goes with kind")
	}
	out.query.Resource = resource
	if kind != "" {
		out.query.Resource = kindIn(kind, version)
	}
	if len(out.namespaces) == 0 {
		out.namespaces = []string{""}
	}
	if len(out.events) == 0 {
		out.events = watchEvents()
	}
	for _, e := range out.events {
		if !slices.Contains(watchEvents(), e) {
			return out, automation.Invalid("events: %q is none of %s", e, strings.Join(watchEvents(), ", "))
		}
	}
	slices.Sort(out.namespaces)
	out.namespaces = slices.Compact(out.namespaces)
	return out, nil
}

// kindIn names a kind with its group: Deployment.apps. The cluster knows the version.
func kindIn(kind, apiVersion string) string {
	group, _, grouped := strings.Cut(apiVersion, "/")
	if !grouped {
		return kind
	}
	return kind + "." + group
}

// paramReader reads parameters by name and notices those that nobody reads.
type paramReader struct {
	given map[string]any
	known map[string]bool
	err   error
}

func (r *paramReader) value(name string) any {
	r.known[name] = true
	return r.given[name]
}

func (r *paramReader) wrong(name, want string, v any) {
	if r.err == nil {
		r.err = automation.Invalid("%s: %v is not %s", name, v, want)
	}
}

func (r *paramReader) text(name string) string {
	v := r.value(name)
	s, ok := v.(string)
	if !ok && v != nil {
		r.wrong(name, "a text", v)
	}
	return strings.TrimSpace(s)
}

func (r *paramReader) boolean(name string) bool {
	v := r.value(name)
	b, ok := v.(bool)
	if !ok && v != nil {
		r.wrong(name, "true or false", v)
	}
	return b
}

// list reads a list of texts; one text is a list too.
func (r *paramReader) list(name string) []string {
	switch v := r.value(name).(type) {
	case nil:
	case string:
		return []string{v}
	case []string:
		return slices.Clone(v)
	case []any:
		var all []string
		for _, item := range v {
			s, ok := item.(string)
			if !ok || s == "" {
				r.wrong(name, "a list of texts", v)
			}
			all = append(all, s)
		}
		return all
	default:
		r.wrong(name, "a list of texts", v)
	}
	return nil
}

func (r *paramReader) finish() error {
	for name := range r.given {
		if !r.known[name] && r.err == nil {
			r.err = automation.Invalid("a watch has no parameter %q", fmt.Sprint(name)).
				WithHint("it has: kind, apiVersion, resource, namespaces, label_selector, field_selector, events, initial, context")
		}
	}
	return r.err
}
