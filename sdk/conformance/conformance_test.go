package conformance

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/squall-dev/squall/hostfuncs"
	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/wasm"
)

func TestEverySDKDoesTheSame(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("builds guests")
	}
	guests := []struct {
		language string
		build    func(t *testing.T, into string)
	}{
		{"go", buildGo},
	}
	engine := newEngine(t)
	for _, g := range guests {
		t.Run(g.language, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "guest.wasm")
			g.build(t, file)
			expect(t, load(t, engine, file))
		})
	}
}

// A program that knows nothing of us is an action too.
func TestAProgramWithoutSDK(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("builds a guest")
	}
	file := filepath.Join(t.TempDir(), "words.wasm")
	goBuild(t, "../../examples/packs/words/src", file)
	m := load(t, newEngine(t), file)
	if result, _ := run(t, m, "count", `{"text":"so foul and fair"}`); string(result.Output) != `{"words":4}` || result.Code != "" {
		t.Errorf("code %q, output %s, message %q", result.Code, result.Output, result.Message)
	}
	result, log := run(t, m, "count", `{"text":""}`)
	if string(result.Output) != `{"words":0}` || log != "warning the text is empty\n" {
		t.Errorf("output %s, log %q", result.Output, log)
	}
	if result, _ = run(t, m, "count", `{"text":7}`); result.Code != automation.CodeExitCode || !strings.HasPrefix(result.Message, "read the parameters") {
		t.Errorf("code %q, message %q", result.Code, result.Message)
	}
}

// expect is the one expectation.
func expect(t *testing.T, m *wasm.Module) {
	tests := []struct {
		name, action, input string
		code                automation.FailureCode
		output, message     string // message: a part of it
		log                 string
	}{
		{"parameters come in and output goes out", "echo", `{"text":"hé <&>"}`, "", `{"text":"hé <&>"}`, "", "info hé <&>"},
		{"a refusal keeps its output", "refuse", `{"text":"never"}`, automation.CodeExitCode, `{"text":"never"}`, "no: never", "error no: never"},
		{"a crash has a readable message", "crash", `{"text":"oh"}`, automation.CodeExitCode, `null`, "oh", ""},
		{"an execution begins afresh", "remember", `{}`, "", `{"calls":1}`, "", ""},
		{"and does so again", "remember", `{}`, "", `{"calls":1}`, "", ""},
		{"after a crash as well", "remember", `{}`, "", `{"calls":1}`, "", ""},
		{"sleeping works", "nap", `{}`, "", `{}`, "", ""},
		{"an imported host function answers", "configured", `{}`, "", `{"key":"value"}`, "", ""},
		{"a host function answers by name", "ask", `{"text":"x"}`, "", `{"answer":"x?"}`, "", ""},
		{"a refusal has its kind", "ask", `{"text":""}`, "", `{"kind":"invalid"}`, "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			result, log := run(t, m, tt.action, tt.input)
			if result.Code != tt.code || !strings.Contains(result.Message, tt.message) {
				t.Errorf("code %q, message %q; want %q and %q", result.Code, result.Message, tt.code, tt.message)
			}
			if string(result.Output) != tt.output {
				t.Errorf("output %s, want %s", result.Output, tt.output)
			}
			if !strings.Contains(log, tt.log) {
				t.Errorf("log %q, want %q in it", log, tt.log)
			}
		})
	}
}

func run(t *testing.T, m *wasm.Module, action, input string) (wasm.Result, string) {
	t.Helper()
	var mu sync.Mutex
	var log strings.Builder
	result, err := m.Call(t.Context(), wasm.Call{
		Export: action,
		Input:  json.RawMessage(input),
		Limits: automation.DefaultLimits(),
		Caller: hostfuncs.Caller{Log: func(level automation.LogLevel, line string) {
			mu.Lock()
			defer mu.Unlock()
			log.WriteString(string(level) + " " + line + "\n")
		}},
	})
	if err != nil {
		t.Fatalf("%s: %v", action, err)
	}
	return result, log.String()
}

type question struct {
	Text string `json:"text"`
}

type answer struct {
	Answer string `json:"answer"`
}

// newEngine offers the two host functions that guests call.
func newEngine(t *testing.T) *wasm.Engine {
	t.Helper()
	config := func(context.Context, hostfuncs.Caller, struct{}) (map[string]string, error) {
		return map[string]string{"key": "value"}, nil
	}
	ask := func(_ context.Context, _ hostfuncs.Caller, q question) (answer, error) {
		if q.Text == "" {
			return answer{}, automation.Invalid("there is no question")
		}
		return answer{q.Text + "?"}, nil
	}
	set, err := hostfuncs.NewSet([]hostfuncs.Func{
		hostfuncs.New("config", "Gives the configuration.", nil, nil, config),
		hostfuncs.New("ask", "Answers.", nil, nil, ask),
	})
	if err != nil {
		t.Fatal(err)
	}
	engine, err := wasm.New(t.Context(), wasm.Options{HostFuncs: set})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = engine.Close(context.Background()) })
	return engine
}

func load(t *testing.T, engine *wasm.Engine, file string) *wasm.Module {
	t.Helper()
	code, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	m, err := engine.Load(t.Context(), filepath.Base(file), code)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func buildGo(t *testing.T, into string) { goBuild(t, "go", into, "-buildmode=c-shared") }

func goBuild(t *testing.T, dir, into string, flags ...string) {
	t.Helper()
	args := append([]string{"build", "-trimpath", "-ldflags=-s -w", "-o", into}, flags...)
	cmd := exec.Command("go", append(args, ".")...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build the guest in %s: %v\n%s", dir, err, out)
	}
}
