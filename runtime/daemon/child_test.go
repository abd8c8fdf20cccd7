package daemon

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/client"
	"github.com/squall-dev/squall/runtime/config"
)

// runners serves a pack whose actions run others, read files and do not end, with a
// single worker.
func runners(t *testing.T, change func(*config.Config)) *harness {
	t.Helper()
	runner, err := os.ReadFile("testdata/runner.wasm")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	writePack(t, dir, "runner", map[string]string{
		"pack.wasm": string(runner),
		"pack.yaml": "name: runner\nversion: 1.0.0\ndescription: Runs.\nauthor: test\n" +
			"capabilities: {actions: [\"runner.*\"], artifacts: [{max_bytes: 1KiB}]}\nlimits: {timeout: 20s}\n",
		"actions/run.yaml": "name: run\nrunner_type: wasm\ndescription: Runs another.\nparameters:\n" +
			"  action: {type: string, required: true}\n  parameters: {type: object}\n  wait: {type: boolean}\n",
		"actions/read.yaml": "name: read\nrunner_type: wasm\ndescription: Reads a file.\nparameters: {name: {type: string, required: true}}\n",
		"actions/spin.yaml": "name: spin\nrunner_type: wasm\ndescription: Never answers.\n",
	})
	return serve(t, dir, func(c *config.Config) {
		c.Workers = 1
		if change != nil {
			change(c)
		}
	})
}

// nested runs an action below so many others.
func nested(depth int, action string, parameters map[string]any) map[string]any {
	request := map[string]any{"action": action, "parameters": parameters, "wait": true}
	for range depth {
		request = map[string]any{"action": "runner.run", "parameters": request, "wait": true}
	}
	return request
}

func (h *harness) childrenOf(id string) []automation.ExecutionSummary {
	h.t.Helper()
	list, err := h.Executions(h.t.Context(), client.ExecutionQuery{From: id})
	if err != nil {
		h.t.Fatal(err)
	}
	return list.Items
}

// One worker, five executions that wait for one another, each in its sandbox; the
// last one reads a file of the one above it, which still runs.
func TestActionsRunOthersAndReadTheirFiles(t *testing.T) {
	t.Parallel()
	h := runners(t, nil)
	x, err := h.Run(t.Context(), "runner.run", nested(4, "runner.read", map[string]any{"name": "trail.txt"}))
	if err != nil {
		t.Fatal(err)
	}
	x = h.final(x.ID)
	output := string(x.Output)
	if x.Status != automation.Succeeded || !strings.Contains(output, `"content":"here"`) || strings.Count(output, `"succeeded"`) != 5 {
		t.Fatalf("%s: %s %s", x.Status, output, x.Message)
	}
	for depth := range 5 {
		kept := map[string]int64{}
		for _, a := range x.Artifacts {
			kept[a.Name] = a.Size
		}
		if kept["trail.txt"] != 4 || kept["open.txt"] != 4 || len(kept) != 2 {
			t.Errorf("at depth %d it kept %v", depth, kept)
		}
		calls := x.AttemptList[0].HostCalls
		if run := calls[len(calls)-1]; run.Name != "action_run" || run.Change == nil || run.Change.Verb != "run" || run.Error != "" {
			t.Errorf("at depth %d the call is %+v", depth, run)
		}
		children := h.childrenOf(x.ID)
		if len(children) != 1 || children[0].StartedFrom != x.ID {
			t.Fatalf("at depth %d there are the children %+v", depth, children)
		}
		if x, err = h.Execution(t.Context(), children[0].ID); err != nil || x.Depth != depth+1 {
			t.Fatalf("%+v, %v", x, err)
		}
	}
	if x.Action != "runner.read" || len(h.childrenOf(x.ID)) != 0 {
		t.Errorf("the last one is %+v", x)
	}
}

func TestCancelReachesWhatIsWaitedFor(t *testing.T) {
	t.Parallel()
	h := runners(t, nil)
	x, err := h.Run(t.Context(), "runner.run", nested(1, "runner.spin", nil))
	if err != nil {
		t.Fatal(err)
	}
	var chain []string
	for id := x.ID; len(chain) < 3; {
		if len(chain) == 0 || chain[len(chain)-1] != id {
			chain = append(chain, id)
		}
		if children := h.childrenOf(id); len(children) > 0 {
			id = children[0].ID
		}
	}
	if _, err := h.Cancel(t.Context(), x.ID); err != nil {
		t.Fatal(err)
	}
	for _, id := range chain {
		if y := h.final(id); y.Status != automation.Canceled {
			t.Errorf("%s is %s", y.Action, y.Status)
		}
	}
}

func TestADryRunOfAnActionThatRunsOthers(t *testing.T) {
	t.Parallel()
	h := runners(t, nil)
	x, err := h.DryRun(t.Context(), "runner.run", nested(0, "runner.read", map[string]any{"name": "trail.txt"}))
	if err != nil {
		t.Fatal(err)
	}
	x = h.final(x.ID)
	calls := x.AttemptList[0].HostCalls
	if run := calls[len(calls)-1]; !run.WouldDo || run.Change == nil || run.Change.Target != "action/runner.read" {
		t.Errorf("%+v", run)
	}
	if children := h.childrenOf(x.ID); len(children) != 1 || !children[0].DryRun {
		t.Errorf("%+v", children)
	}
	if r, err := h.Replay(t.Context(), x.ID, 0, nil); err != nil || !r.Same {
		t.Errorf("its replay: %+v, %v", r, err)
	}
}

func TestTheOperatorSaysWhatMayRun(t *testing.T) {
	t.Parallel()
	h := runners(t, nil)
	if _, err := h.Grant(t.Context(), "runner", automation.Capabilities{Actions: []string{"runner.spin"}}); err != nil {
		t.Fatal(err)
	}
	x, err := h.Run(t.Context(), "runner.run", nested(0, "runner.read", map[string]any{"name": "x"}))
	if err != nil {
		t.Fatal(err)
	}
	x = h.final(x.ID)
	var reply struct{ Error struct{ Kind, Hint string } }
	if err := json.Unmarshal(x.Output, &reply); err != nil || reply.Error.Kind != "denied" || !strings.Contains(reply.Error.Hint, "squall pack capabilities runner") {
		t.Errorf("%s, %v", x.Output, err)
	}
}
