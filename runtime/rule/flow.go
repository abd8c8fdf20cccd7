package rule

import (
	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/expr"
)

// controlKeys lists the keys of the controls that are set, in the order in which
// the controls are asked.
func controlKeys(f *automation.Flow) []controlKey {
	var all []controlKey
	if f.Count != nil {
		all = append(all, controlKey{automation.ControlCount, f.Count.Key})
	}
	if f.Dedupe != nil {
		all = append(all, controlKey{automation.ControlDedupe, f.Dedupe.Key})
	}
	if f.Throttle != nil {
		all = append(all, controlKey{automation.ControlThrottle, f.Throttle.Key})
	}
	if f.Debounce != nil {
		all = append(all, controlKey{automation.ControlDebounce, f.Debounce.Key})
	}
	return all
}

type controlKey struct {
	control automation.Control
	key     string
}

func (c *compiled) compileKeys() []error {
	var errs []error
	for _, k := range controlKeys(&c.Flow) {
		t, err := expr.Compile(k.key)
		if err != nil {
			errs = append(errs, wrap(&c.Rule, c.Position, string(k.control)+" key", err)...)
			continue
		}
		if c.keys == nil {
			c.keys = make(map[automation.Control]*expr.Template)
		}
		c.keys[k.control] = t
	}
	return errs
}

// renderKeys renders the keys of the rule's controls.
func (c *compiled) renderKeys(names map[string]any) (map[automation.Control]string, string) {
	if len(c.keys) == 0 {
		return nil, ""
	}
	out := make(map[automation.Control]string, len(c.keys))
	for _, k := range controlKeys(&c.Flow) {
		v, err := c.keys[k.control].Eval(names)
		if err != nil {
			return nil, string(k.control) + " key: " + err.Error()
		}
		out[k.control] = expr.Text(v)
	}
	return out, ""
}
