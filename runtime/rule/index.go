package rule

import (
	"encoding/json"
	"strconv"
	"strings"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/expr"
)

// urlParameter tells webhooks apart. Rules that name it are found by its value,
// so that a webhook costs nothing to the rules of the others.
const urlParameter = "url"

// candidates are the enabled rules of one trigger type.
type candidates struct {
	byURL map[string][]*tribe
	other []*tribe // whose rules name no url
	byKey map[string]*tribe
}

// tribe is the rules that name the same parameters of their trigger: they look
// at the same events.
type tribe struct {
	parameters         map[string]any
	standard, backstop pool
}

func index(rules []*compiled) map[automation.Ref]*candidates {
	byType := map[automation.Ref]*candidates{}
	for _, r := range rules {
		if !r.Enabled {
			continue
		}
		c, ok := byType[r.Trigger.Type]
		if !ok {
			c = &candidates{byURL: map[string][]*tribe{}, byKey: map[string]*tribe{}}
			byType[r.Trigger.Type] = c
		}
		c.tribe(r).add(r)
	}
	for _, c := range byType {
		for _, t := range c.byKey {
			t.standard.build()
			t.backstop.build()
		}
	}
	return byType
}

// tribe finds or makes the one that the rule belongs to.
func (c *candidates) tribe(r *compiled) *tribe {
	key := parametersKey(r)
	if t, ok := c.byKey[key]; ok {
		return t
	}
	t := &tribe{parameters: r.trigger}
	c.byKey[key] = t
	if url, ok := r.url(); ok {
		c.byURL[url] = append(c.byURL[url], t)
	} else {
		c.other = append(c.other, t)
	}
	return t
}

// parametersKey is the same text for the same trigger parameters.
func parametersKey(r *compiled) string {
	if len(r.trigger) == 0 {
		return ""
	}
	key, err := json.Marshal(r.trigger)
	if err != nil { // an infinity: then the rule stands alone
		return strconv.Itoa(r.order)
	}
	return string(key)
}

func (t *tribe) add(r *compiled) {
	if r.Backstop {
		t.backstop.rules = append(t.backstop.rules, r)
		return
	}
	t.standard.rules = append(t.standard.rules, r)
}

// looking returns those whose trigger parameters all equal the event's.
func (c *candidates) looking(parameters map[string]any) []*tribe {
	if c == nil {
		return nil
	}
	var found []*tribe
	if url, ok := parameters[urlParameter].(string); ok {
		found = lookingAt(found, c.byURL[trimURL(url)], parameters)
	}
	return lookingAt(found, c.other, parameters)
}

func lookingAt(found, tribes []*tribe, parameters map[string]any) []*tribe {
	for _, t := range tribes {
		if t.looksAt(parameters) {
			found = append(found, t)
		}
	}
	return found
}

func (t *tribe) looksAt(parameters map[string]any) bool {
	for name, want := range t.parameters {
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
