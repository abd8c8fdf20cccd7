package wasm

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/squall-dev/squall/hostfuncs"
	"github.com/squall-dev/squall/runtime/automation"
)

type greeting struct {
	Name string `json:"name"`
}

// greetings is a set of host functions for tests.
func greetings(tb testing.TB) hostfuncs.Set {
	set, err := hostfuncs.NewSet([]hostfuncs.Func{
		hostfuncs.New("greet", "Greets.", nil, func(g greeting) string { return "greet " + g.Name },
			func(_ context.Context, _ hostfuncs.Caller, g greeting) (string, error) { return "hello " + g.Name, nil }),
	})
	if err != nil {
		tb.Fatal(err)
	}
	return set
}

func newEngine(tb testing.TB, o Options) *Engine {
	tb.Helper()
	if o.HostFuncs == nil {
		o.HostFuncs = greetings(tb)
	}
	e, err := New(context.Background(), o)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := e.Close(context.Background()); err != nil {
			tb.Error(err)
		}
	})
	return e
}

func fixture(tb testing.TB, name string) []byte {
	tb.Helper()
	code, err := os.ReadFile(filepath.Join("testdata", name+".wasm"))
	if err != nil {
		tb.Fatal(err)
	}
	return code
}

func load(tb testing.TB, e *Engine, name string) *Module {
	tb.Helper()
	m, err := e.Load(context.Background(), name, fixture(tb, name))
	if err != nil {
		tb.Fatal(err)
	}
	return m
}

// lines collects a log.
type lines struct {
	mu   sync.Mutex
	text []string
}

func (l *lines) add(level automation.LogLevel, text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text = append(l.text, string(level)+" "+text)
}

