package main

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/squall-dev/squall/runtime/automation"
)

// execute runs a command line in this process.
func execute(t *testing.T, adjust func(*cli), args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	c := newCLI(&streams{in: strings.NewReader(""), out: &out, err: &errs, env: func(string) string { return "" }})
	adjust(c)
	root := newRootCommand(c)
	root.SetArgs(args)
	cmd, err := root.ExecuteContextC(t.Context())
	return c.report(args, cmd, err), out.String(), errs.String()
}

func TestPackCheckSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	load := func(_ context.Context, dir string) (automation.PackStatus, error) {
		if dir == "good" {
			return automation.PackStatus{Name: "labs", Version: "1.2.0", Actions: []automation.Ref{"labs.a", "labs.b"}}, nil
		}
		return automation.PackStatus{Name: "bad"}, automation.Invalid("pack.yaml:3:1: unknown key colour").WithHint("did you mean color")
	}
	give := func(c *cli) { c.loadPack = load }
	code, out, _ := execute(t, give, "pack", "check", "good")
	if code != 0 || !strings.Contains(out, "pack labs 1.2.0 can be loaded") || !strings.Contains(out, "labs.a, labs.b") {
		t.Errorf("%d %s", code, out)
	}
	code, out, errs := execute(t, give, "pack", "check", "bad")
	if want := "Error: pack.yaml:3:1: unknown key colour\n  did you mean color\n"; code != exitInvalid || out != "" || errs != want {
		t.Errorf("%d %s %s", code, out, errs)
	}
}
