package rule

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/expr"
)

// compiled is a rule with everything parsed that can be parsed beforehand.
type compiled struct {
	automation.Rule
	order      int
	trigger    map[string]any        // the trigger's parameters
	foreach    *expr.Path            // nil without it
	conditions []condition           // the criteria, the groups and when, in the order in which they decide
	total      int                   // criteria in them
	parameters map[string]*expr.Deep // of the action
	keys       map[automation.Control]*expr.Template
	usesKeys   bool // whether a template may ask for a key of the key-value store
}

// Compile checks and compiles rules. It reports all problems of all rules
// together; each is an *[automation.Error] of kind ErrInvalid that names the
// file, line and column.
func Compile(rules []automation.Rule) (*Set, error) {
	set := &Set{byRef: make(map[automation.Ref]*compiled, len(rules))}
	var errs []error
	cel := &dialect{}
	for i, r := range rules {
		c, problems := compile(r, cel)
		errs = append(errs, problems...)
		c.order = i
		if first, ok := set.byRef[r.Ref()]; ok {
			errs = append(errs, duplicate(&first.Rule, &r))
			continue
		}
		set.byRef[r.Ref()] = c
		set.rules = append(set.rules, c)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	set.index = index(set.rules)
	return set, nil
}

func duplicate(first, second *automation.Rule) error {
	return problem(second, second.Position, "there is another rule of this name%s", inPlace(first.Position)).
		WithHint("give one of the two another name")
}

func inPlace(p automation.Position) string {
	if p == (automation.Position{}) {
		return ""
	}
	return " in " + place(p)
}

// compile returns a rule even with an error, so that the caller can go on
// looking for problems.
func compile(r automation.Rule, cel *dialect) (*compiled, []error) {
	c := &compiled{Rule: r, trigger: normalMap(r.Trigger.Parameters), usesKeys: usesKeys(&r)}
	errs := checkNames(&r)
	errs = append(errs, c.compileForeach()...)
	errs = append(errs, c.compileConditions(cel)...)
	errs = append(errs, duplicateKeys(&r)...)
	errs = append(errs, c.compileParameters()...)
	errs = append(errs, c.compileKeys()...)
	return c, errs
}

func (c *compiled) compileConditions(cel *dialect) []error {
	var errs []error
	add := func(condition condition, problems ...error) {
		errs = append(errs, problems...)
		c.conditions = append(c.conditions, condition)
		c.total += condition.leaves()
	}
	for i := range c.Criteria {
		l, err := compileLeaf(&c.Rule, &c.Criteria[i])
		add(l, split(err)...)
	}
	for i := range c.Groups {
		g, err := compileGroup(&c.Rule, &c.Groups[i], 1)
		add(g, split(err)...)
	}
	if c.When != "" {
		w, problems := cel.compile(&c.Rule)
		add(w, problems...)
	}
	return errs
}

// split takes joined problems apart, so that each of them counts.
func split(err error) []error {
	if err == nil || isProblem(err) {
		return []error{err}
	}
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return []error{err}
	}
	var errs []error
	for _, e := range joined.Unwrap() {
		errs = append(errs, split(e)...)
	}
	return errs
}

func normalMap(m map[string]any) map[string]any {
	out, _ := expr.Normal(m).(map[string]any)
	return out
}

func checkNames(r *automation.Rule) []error {
	var errs []error
	if r.Name == "" {
		errs = append(errs, problem(r, r.Position, "the rule has no name"))
	}
	if _, err := automation.ParseRef(string(r.Trigger.Type)); err != nil {
		errs = append(errs, wrap(r, r.Position, "trigger type", err)...)
	}
	if _, err := automation.ParseRef(string(r.Action.Ref)); err != nil {
		errs = append(errs, wrap(r, r.Position, "action", err)...)
	}
	return errs
}

func duplicateKeys(r *automation.Rule) []error {
	var errs []error
	seen := map[string]bool{}
	for _, c := range r.Criteria {
		if seen[c.Key] {
			errs = append(errs, problem(r, c.Position, "criterion %s stands here twice", c.Key).
				WithHint("to test one value twice, make the keys differ: %s#2", c.Key))
		}
		seen[c.Key] = true
	}
	return errs
}

func (c *compiled) compileParameters() []error {
	var errs []error
	c.parameters = make(map[string]*expr.Deep, len(c.Action.Parameters))
	for _, name := range slices.Sorted(maps.Keys(c.Action.Parameters)) {
		d, err := expr.CompileDeep(c.Action.Parameters[name])
		errs = append(errs, wrap(&c.Rule, c.Position, "action parameter "+name, err)...)
		c.parameters[name] = d
	}
	return errs
}

// problem makes an error that says where: "rules/a.yaml:12:3: rule labs.a: ...".
func problem(r *automation.Rule, p automation.Position, format string, args ...any) *automation.Error {
	message := "rule " + r.Ref().String() + ": " + fmt.Sprintf(format, args...)
	if p == (automation.Position{}) {
		p = r.Position
	}
	if p != (automation.Position{}) {
		message = place(p) + ": " + message
	}
	return automation.Invalid("%s", message).WithCode("invalid_rule")
}

// wrap makes one problem of each error that was joined into err.
func wrap(r *automation.Rule, p automation.Position, what string, err error) []error {
	if err == nil {
		return nil
	}
	if joined, ok := err.(interface{ Unwrap() []error }); ok && !isProblem(err) {
		var errs []error
		for _, e := range joined.Unwrap() {
			errs = append(errs, wrap(r, p, what, e)...)
		}
		return errs
	}
	if child := (misplaced{}); errors.As(err, &child) && child.at != (automation.Position{}) {
		p = child.at
	}
	return []error{problem(r, p, "%s", what).Because(err).WithHint("%s", automation.HintOf(err))}
}

// isProblem tells one problem, which unwraps to its kind and cause, from a
// collection of them.
func isProblem(err error) bool {
	_, ok := err.(*automation.Error)
	return ok
}

func place(p automation.Position) string {
	if p.Line == 0 {
		return p.File
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column)
}
