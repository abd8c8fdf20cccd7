package main

import (
	"encoding/json"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// commands returns every command that people can call.
func commands(t *testing.T) []*cobra.Command {
	t.Helper()
	c := newCLI(&streams{in: strings.NewReader(""), out: os.Stdout, err: os.Stderr, env: os.Getenv})
	var all []*cobra.Command
	var walk func(*cobra.Command)
	walk = func(cmd *cobra.Command) {
		all = append(all, cmd)
		for _, child := range cmd.Commands() {
			walk(child)
		}
	}
	root := newRootCommand(c)
	root.InitDefaultHelpCmd()
	walk(root)
	return all
}

func TestEveryCommandExplainsItself(t *testing.T) {
	t.Parallel()
	for _, cmd := range commands(t) {
		switch {
		case cmd.IsAdditionalHelpTopicCommand():
			if cmd.Long == "" {
				t.Errorf("topic %s says nothing", cmd.Name())
			}
			continue
		case cmd.Short == "" || strings.HasSuffix(cmd.Short, "."):
			t.Errorf("%s: its short description is empty or ends with a full stop: %q", cmd.CommandPath(), cmd.Short)
		}
		for line := range strings.Lines(cmd.Example) {
			if !strings.HasPrefix(line, "  ") || !strings.Contains(line, "squall") {
				t.Errorf("%s: example %q is not indented or not about squall", cmd.CommandPath(), line)
			}
		}
		if cmd.Example == "" {
			t.Errorf("%s has no example", cmd.CommandPath())
		}
		if depth := strings.Count(cmd.CommandPath(), " "); depth == 1 && cmd.GroupID == "" && !cmd.Hidden {
			t.Errorf("%s belongs to no group of the help", cmd.CommandPath())
		}
	}
}

// TestJSONOfEveryCommandParses knows a command line for each command that shows
// data; one without fails, so that a new command is not forgotten.
func TestJSONOfEveryCommandParses(t *testing.T) {
	t.Parallel()
	rule := filepath.Join(t.TempDir(), "rule.yaml")
	if err := os.WriteFile(rule, []byte("name: x"), 0o600); err != nil {
		t.Fatal(err)
	}
	rights := filepath.Join(t.TempDir(), "rights.json")
	if err := os.WriteFile(rights, []byte(`{"artifacts":[{}]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	keys := filepath.Join(t.TempDir(), "keys.yaml")
	if err := os.WriteFile(keys, []byte("- {name: colour, value: red}\n- {name: shape, value: {a: 1}, ttl: 60}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	lines := map[string]string{
		"run": "core.echo", "execution list": "", "execution get": good, "execution logs": good, "execution cancel": slow, "execution pause": slow, "execution resume": slow,
		"execution rerun": good, "execution wait": good, "execution tape": good, "execution replay": good, "execution export-test": good, "event list": "", "event get": event, "event release": event + " labs_sre.on_memory", "event send": "--webhook x",
		"trigger list": "", "trigger get": "core.execution.failed",
		"source list": "", "source get": "t1", "timer list": "", "timer get": "t1", "webhook list": "", "sensor list": "", "sensor get": "feeds.new", "sensor poll": "feeds.new", "sensor pause": "feeds.new", "sensor resume": "feeds.new", "sensor reset": "feeds.new", "webhook deliveries": "",
		"secret list": "", "secret set": "colour -f " + rights, "secret delete": "colour", "secret rotate-key": "",
		"stop-all": "--reason x", "resume-all": "", "held list": "", "held release": good,
		"kv list": "", "kv get": "colour", "kv set": "colour red", "kv delete": "colour", "kv load": keys,
		"rule list": "", "rule get": "labs_sre.on_memory", "rule why": "labs_sre.on_memory", "rule test": "labs_sre.on_memory --event " + event,
		"policy list": "", "policy get": "shop.one", "action list": "", "action get": "core.echo", "pack list": "", "pack get": "core", "pack capabilities": "core", "pack grant": "core -f " + rights, "pack ungrant": "core", "pack inspect": "../../runtime/wasm/testdata/echo.wasm", "doctor": "", "torture": "--only clock --rounds 1 --data " + filepath.Join(t.TempDir(), "torture"), "artifact list": "", "artifact get": file, "artifact flame": file, "artifact pin": file, "artifact unpin": file, "retention": "", "audit list": "", "audit verify": "", "version": "",
	}
	other := " audit export export executions export events pack check pack test login completion help server demo backup restore " // tested on their own, or without data
	server := httptest.NewServer(newFake())
	t.Cleanup(server.Close)
	for _, cmd := range commands(t) {
		name := strings.TrimPrefix(strings.TrimPrefix(cmd.CommandPath(), "squall"), " ")
		rest, known := lines[name]
		if cmd.HasSubCommands() || cmd.Hidden || cmd.IsAdditionalHelpTopicCommand() || strings.Contains(other, " "+name+" ") {
			continue
		}
		if !known {
			t.Errorf("no command line for %s", name)
		}
		for _, format := range []string{"json", "jsonl", "yaml", "name", "wide"} {
			args := append(strings.Fields(name+" "+rest), "-o", format, "--server", server.URL)
			code, out, errs := execute(t, withToken, args...)
			if code != exitOK || out == "" {
				t.Errorf("%s: exit code %d, %q, %s", args, code, out, errs)
			}
			for line := range strings.Lines(out) {
				if format == "jsonl" && !json.Valid([]byte(line)) {
					t.Errorf("%s: %q is not JSON", args, line)
				}
			}
			if format == "json" && !json.Valid([]byte(out)) {
				t.Errorf("%s: not JSON: %s", args, out)
			}
		}
	}
}

func withToken(c *cli) {
	c.env = func(name string) string {
		if name == "SQUALL_TOKEN" {
			return fakeToken
		}
		return ""
	}
}

func TestExitCodesAreDocumented(t *testing.T) {
	t.Parallel()
	_, help, _ := execute(t, func(*cli) {}, "help", "exit-codes")
	for _, code := range []string{"  0  ", "  1  ", "  2  ", "  3  ", "  4  ", "  5  ", "  6  ", "  7  ", "  8  ", "130  "} {
		if !strings.Contains(help, code) {
			t.Errorf("%q is not in the help:\n%s", code, help)
		}
	}
}
