package wasm

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/squall-dev/squall/hostfuncs"
	"github.com/squall-dev/squall/runtime/automation"
)

func loadPlugin(t *testing.T, e *Engine, name string) *Module {
	t.Helper()
	m, err := e.Load(t.Context(), name, plugin(t, name))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestPluginsAreRecognisedByTheirImports(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		module           string
		exports, imports []string
		resettable       bool
	}{
		{"echo", []string{"echo", "hoard", "hoard_both", "returns_nothing", "silent", "toil"}, []string{}, true}, // it has a _start
		{"haskell", []string{"order", "warmup"}, []string{}, true},
		{"ctors", []string{"starts"}, []string{}, false},
		{"around", nil, []string{"greet"}, true},
	} {
		info, err := Inspect(plugin(t, tt.module))
		if err != nil || info.Kind != Extism || info.Resettable != tt.resettable {
			t.Errorf("%s: %+v, %v", tt.module, info, err)
		}
		if diff := cmp.Diff(tt.exports, info.Exports); tt.exports != nil && diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.module, diff)
		}
		if diff := cmp.Diff(tt.imports, info.HostFunctions); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.module, diff)
		}
	}
}

func TestPluginsThatCanNotBeServedAreRefused(t *testing.T) {
	t.Parallel()
	e := newEngine(t, Options{Interpreter: true})
	run := []byte{0, 0x41, 0, 0x0b}
	for _, tt := range []struct {
		name, want, hint string
		code             []byte
	}{
		{"a function that Extism does not have", "extism:host/env.telepathy, which is not there", "current PDK", build([]string{"extism:host/env.telepathy"}, ":", run)},
		{"a host function that there is not", "extism:host/user.nope, which is not there", "abi.json", build([]string{"extism:host/user.nope"}, "I:I", run)},
		{"a function of another type", "can not be instantiated", "", build([]string{"extism:host/env.alloc"}, "i:i", run)},
		{"configuration before there is any", "_initialize of the module did not succeed: the action crashed: extism:host/env.config_get: the configuration belongs to executions",
			"", plugin(t, "greedy")},
	} {
		_, err := e.Load(t.Context(), "plugin", tt.code)
		if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(automation.HintOf(err), tt.hint) {
			t.Errorf("%s: %v (%s)", tt.name, err, automation.HintOf(err))
		}
	}
}

func TestPluginsEndAtTheirLimits(t *testing.T) {
	t.Parallel()
	small := automation.Limits{Timeout: time.Minute, Fuel: 50_000_000, Memory: 4 << 20, Output: 100, Log: 10_000, HostCalls: 2}
	tests := []struct {
		name, module, export, input string
		limits                      automation.Limits
		code                        automation.FailureCode
		message                     string
	}{
		{name: "the kernel's memory counts", module: "echo", export: "hoard", limits: small, code: automation.CodeMemoryLimit, message: "more than 4 MiB"},
		{name: "both memories count together", module: "echo", export: "hoard_both", limits: small, code: automation.CodeMemoryLimit, message: "more than 4 MiB"},
		{name: "input that does not fit", module: "echo", export: "echo", input: strings.Repeat("x", 4<<20), limits: small, code: automation.CodeMemoryLimit, message: "more than 4 MiB"},
		{name: "work in the kernel counts as CPU time", module: "echo", export: "toil", limits: small, code: automation.CodeOutOfFuel, message: "50,000,000 instructions"},
		{name: "work in the kernel ends with the time", module: "echo", export: "toil", limits: automation.Limits{Timeout: 50 * time.Millisecond},
			code: automation.CodeTimeout, message: "50ms"},
		{name: "output is bounded", module: "echo", export: "echo", input: strings.Repeat("x", 101), limits: small, code: automation.CodeOutputLimit, message: "100 bytes of output"},
		{name: "output that just fits", module: "echo", export: "echo", input: strings.Repeat("1", 100), limits: small},
		{name: "the log is bounded", module: "around", export: "log_for_ever", input: "x", limits: small, code: automation.CodeOutputLimit, message: "of log"},
		{name: "what it logged last explains a code", module: "fail", export: "logged", code: automation.CodeExitCode, message: "no such Pod"},
		{name: "a code alone", module: "fail", export: "code", code: automation.CodeExitCode, message: "exit code 3"},
		{name: "an error that was set explains a crash", module: "fail", export: "trap", code: automation.CodeTrap, message: "unreachable: no such Pod"},
		{name: "no handle", module: "around", export: "greet_zero", code: automation.CodeTrap, message: "extism:host/user.greet: no block of the kernel's memory begins at 0"},
		{name: "a handle into a block", module: "around", export: "greet_inside", input: "abc", code: automation.CodeTrap, message: "extism:host/user.greet: no block"},
		{name: "a handle from nowhere", module: "around", export: "greet_nowhere", code: automation.CodeTrap, message: "extism:host/user.greet: "},
		{name: "a variable that is too large", module: "state", export: "too_much", code: automation.CodeTrap, message: "extism:host/env.var_set: the variables would take 1 MiB"},
		{name: "a web that this server does not have", module: "around", export: "http", input: `{"url":"http://example.com"}`,
			code: automation.CodeTrap, message: `the HTTP request got no answer: there is no host function "http_send"`},
	}
	for kind, e := range engines(t) {
		for _, tt := range tests {
			t.Run(kind+" "+tt.name, func(t *testing.T) {
				t.Parallel()
				if tt.export == "toil" && raceEnabled {
					t.Skip("slow under the race detector")
				}
				m := loadPlugin(t, e, tt.module)
				for range 2 {
					res := call(t, m, Call{Export: tt.export, Input: []byte(tt.input), Limits: tt.limits})
					if res.Code != tt.code || !strings.Contains(res.Message, tt.message) {
						t.Errorf("%q: %s", res.Code, res.Message)
					}
					if tt.limits.Memory > 0 && res.Usage.Memory > tt.limits.Memory {
						t.Errorf("%d bytes were used", res.Usage.Memory)
					}
				}
			})
		}
	}
}

