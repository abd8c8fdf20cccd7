package rule

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/expr"
)

const errEmptyPayload = "the payload is empty"

// scope is what a criterion may refer to.
type scope struct {
	names map[string]any // "trigger", or "item" inside a search
	now   time.Time
}

// predicate tests a value against a pattern that is already known.
type predicate func(value any, s scope) (bool, error)

// criterion is one condition, compiled.
type criterion struct {
	automation.Criterion
	path     expr.Path
	operator *Operator
	test     predicate      // for a pattern that is known beforehand
	template *expr.Template // for one that depends on the event
}

// compileCriterion parses what does not depend on the event.
func compileCriterion(c automation.Criterion) (criterion, error) {
	out := criterion{Criterion: c}
	out.Pattern = expr.Normal(c.Pattern)
	key, _, _ := strings.Cut(c.Key, "#") // the rest only makes keys unique
	path, errPath := expr.ParsePath(key)
	out.path = path
	operator, errOperator := findOperator(c.Operator)
	if err := errors.Join(errPath, errOperator); err != nil {
		return out, err
	}
	out.operator = operator
	return out, out.compilePattern()
}

func (c *criterion) compilePattern() error {
	if s, ok := c.Pattern.(string); ok && expr.IsTemplate(s) {
		t, err := expr.Compile(s)
		c.template = t
		return err
	}
	if c.Pattern == nil && !c.operator.takesNull {
		return automation.Invalid("operator %s needs a pattern", c.operator.Name)
	}
	var err error
	if c.operator.Name == searchName {
		c.test, err = prepareSearchAt(c.Pattern, c.Condition, c.Children)
	} else {
		c.test, err = c.operator.predicate(c.Pattern, c.Condition)
	}
	return err
}

// evaluate says what the criterion expected and saw.
func (c *criterion) evaluate(s scope) automation.CriterionResult {
	r := c.unseen()
	r.Error = ""
	r.Actual, _ = c.path.Lookup(s.names)
	test, err := c.test, error(nil)
	if c.template != nil {
		r.Pattern, test, err = c.renderPattern(s)
	}
	if err == nil {
		r.Matched, err = test(r.Actual, s)
	}
	if err != nil {
		r.Error = err.Error()
	}
	return r
}

// renderPattern makes the test for this event's pattern.
func (c *criterion) renderPattern(s scope) (any, predicate, error) {
	pattern, err := c.template.EvalPattern(s.names)
	if err != nil {
		return c.Pattern, nil, fmt.Errorf("render pattern: %w", err)
	}
	test, err := c.operator.predicate(pattern, c.Condition)
	return pattern, test, err
}

// unseen is the result for an event with nothing to look at.
func (c *criterion) unseen() automation.CriterionResult {
	return automation.CriterionResult{
		Key: c.Key, Operator: c.Operator, Pattern: c.Pattern, Error: errEmptyPayload,
	}
}
