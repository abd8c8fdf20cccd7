package main

import (
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// programEnv turns the test binary, and what it starts, into the program.
const programEnv = "SQUALL_TEST_PROGRAM"

// TestMain lets the tests run the program as a process of its own. Its compiler
// process gets no environment.
func TestMain(m *testing.M) {
	if os.Getenv(programEnv) != "" || len(os.Args) > 1 && (os.Args[1] == compileCommand || os.Args[1] == tortureCommand) {
		main()
	}
	testscript.Main(m, map[string]func(){"squall": main})
}

// TestScripts runs testdata/*.txtar, each against a fake server of its own.
func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir:   "testdata",
		Setup: setUp,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"asked": asked,
			"exits": exits,
		},
		RequireExplicitExec: true,
	})
}

type fakeKey struct{}

func setUp(env *testscript.Env) error {
	f := newFake()
	server := httptest.NewServer(f)
	env.Defer(func() {
		server.CloseClientConnections()
		server.Close()
	})
	modules, err := filepath.Abs(filepath.Join("..", "..", "runtime", "wasm", "testdata"))
	if err != nil {
		return err
	}
	env.Values[fakeKey{}] = f
	env.Vars = append(env.Vars, "SQUALL_URL="+server.URL, "SQUALL_TOKEN="+fakeToken, "HOME="+env.WorkDir,
		"MODULES="+modules, "GOOD="+good, "BAD="+bad, "LATER="+later, "SLOW="+slow, "EVENT="+event, "FILE="+file, "TORN="+torn)
	return nil
}

// asked waits until the server was asked for something that holds the text, or
// with ! says that it was not.
func asked(ts *testscript.TestScript, neg bool, args []string) {
	text := strings.Join(args, " ")
	f := ts.Value(fakeKey{}).(*fake)
	limit := time.After(10 * time.Second)
	for {
		all, more := f.requests()
		switch found := strings.Contains(all, text); {
		case found && neg:
			ts.Fatalf("asked for %s:\n%s", text, all)
		case found || neg:
			return
		}
		select {
		case <-more:
		case <-limit:
			ts.Fatalf("not asked for %s, but:\n%s", text, all)
		}
	}
}

// exits runs a command and compares its exit code.
func exits(ts *testscript.TestScript, _ bool, args []string) {
	err := ts.Exec(args[1], args[2:]...)
	code := "0"
	if err != nil {
		code = strings.TrimPrefix(err.Error(), "exit status ")
	}
	if code != args[0] {
		ts.Fatalf("exit code %s, not %s: %s", code, args[0], ts.ReadFile("stderr"))
	}
}