func call(t *testing.T, m *Module, c Call) Result {
	t.Helper()
	res, err := m.Call(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return res
}

// engines are the ways to run guests. Compiling is slow under the race detector,
// so every fixture is tiny.
func engines(t *testing.T) map[string]*Engine {
	return map[string]*Engine{
		"compiled":    newEngine(t, Options{}),
		"interpreted": newEngine(t, Options{Interpreter: true}),
		"portable":    newEngine(t, Options{PortableMemory: true}),
	}
}

func TestOutcomes(t *testing.T) {
	t.Parallel()
	small := automation.Limits{Timeout: time.Minute, Fuel: 2_000_000, Memory: 1 << 20, Output: 200_000, Log: 10_000, HostCalls: 3, CallDepth: 500}
	tests := []struct {
		name, module, export, input string
		limits                      automation.Limits
		code                        automation.FailureCode
		message, output             string
		text                        bool
	}{
		{name: "a reactor answers", module: "echo", export: "echo", input: `{"a": [1, 2]}`, output: `{"a": [1, 2]}`},
		{name: "output that is not JSON is kept as text", module: "behave", export: "text", output: `"plain text"`, text: true},
		{name: "no output is null", module: "behave", export: "silent", output: "null"},
		{name: "a loop runs out of fuel", module: "behave", export: "spin", limits: small, code: automation.CodeOutOfFuel, message: "2,000,000 instructions"},
		{name: "a loop runs out of time", module: "behave", export: "spin", limits: automation.Limits{Timeout: 20 * time.Millisecond},
			code: automation.CodeTimeout, message: "longer than 20ms"},
		{name: "filling memory is stopped", module: "behave", export: "fill", limits: automation.Limits{Timeout: 50 * time.Millisecond},
			code: automation.CodeTimeout, message: "50ms"},
		{name: "unreachable code is a trap", module: "behave", export: "trap", code: automation.CodeTrap, message: "unreachable"},
		{name: "memory that is not there is a trap", module: "behave", export: "outside", code: automation.CodeTrap, message: "out of bounds memory access"},
		{name: "endless recursion is stopped", module: "behave", export: "recurse", limits: small, code: automation.CodeStackLimit, message: "deeper than 500"},
		{name: "memory without end is refused", module: "behave", export: "bomb", limits: small, code: automation.CodeMemoryLimit, message: "more than 1 MiB of memory"},
		{name: "the module's own maximum counts too", module: "behave", export: "bomb", limits: automation.Limits{Memory: 1 << 30},
			code: automation.CodeMemoryLimit, message: "more than 125 MiB of memory"},
		{name: "too little memory to begin with", module: "behave", export: "silent", limits: automation.Limits{Memory: 100},
			code: automation.CodeMemoryLimit, message: "needs 64 KiB"},
		{name: "output without end is stopped", module: "behave", export: "print", limits: small, code: automation.CodeOutputLimit, message: "195.3 KiB of output"},
		{name: "log without end is stopped", module: "behave", export: "chatter", limits: small, code: automation.CodeOutputLimit, message: "9.8 KiB of log"},
		{name: "a reactor says no", module: "behave", export: "fail", code: automation.CodeExitCode, message: "it is broken", output: "null"},
		{name: "host calls answer", module: "behave", export: "ask", output: `{"ok":"hello x"}`},
		{name: "host calls without end are stopped", module: "behave", export: "nag", limits: small, code: automation.CodeHostCallLimit, message: "limit of 3"},
		{name: "a host function imported by its name", module: "direct", export: "run", output: `{"ok":"hello you"}`},
		{name: "start, _initialize and warmup run once, before the first call", module: "start", export: "run", output: "1234"},
		{name: "a table bomb gets no table", module: "table", export: "bomb", output: "null"},
		{name: "metering changes no control flow", module: "shapes", export: "run", output: "64756129"},
		{name: "a command answers", module: "cat", export: "kitty", input: `{"long": "enough to be read in parts"}`, output: `{"long": "enough to be read in parts"}`},
		{name: "a command says no", module: "exit", export: "x", code: automation.CodeExitCode, message: "no disk", output: "{}"},
		{name: "a command sleeps", module: "sleep", export: "x", limits: automation.Limits{Timeout: 20 * time.Millisecond}, code: automation.CodeTimeout, message: "20ms"},
		{name: "a command calls the host over a file descriptor", module: "channel", export: "x", output: `{"ok":"hello channel"}`},
	}
	for name, e := range engines(t) {
		modules := map[string]*Module{}
		for _, tt := range tests {
			if modules[tt.module] == nil {
				modules[tt.module] = load(t, e, tt.module)
			}
			m := modules[tt.module]
			t.Run(name+"/"+tt.name, func(t *testing.T) {
				for range 2 { // the second run must find nothing of the first
					res := call(t, m, Call{Export: tt.export, Input: []byte(tt.input), Limits: tt.limits})
					if res.Code != tt.code || !strings.Contains(res.Message, tt.message) || (tt.message == "") != (res.Message == "") {
						t.Errorf("code %q, message %q; want %q, %q", res.Code, res.Message, tt.code, tt.message)
					}
					if string(res.Output) != tt.output || res.OutputText != tt.text {
						t.Errorf("output %s, text %v; want %s", res.Output, res.OutputText, tt.output)
					}
				}
			})
		}
	}
}

// A run that leaves something behind in a global, in memory and in grown memory
// must find none of it, however the run before ended.
func TestNothingIsLeftBehind(t *testing.T) {
	t.Parallel()
	for name, e := range engines(t) {
		m := load(t, e, "behave")
		for _, before := range []string{"count", "trap", "bomb", "spin", "recurse", "print"} {
			for range 3 {
				call(t, m, Call{Export: before, Limits: automation.Limits{Fuel: 1_000_000, Timeout: time.Minute}})
				// one run, one written byte, one byte in new memory, two pages: 1+1+1+2
				if res := call(t, m, Call{Export: "count"}); string(res.Output) != "5" {
					t.Errorf("%s: after %s: count is %s, want 5", name, before, res.Output)
				}
			}
		}
		if n := idleOf(m); n != 1 {
			t.Errorf("%s: %d idle instances after one call at a time, want 1", name, n)
		}
	}
}

func TestUnrestorableModulesRunFresh(t *testing.T) {
	t.Parallel()
	m := load(t, newEngine(t, Options{}), "table")
	if m.Info().Resettable {
		t.Error("a module that grows its table counts as resettable")
	}
	for range 3 {
		if res := call(t, m, Call{Export: "once"}); string(res.Output) != "1" {
			t.Errorf("table had %s elements before, want 1", res.Output)
		}
	}
}

func TestLog(t *testing.T) {
	t.Parallel()
	e := newEngine(t, Options{})
	for _, tt := range []struct{ module, export, want string }{
		{"cat", "kitty", "warning careful|error bad kitty"},
		{"behave", "fail", "error it is broken"},
		{"behave", "text", "warning the output is not JSON; it is kept as text"},
	} {
		var l lines
		call(t, load(t, e, tt.module), Call{Export: tt.export, Caller: hostfuncs.Caller{Log: l.add}})
		if got := strings.Join(l.text, "|"); got != tt.want {
			t.Errorf("%s: log %q, want %q", tt.module, got, tt.want)
		}
	}
}

func TestUsage(t *testing.T) {
	t.Parallel()
	m := load(t, newEngine(t, Options{}), "behave")
	res := call(t, m, Call{Export: "ask", Limits: automation.Limits{HostCalls: 7}})
	u := res.Usage
	if u.Fuel < 5+3*importFee || u.Fuel > 100+3*importFee || u.Memory != 65536 || u.HostCalls != 1 || u.GuestTime <= 0 || u.Limits.HostCalls != 7 || u.Limits.Memory == 0 {
		t.Errorf("usage %+v", u)
	}
	if len(res.HostCalls) != 1 || res.HostCalls[0].Name != "greet" || res.HostCalls[0].Detail != "greet x" {
		t.Errorf("host calls %+v", res.HostCalls)
	}
	res = call(t, m, Call{Export: "spin", Limits: automation.Limits{Fuel: 5_000_000}})
	if u := res.Usage.Fuel; u < 5_000_000 || u > 5_000_100 {
		t.Errorf("fuel %d, want all of 5,000,000 and hardly more", u)
	}
	res = call(t, m, Call{Export: "nag", Limits: automation.Limits{HostCalls: 3000}})
	if len(res.HostCalls) != maxRecords || res.Usage.HostCalls < 3000 {
		t.Errorf("%d records of %d calls", len(res.HostCalls), res.Usage.HostCalls)
	}
	if last := call(t, m, Call{Export: "nag", Limits: automation.Limits{HostCalls: 2}}).HostCalls[2]; last.Error != "denied" {
		t.Errorf("the call over the limit: %+v", last)
	}
}

func TestTrapsCarryATrace(t *testing.T) {
	t.Parallel()
	res := call(t, load(t, newEngine(t, Options{}), "behave"), Call{Export: "trap"})
	if res.Trace == "" || strings.Contains(res.Message, "\n") {
		t.Errorf("message %q, trace %q", res.Message, res.Trace)
	}
}

func TestRandomAndClockAreReal(t *testing.T) {
	t.Parallel()
	m := load(t, newEngine(t, Options{}), "random")
	a, b := call(t, m, Call{Export: "run"}), call(t, m, Call{Export: "run"})
	if a.Code != "" || string(a.Output) == string(b.Output) {
		t.Errorf("two runs got the same random numbers: %s %s", a.Output, a.Message)
	}
}

func TestLoadRefuses(t *testing.T) {
	t.Parallel()
	e := newEngine(t, Options{HostFuncs: hostfuncs.Set{}, MaxMemory: 1 << 20})
	for _, tt := range []struct {
		name string
		code []byte
		want string
	}{
		{"no module", []byte("hello"), "not a WebAssembly module"},
		{"four billion locals", build(nil, "", append([]byte{1, 0xff, 0xff, 0xff, 0xff, 0x0f, 0x7f}, 0x41, 0, 0x0b)), "locals"},
		{"a host function nobody has", fixture(t, "direct"), "squall:host.greet"},
		{"a start that crashes", fixture(t, "badstart"), "_initialize"},
		{"an unknown import", build([]string{"env.magic"}, "", []byte{0, 0x41, 0, 0x0b}), "env.magic"},
		{"an Extism plugin", build([]string{"extism:host/env.alloc"}, "", []byte{0, 0x41, 0, 0x0b}), "extism:host/env.alloc"},
		{"an import with the wrong types", build([]string{"squall.log"}, "", []byte{0, 0x41, 0, 0x0b}), "log"},
		{"code that does not type-check", build(nil, "", []byte{0, 0x6a, 0x0b}), "not valid"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := e.Load(t.Context(), "bad", tt.code)
			if !errors.Is(err, automation.ErrInvalid) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("err = %v, want kind invalid and %q", err, tt.want)
			}
		})
	}
}

func TestInspect(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		module, exports, hosts string
		kind                   Kind
		resettable             bool
	}{
		{"echo", "[echo]", "[]", Reactor, true},
		{"direct", "[run]", "[greet]", Reactor, true},
		{"table", "[bomb once]", "[]", Reactor, false},
		{"start", "[run]", "[]", Reactor, true},
		{"cat", "[]", "[]", Command, true},
		{"exit", "[]", "[]", Command, false},
	} {
		info, err := Inspect(fixture(t, tt.module))
		if err != nil {
			t.Fatal(err)
		}
		if info.Kind != tt.kind || info.Resettable != tt.resettable || fmt.Sprint(info.Exports) != tt.exports ||
			fmt.Sprint(info.HostFunctions) != tt.hosts || info.MemoryMin != 65536 || len(info.SHA256) != 64 || info.Why == "" {
			t.Errorf("%s: %+v", tt.module, info)
		}
	}
}

func TestUnknownExport(t *testing.T) {
	t.Parallel()
	m := load(t, newEngine(t, Options{}), "echo")
	if _, err := m.Call(t.Context(), Call{Export: "nope"}); !errors.Is(err, automation.ErrNotFound) {
		t.Errorf("err = %v, want kind not found", err)
	}
}
