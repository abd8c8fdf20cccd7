package rule

import (
	"cmp"
	"slices"
	"strings"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/expr"
)

// urlParameter tells webhooks apart. Rules that name it are found by its value,
// so that a webhook costs nothing to the rules of the others.
const urlParameter = "url"

// candidates are the enabled rules of one trigger type.
type candidates struct {
	byURL map[string][]*compiled
	other []*compiled // rules that name no url
}

func index(rules []*compiled) map[automation.Ref]*candidates {
	byType := map[automation.Ref]*candidates{}
	for _, r := range rules {
		if !r.Enabled {
			continue
		}
		c, ok := byType[r.Trigger.Type]
		if !ok {
			c = &candidates{byURL: map[string][]*compiled{}}
			byType[r.Trigger.Type] = c
		}
		c.add(r)
	}
	return byType
}

func (c *candidates) add(r *compiled) {
	if url, ok := r.url(); ok {
		c.byURL[url] = append(c.byURL[url], r)
		return
	}
	c.other = append(c.other, r)
}

// looking returns the rules whose trigger parameters all equal the event's.
func (c *candidates) looking(parameters map[string]any) []*compiled {
	if c == nil {
		return nil
	}
	rules := slices.Clone(c.other)
	if url, ok := parameters[urlParameter].(string); ok {
		rules = append(rules, c.byURL[trimURL(url)]...)
	}
	rules = slices.DeleteFunc(rules, func(r *compiled) bool { return !r.looksAt(parameters) })
	slices.SortFunc(rules, func(a, b *compiled) int { return cmp.Compare(a.order, b.order) })
	return rules
}

func (r *compiled) looksAt(parameters map[string]any) bool {
	for name, want := range r.trigger {
		got, ok := parameters[name]
		if !ok || !sameParameter(name, want, got) {
			return false
		}
	}
	return true
}

func sameParameter(name string, want, got any) bool {
	w, okw := want.(string)
	g, okg := got.(string)
	if name == urlParameter && okw && okg {
		return trimURL(w) == trimURL(g)
	}
	return expr.Equal(want, expr.Normal(got))
}

// url is the path that the rule's trigger names, if it names one.
func (r *compiled) url() (string, bool) {
	url, ok := r.trigger[urlParameter].(string)
	return trimURL(url), ok
}

func trimURL(url string) string { return strings.Trim(url, "/") }
