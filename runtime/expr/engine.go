package expr

import "github.com/squall-dev/squall/runtime/automation"

// program is a template that needs more than following references.
type program struct {
	body []statement
	// single is the only thing in the template, if that is one expression.
	single node
}

func compileProgram(source string) (*program, error) {
	body, err := parseTemplate(source)
	if err != nil {
		return nil, errTemplate(source, err)
	}
	return &program{body: body, single: single(body)}, nil
}

func errTemplate(source string, err error) error {
	hint := automation.HintOf(err)
	if hint == "" {
		hint = "to keep braces as they are, write {% raw %}{{ }}{% endraw %}"
	}
	return automation.Invalid("template %q", excerpt(source)).Because(err).WithHint("%s", hint)
}
