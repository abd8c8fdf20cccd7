package main

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/squall-dev/squall/packs"
	"github.com/squall-dev/squall/runtime/config"
	"github.com/squall-dev/squall/runtime/daemon"
)

// TestLiveScripts runs testdata/live/*.txtar, each against a real server of its
// own with the pack "live", whose guests are a few hundred bytes of hand-written Wasm.
func TestLiveScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/live",
		Setup:               startServer,
		Cmds:                map[string]func(*testscript.TestScript, bool, []string){"exits": exits, "set": set},
		RequireExplicitExec: true,
	})
}

// set keeps the one line that a command prints: set NAME squall run ... -o name
func set(ts *testscript.TestScript, _ bool, args []string) {
	ts.Check(ts.Exec(args[1], args[2:]...))
	ts.Setenv(args[0], strings.TrimSpace(ts.ReadFile("stdout")))
}

// livePack is what the scripts run.
func livePack() fstest.MapFS {
	action := func(module, name, parameters string) *fstest.MapFile {
		return &fstest.MapFile{Data: []byte("name: " + name + "\nrunner_type: wasm\nentry_point: " + module + "\ndescription: For tests.\nenabled: true\nparameters: " + parameters + "\n")}
	}
	return fstest.MapFS{
		"pack.yaml":           {Data: []byte("name: live\nversion: 1.0.0\ndescription: For tests.\nlimits: {timeout: 60s, cpu: 120s}\n")},
		"actions/echo.yaml":   action("echo.wasm", "echo", "{text: {type: string, default: quiet}}"),
		"actions/count.yaml":  action("behave.wasm", "count", "{}"),
		"actions/fail.yaml":   action("behave.wasm", "fail", "{}"),
		"actions/spin.yaml":   action("behave.wasm", "spin", "{}"),
		"actions/trap.yaml":   action("behave.wasm", "trap", "{}"),
		"actions/one.yaml":    action("behave.wasm", "one", "{}\nexport: spin"),
		"policies/one.yaml":   {Data: []byte("name: one\nresource_ref: live.one\npolicy_type: action.concurrency\nparameters: {threshold: 1}\n")},
		"policies/two.yaml":   {Data: []byte("name: two\nresource_ref: live.one\npolicy_type: queue\nparameters: {max_depth: 2}\n")},
		"rules/from_web.yaml": {Data: []byte("name: from_web\nenabled: true\ntrigger: {type: core.st2.webhook, parameters: {url: live}}\ncriteria:\n  trigger.body.n: {type: greaterthan, pattern: 3}\naction:\n  ref: live.echo\n  parameters: {text: \"{{ trigger.body.n }}\"}\n")},
	}
}

func startServer(env *testscript.Env) error {
	c := config.Default()
	c.Listen, c.Data, c.Packs = "127.0.0.1:0", filepath.Join(env.WorkDir, "data"), filepath.Join(env.WorkDir, "packs")
	c.DrainTimeout = time.Second
	if err := layOut(filepath.Join(c.Packs, "live")); err != nil {
		return err
	}
	ready := make(chan daemon.Started, 1)
	d, err := daemon.New(context.Background(), daemon.Options{
		Config: c, Logger: slog.New(slog.DiscardHandler), Ready: func(s daemon.Started) { ready <- s },
	})
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- d.Run(ctx) }()
	env.Defer(func() {
		stop()
		if err := <-done; err != nil {
			env.T().Fatal("server: ", err)
		}
	})
	select {
	case s := <-ready:
		env.Vars = append(env.Vars, "SQUALL_URL="+s.URL, "SQUALL_DATA="+c.Data, "HOME="+env.WorkDir, "LANG=C.UTF-8", "TERM=xterm")
		return nil
	case err := <-done:
		done <- nil
		return errors.Join(errors.New("the server did not start"), err)
	}
}

func layOut(dir string) error {
	pack := livePack()
	for _, name := range []string{"echo.wasm", "behave.wasm"} {
		code, err := os.ReadFile(filepath.Join("..", "..", "runtime", "wasm", "testdata", name))
		if err != nil {
			return err
		}
		pack[name] = &fstest.MapFile{Data: code}
	}
	return os.CopyFS(dir, pack)
}

func TestDemoSaysThatItsPackIsNotBuilt(t *testing.T) {
	t.Parallel()
	err := checkDemoPacks(fstest.MapFS{})
	if exitOf(err) != exitUnreachable || !strings.Contains(nextStep(nil, err), "make build") {
		t.Errorf("%v, hint %q", err, nextStep(nil, err))
	}
	if err := checkDemoPacks(fstest.MapFS{"labs_sre/pack.wasm": {}}); err != nil {
		t.Error(err)
	}
}

// TestDemoOnce tells the whole story: leak, alert, rule, sandbox, heap dump.
func TestDemoOnce(t *testing.T) { // not parallel: a victim on a busy machine may be gone too early
	if _, err := fs.Stat(packs.Demo(), "labs_sre/pack.wasm"); err != nil {
		t.Skip("the demo's pack is not built: make packs")
	}
	if testing.Short() {
		t.Skip("compiles two guests of 3 MB, which takes minutes under the race detector; the run without -short tells the story")
	}
	temporary := t.TempDir()
	t.Setenv("TMPDIR", temporary)
	out, errs, err := outcome(program(t, "demo", "--once", "-o", "json", "--limit=134217728", "--rate=33554432"))
	if err != nil {
		t.Fatalf("%v\n%s", err, errs)
	}
	var r demoResult
	if err := json.Unmarshal([]byte(out), &r); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if r.ArtifactBytes < 500 || r.AlertToStored <= 0 || r.StoredToKilled <= 0 || r.Execution == "" || strings.Contains(out, `\u0026`) {
		t.Errorf("got %s", out)
	}
	if left, err := os.ReadDir(temporary); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
	if !strings.Contains(errs, "after the alert") {
		t.Errorf("told: %s", errs)
	}
}