func TestHTTPRequestsAreHostCalls(t *testing.T) {
	t.Parallel()
	large := strings.Repeat("x", hostfuncs.MaxReplyBytes+1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/large" {
			_, _ = w.Write([]byte(large))
			return
		}
		_, _ = w.Write([]byte{0xff, 0, 'x'}) // no text
	}))
	defer server.Close()
	e, grants := conformanceEngine(t, server)
	m := loadPlugin(t, e, "around")
	do := func(export, path string, c Call) Result {
		c.Export, c.Input = export, []byte(`{"url":"`+server.URL+path+`"}`)
		return call(t, m, c)
	}
	granted := Call{Caller: hostfuncs.Caller{Grants: grants}}
	res := do("http", "/", granted)
	if want := "\"\uFFFD\\u0000x\""; string(res.Output) != want {
		t.Errorf("%s %s, %s", res.Output, res.Message, want)
	}
	if res.Usage.HostCalls != 1 || len(res.HostCalls) != 1 || res.HostCalls[0].Name != "http_send" || res.HostCalls[0].Error != "" {
		t.Errorf("%d calls: %+v", res.Usage.HostCalls, res.HostCalls)
	}
	res = do("http", "/", Call{})
	if res.Code != automation.CodeTrap || !strings.Contains(res.Message, "capabilities.http") || res.HostCalls[0].Error != "denied" {
		t.Errorf("not granted: %s %s %+v", res.Code, res.Message, res.HostCalls)
	}
	if res = do("http", "/large", granted); res.Code != automation.CodeTrap || !strings.Contains(res.Message, "larger than 1 MiB") {
		t.Errorf("too large: %s %s", res.Code, res.Message)
	}
	none := granted
	none.Limits.HostCalls = -1
	if res = do("http", "/", none); res.Code != automation.CodeHostCallLimit {
		t.Errorf("no calls left: %s %s", res.Code, res.Message)
	}
}

// A run must find nothing of the one before, in either memory, however it ended.
func TestNothingOfARunIsLeftInTheKernel(t *testing.T) {
	t.Parallel()
	e := newEngine(t, Options{Interpreter: true})
	m := loadPlugin(t, e, "machine")
	secret := "a very secret input"
	dirty := []string{
		assemble(t, []instruction{{"alloc", 100, 0}, {"store_u64", result(0), 1}, {"store_u8", 900_000, 7}, {"output_set", result(0), 50}, {"error_set", result(0), 0}}),
		assemble(t, []instruction{{"alloc", 3 << 20, 0}, {"store_u64", result(0), 1}, {"var_set", 77, result(0)}}),
		assemble(t, []instruction{{"alloc", 16, 0}, {"store_u64", result(0), 1}, {"alloc", 1, 0}, {"var_set", result(2), result(0)}, {"load_u8", 1, 0}}),
		secret,
	}
	// The store makes the memory reach beyond what was written before.
	clean := assemble(t, []instruction{{"memory_bytes", 0, 0}, {"alloc", 1, 0}, {"store_u8", 950_000, 1}, {"load_u64", 900_000, 0}, {"load_u64", 400, 0}, {"error_get", 0, 0}, {"output_length", 0, 0}})
	first := call(t, m, Call{Export: "results", Input: []byte(clean)})
	for _, program := range dirty {
		call(t, m, Call{Export: "raw", Input: []byte(program)})
		i := m.origins[""].idle.take()
		if i == nil || i.kernel.Size() != i.frozen.kernel.Size() || i.kernel.Denied() || i.pluginError() != "" {
			t.Fatalf("instance %+v", i)
		}
		m.origins[""].idle.put(i, time.Now())
		if again := call(t, m, Call{Export: "results", Input: []byte(clean)}); !bytes.Equal(first.Output, again.Output) {
			t.Errorf("%s, %s", again.Output, first.Output)
		}
	}
}

func TestPluginsRunAtTheSameTime(t *testing.T) {
	t.Parallel()
	m := loadPlugin(t, newEngine(t, Options{Interpreter: true}), "around")
	var all sync.WaitGroup
	for n := range 8 {
		all.Go(func() {
			for range 30 {
				res, err := m.Call(context.Background(), Call{Export: "greet", Input: fmt.Appendf(nil, `{"name":"%d"}`, n)})
				if want := fmt.Sprintf(`{"ok":"hello %d"}`, n); err != nil || string(res.Output) != want {
					t.Errorf("%s %s, %v", res.Output, res.Message, err)
				}
			}
		})
	}
	all.Wait()
}

func BenchmarkPlugin(b *testing.B) {
	for _, name := range []string{"echo", "visit_c", "visit_rust", "visit_as"} {
		b.Run(name, func(b *testing.B) {
			m, err := newEngine(b, Options{}).Load(b.Context(), name, plugin(b, name))
			if err != nil {
				b.Fatal(err)
			}
			call := Call{Export: "visit", Input: []byte("Ada Lovelace")}
			if name == "echo" {
				call.Export = "echo"
			}
			b.ReportAllocs()
			for b.Loop() {
				if res, err := m.Call(b.Context(), call); err != nil || res.Code != "" {
					b.Fatal(res.Message, err)
				}
			}
		})
	}
}
