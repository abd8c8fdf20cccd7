package rule

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common"
	"github.com/google/cel-go/common/types"

	"github.com/squall-dev/squall/runtime/automation"
)

// operatorCEL is what the result of a rule's "when" has as its operator.
const operatorCEL = "cel"

const (
	// maxWhenBytes bounds an expression, which the parser reads recursively.
	maxWhenBytes = 16 << 10
	maxWhenDepth = 100
	// maxWhenCost bounds one evaluation; the same expression over the same event
	// costs the same on every machine. It is a quarter of what Kubernetes allows.
	maxWhenCost = 250_000
	// whenTimeout is the second bound, for what costs more time than it says.
	whenTimeout = 500 * time.Millisecond
	// whenCheck is after how many steps of a comprehension the time is looked at.
	whenCheck = 100
)

// when is a rule's expression in CEL, compiled.
type when struct {
	source  string
	program cel.Program
}

func (w *when) leaves() int { return 1 }

// judge evaluates the expression. Nothing but the event and the key-value store
// is within its reach.
func (w *when) judge(m *moment) automation.CriterionResult {
	r := automation.CriterionResult{Key: "when", Operator: operatorCEL, Pattern: w.source}
	value, err := w.eval(m)
	if err != nil {
		r.Error = err.Error()
		return r
	}
	r.Actual, r.Matched = value, value
	return r
}

func (w *when) eval(m *moment) (bool, error) {
	ctx, cancel := context.WithTimeout(context.Background(), whenTimeout)
	defer cancel()
	v, _, err := w.program.ContextEval(ctx, activation{m})
	switch {
	case ctx.Err() != nil:
		return false, automation.Invalid("the expression takes longer than %s", whenTimeout)
	case err != nil && strings.Contains(err.Error(), "actual cost limit exceeded"):
		return false, automation.Invalid("the expression does too much on this event")
	case err != nil:
		return false, automation.Invalid("%s", whenMessage(err.Error()))
	}
	b, ok := v.(types.Bool)
	if !ok {
		return false, automation.Invalid("the expression gives a %s, not true or false", v.Type().TypeName())
	}
	return bool(b), nil
}

// dialect compiles expressions. Its environments are made when they are first
// needed, and serve all the rules of a set.
type dialect struct {
	event, item *cel.Env
}

// compile compiles the expression of a rule. Each problem points at its place in
// the file.
func (d *dialect) compile(r *automation.Rule) (*when, []error) {
	w := &when{source: r.When}
	if len(r.When) > maxWhenBytes {
		return w, []error{problem(r, r.WhenPosition, "when is %d bytes long, and %d is the most", len(r.When), maxWhenBytes)}
	}
	env, err := d.env(r.Foreach != "")
	if err != nil {
		return w, wrap(r, r.WhenPosition, "when", err)
	}
	ast, issues := env.Compile(r.When)
	if errs := whenProblems(r, issues); len(errs) > 0 {
		return w, errs
	}
	if t := ast.OutputType(); t.Kind() != cel.BoolKind && t.Kind() != cel.DynKind {
		return w, []error{problem(r, r.WhenPosition, "when gives a %s, not true or false", t).
			WithHint(`compare it with something: trigger.body.status == "firing"`)}
	}
	w.program, err = env.Program(ast, cel.CostLimit(maxWhenCost), cel.InterruptCheckFrequency(whenCheck))
	return w, wrap(r, r.WhenPosition, "when", err)
}

func whenProblems(r *automation.Rule, issues *cel.Issues) []error {
	if issues.Err() == nil {
		return nil
	}
	var errs []error
	for _, e := range issues.Errors() {
		p := problem(r, withinText(r.WhenPosition, e.Location), "when: %s", whenMessage(e.Message))
		errs = append(errs, p.WithHint("%s", whenHint(r, e.Message)))
	}
	return errs
}

// withinText is a place within the text that begins at p. CEL counts lines from 1
// and columns from 0.
func withinText(p automation.Position, l common.Location) automation.Position {
	if p.Line == 0 || l.Line() < 1 {
		return p
	}
	p.Line += l.Line() - 1
	p.Column += max(l.Column(), 0)
	return p
}

// whenMessage leaves out what only users of the library understand.
func whenMessage(s string) string {
	if strings.Contains(s, readName) {
		return "kv takes a name, or a scope and a name, as texts"
	}
	s, _, _ = strings.Cut(s, " (in container")
	return strings.TrimPrefix(s, "Syntax error: ")
}

// whenHint says what may be named.
func whenHint(r *automation.Rule, message string) string {
	const undeclared = "undeclared reference to '"
	_, rest, ok := strings.Cut(message, undeclared)
	name, _, _ := strings.Cut(rest, "'")
	switch {
	case !ok:
		return ""
	case name == "kv":
		return `write kv("name") or kv("scope", "name")`
	case r.Foreach == "" && (name == itemName || name == indexName):
		return name + " is there only in a rule with foreach"
	}
	known := []string{triggerName, "event", "kv"}
	if r.Foreach != "" {
		known = append(known, itemName, indexName)
	}
	if c := automation.Closest(name, known); c != "" {
		return "did you mean " + c + "?"
	}
	return "the names are " + strings.Join(known, ", ")
}

func (d *dialect) env(foreach bool) (*cel.Env, error) {
	if d.event == nil {
		event, err := newEnv()
		if err != nil {
			return nil, fmt.Errorf("set up CEL: %w", err)
		}
		item, err := event.Extend(cel.Variable(itemName, cel.DynType), cel.Variable(indexName, cel.IntType))
		if err != nil {
			return nil, fmt.Errorf("set up CEL: %w", err)
		}
		d.event, d.item = event, item
	}
	if foreach {
		return d.item, nil
	}
	return d.event, nil
}

func newEnv() (*cel.Env, error) {
	registry, err := types.NewRegistry()
	if err != nil {
		return nil, err
	}
	return cel.NewEnv(
		cel.CustomTypeProvider(registry),
		cel.CustomTypeAdapter(jsonAdapter{registry}),
		cel.CrossTypeNumericComparisons(true),
		cel.DefaultUTCTimeZone(true),
		cel.ParserRecursionLimit(maxWhenDepth),
		cel.ParserExpressionSizeLimit(maxWhenBytes),
		cel.RegexProgramSizeLimit(10_000),
		cel.Variable(triggerName, cel.DynType),
		cel.Variable("event", cel.MapType(cel.StringType, cel.DynType)),
		kvLibrary(),
	)
}

// activation gives names to an expression.
type activation struct{ *moment }

// ResolveName finds a variable.
func (a activation) ResolveName(name string) (any, bool) {
	switch name {
	case "event":
		return eventNames(a.in), true
	case storeName:
		return kvStore{a.in.KV}, true
	}
	v, ok := a.names[name]
	return v, ok
}

// Parent returns nil: there are no other names.
func (a activation) Parent() cel.Activation { return nil }

// eventNames is what an expression sees as "event".
func eventNames(in *Input) map[string]any {
	at := in.Event.ReceivedAt
	if at.IsZero() {
		at = in.Now
	}
	parameters := in.Parameters
	if parameters == nil {
		parameters = map[string]any{}
	}
	return map[string]any{
		"id": in.Event.ID, "trigger": string(in.Trigger), "parameters": parameters,
		"received_at": at, "summary": in.Event.Summary,
	}
}
