package wasm

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	extism "github.com/extism/go-sdk"
	"github.com/google/go-cmp/cmp"
	"github.com/tetratelabs/wazero"

	"github.com/squall-dev/squall/hostfuncs"
	"github.com/squall-dev/squall/hostfuncs/fetch"
	"github.com/squall-dev/squall/runtime/automation"
)

// The same plugins, with the same input, under go-sdk and under our engine.

func plugin(tb testing.TB, name string) []byte { return fixture(tb, filepath.Join("extism", name)) }

// said is what a plugin's call came to, as far as both can tell.
type said struct {
	Ended  string // "well", "no" or "trap"
	Output string
	Error  string   // when it ended with no
	Log    []string // level and text
}

// twin is a plugin under both engines.
type twin struct {
	sdk    *extism.CompiledPlugin
	ours   *Module
	config map[string]any
	grants automation.Capabilities
}

// newTwin loads a plugin twice. go-sdk reads its configuration once, as text.
func newTwin(t *testing.T, e *Engine, code []byte, config map[string]any) *twin {
	t.Helper()
	texts := map[string]string{}
	for key, v := range config {
		b, err := configText(v)
		if err != nil {
			t.Fatal(err)
		}
		texts[key] = string(b)
	}
	manifest := extism.Manifest{
		Wasm: []extism.Wasm{extism.WasmData{Data: code}}, Config: texts, AllowedHosts: []string{"127.0.0.1"},
		Memory: &extism.ManifestMemory{MaxHttpResponseBytes: -1, MaxVarBytes: -1},
	}
	sdk, err := extism.NewCompiledPlugin(t.Context(), manifest, extism.PluginConfig{
		EnableWasi: true, EnableHttpResponseHeaders: true, RuntimeConfig: wazero.NewRuntimeConfigInterpreter(),
	}, []extism.HostFunction{sdkGreet()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = sdk.Close(context.Background()) })
	m, err := e.Load(t.Context(), "plugin", code)
	if err != nil {
		t.Fatal(err)
	}
	if m.Info().Kind != Extism {
		t.Fatalf("kind %s: %s", m.Info().Kind, m.Info().Why)
	}
	return &twin{sdk: sdk, ours: m, config: config}
}

// sdkGreet is the host function of the tests, the way go-sdk wants it.
func sdkGreet() extism.HostFunction {
	return extism.NewHostFunctionWithStack("greet", func(_ context.Context, p *extism.CurrentPlugin, stack []uint64) {
		b, err := p.ReadBytes(stack[0])
		if err != nil {
			panic(err)
		}
		var g greeting
		if err := json.Unmarshal(b, &g); err != nil {
			panic(err)
		}
		if stack[0], err = p.WriteString(`{"ok":"hello ` + g.Name + `"}`); err != nil {
			panic(err)
		}
	}, []extism.ValueType{extism.ValueTypeI64}, []extism.ValueType{extism.ValueTypeI64})
}

// underSDK runs a call on a fresh plugin, which is what each of our runs is.
func (w *twin) underSDK(t *testing.T, export, input string) said {
	t.Helper()
	p, err := w.sdk.Instance(t.Context(), extism.PluginInstanceConfig{ModuleConfig: wazero.NewModuleConfig()})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = p.Close(context.Background()) }()
	return callSDK(p, export, input)
}

func callSDK(p *extism.Plugin, export, input string) said {
	var s said
	p.SetLogger(func(level extism.LogLevel, text string) {
		if !ofSDK(text) {
			s.Log = append(s.Log, sdkLevel(level)+" "+text)
		}
	})
	extism.SetLogLevel(extism.LogLevelTrace)
	code, out, err := p.Call(export, []byte(input))
	extism.SetLogLevel(extism.LogLevelOff)
	switch message := p.GetError(); {
	case err != nil && err.Error() != message && !strings.HasPrefix(err.Error(), "module closed with exit_code"):
		s.Ended = "trap"
	case err != nil || code != 0:
		s.Ended, s.Output, s.Error = "no", string(out), message
		if message == "" {
			s.Error = fmt.Sprintf("exit code %d", code)
		}
	default:
		s.Ended, s.Output = "well", string(out)
	}
	return s
}

// ofSDK tells go-sdk's own lines from the plugin's.
func ofSDK(line string) bool {
	return strings.HasPrefix(line, "Calling ") || strings.HasPrefix(line, "Initializ")
}

// sdkLevel is the level that the line has in our history, which knows no trace.
func sdkLevel(l extism.LogLevel) string {
	return map[extism.LogLevel]string{extism.LogLevelTrace: "debug", extism.LogLevelDebug: "debug", extism.LogLevelInfo: "info",
		extism.LogLevelWarn: "warning", extism.LogLevelError: "error"}[l]
}

func (w *twin) underOurs(t *testing.T, export, input string) (said, Result) {
	t.Helper()
	var s said
	res := call(t, w.ours, Call{Export: export, Input: []byte(input), Caller: hostfuncs.Caller{
		Config: w.config, Grants: w.grants,
		Log: func(level automation.LogLevel, text string) {
			if text != "the output is not JSON; it is kept as text" {
				s.Log = append(s.Log, string(level)+" "+text)
			}
		},
	}})
	switch res.Code {
	case "":
		s.Ended, s.Output = "well", outputText(t, res)
	case automation.CodeExitCode:
		s.Ended, s.Output, s.Error = "no", outputText(t, res), res.Message
	case automation.CodeTrap:
		s.Ended = "trap"
	default:
		t.Errorf("%s: %s", res.Code, res.Message)
	}
	return s, res
}

// outputText undoes what the engine does to an output.
func outputText(t *testing.T, res Result) string {
	t.Helper()
	if !res.OutputText {
		if string(res.Output) == "null" {
			return ""
		}
		return string(res.Output)
	}
	var text string
	if err := json.Unmarshal(res.Output, &text); err != nil {
		t.Fatal(err)
	}
	return text
}

func (w *twin) agree(t *testing.T, export, input string) said {
	t.Helper()
	want := w.underSDK(t, export, input)
	for range 2 { // a second run on the same instance is no other
		got, res := w.underOurs(t, export, input)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s(%q) %s (-go-sdk +ours):\n%s", export, input, res.Message, diff)
		}
	}
	return want
}

// Not parallel, and neither are its parts: go-sdk's level of the log is one for the
// whole process.
func TestExtismPluginsDoWhatTheyDoUnderGoSDK(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(echoRequest))
	defer server.Close()
	e, grants := conformanceEngine(t, server)
	for _, tt := range []struct {
		name, module, export, input string
		config                      map[string]any
		want                        said
	}{
		{name: "input becomes output", module: "echo", export: "echo", input: `{"a":[1,2]}`, want: said{Ended: "well", Output: `{"a":[1,2]}`}},
		{name: "input that is no text becomes output", module: "echo", export: "echo", input: "grüße", want: said{Ended: "well", Output: "grüße"}},
		{name: "a function that returns nothing has succeeded", module: "echo", export: "returns_nothing", input: `12`, want: said{Ended: "well", Output: "12"}},
		{name: "no input and no output", module: "echo", export: "echo", want: said{Ended: "well"}},
		{name: "a plugin may say nothing", module: "echo", export: "silent", input: `{}`, want: said{Ended: "well"}},

		{name: "an error with a code", module: "fail", export: "error", want: said{Ended: "no", Output: `{"left":3}`, Error: "no such Pod"}},
		{name: "an error is a failure whatever is returned", module: "fail", export: "error_alone", want: said{Ended: "no", Error: "no such Pod"}},
		{name: "an error is a failure when nothing is returned", module: "fail", export: "error_from_nothing", want: said{Ended: "no", Error: "no such Pod"}},
		{name: "an error can be taken back", module: "fail", export: "error_taken_back", want: said{Ended: "well"}},
		{name: "a code alone", module: "fail", export: "code", want: said{Ended: "no", Error: "exit code 3"}},
		{name: "a crash after an error", module: "fail", export: "trap", want: said{Ended: "trap"}},
		{name: "an exit with a code", module: "fail", export: "exit", want: said{Ended: "no", Error: "exit code 4"}},
		{name: "an exit with 0 has succeeded", module: "fail", export: "exit_well", want: said{Ended: "well", Output: `{"left":3}`}},

		{name: "variables live through the calls of a run", module: "state", export: "three_times", want: said{Ended: "well", Output: "3"}},
		{name: "a variable can be removed", module: "state", export: "removed", want: said{Ended: "well"}},
		{name: "a variable that was set at the start is there", module: "state", export: "born_variable", want: said{Ended: "well", Output: "8"}},
		{name: "a block that was made at the start is there", module: "state", export: "born_block", want: said{Ended: "well", Output: "7"}},
		{name: "a plugin is started once, and before its constructors by _initialize", module: "state", export: "starts", want: said{Ended: "well", Output: "1"}},
		{name: "variables are bounded", module: "state", export: "too_much", want: said{Ended: "trap"}},
		{name: "Haskell starts with _initialize and hs_init", module: "haskell", export: "order", want: said{Ended: "well", Output: "12"}},
		{name: "constructors run when nothing else starts", module: "ctors", export: "starts", want: said{Ended: "well", Output: "1"}},

		{name: "configuration that is text", module: "around", export: "config", input: "url", want: said{Ended: "well", Output: "http://x/?a=1&b=<2>"}},
		{name: "configuration that is not text", module: "around", export: "config", input: "list", want: said{Ended: "well", Output: `["a&b",2]`}},
		{name: "configuration that is not there", module: "around", export: "config", input: "nothing", want: said{Ended: "well"}},
		{name: "lines keep their level", module: "around", export: "log", input: "a line", want: said{Ended: "well",
			Log: []string{"debug a line", "debug a line", "info a line", "warning a line", "error a line"}}},
		{name: "a line from outside the memory", module: "around", export: "log_nowhere", want: said{Ended: "trap"}},
		{name: "a line that is no block is empty", module: "around", export: "log_no_block", want: said{Ended: "well", Log: []string{"info "}}},
		{name: "a host function", module: "around", export: "greet", input: `{"name":"x"}`, want: said{Ended: "well", Output: `{"ok":"hello x"}`}},

		{name: "an HTTP request", module: "around", export: "http", input: request(server, "", nil), want: said{Ended: "well", Output: "GET /p?q=1 <> "}},
		{name: "an HTTP request with method and header", module: "around", export: "http", input: request(server, "put", map[string]string{"X-Test": "h"}),
			want: said{Ended: "well", Output: "PUT /p?q=1 <h> "}},
		{name: "an HTTP request with a body", module: "around", export: "http_post", input: request(server, "POST", nil),
			want: said{Ended: "well", Output: "POST /p?q=1 <> " + request(server, "POST", nil)}},
		{name: "the status of the answer", module: "around", export: "http_status", input: request(server, "", nil), want: said{Ended: "well", Output: "201"}},
		{name: "the header of the answer", module: "around", export: "http_fields", input: request(server, "HEAD", nil)},
		{name: "a status without a request", module: "around", export: "no_http", want: said{Ended: "well", Output: "000"}},
		{name: "a host that is not allowed", module: "around", export: "http", input: `{"url":"http://example.com/"}`, want: said{Ended: "trap"}},
		{name: "a request that is not JSON", module: "around", export: "http", input: `{`, want: said{Ended: "trap"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newTwin(t, e, plugin(t, tt.module), map[string]any{"url": "http://x/?a=1&b=<2>", "list": []any{"a&b", 2}})
			w.grants = grants
			got := w.agree(t, tt.export, tt.input)
			if tt.want.Ended == "" {
				tt.want = got // only that both say the same
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("not what was expected of go-sdk (-want +got):\n%s", diff)
			}
		})
	}
}

func echoRequest(w http.ResponseWriter, r *http.Request) {
	w.Header()["Date"] = nil // the two requests may be in different seconds
	w.Header()["X-Many"] = []string{"a"}
	w.WriteHeader(http.StatusCreated)
	body, _ := io.ReadAll(r.Body)
	fmt.Fprintf(w, "%s %s <%s> %s", r.Method, r.URL.RequestURI(), r.Header.Get("X-Test"), body)
}

func request(server *httptest.Server, method string, headers map[string]string) string {
	b, _ := json.Marshal(map[string]any{"url": server.URL + "/p?q=1", "method": method, "headers": headers})
	return string(b)
}

// conformanceEngine has the host functions that the plugins use, the real http_send
// among them, and the right to reach the server.
func conformanceEngine(t *testing.T, server *httptest.Server) (*Engine, automation.Capabilities) {
	t.Helper()
	client, err := fetch.New(fetch.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	funcs := client.Funcs()
	for _, f := range greetings(t) {
		funcs = append(funcs, f)
	}
	set, err := hostfuncs.NewSet(funcs)
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	return newEngine(t, Options{HostFuncs: set, Interpreter: raceEnabled}), automation.Capabilities{HTTP: []automation.HTTPCapability{{
		Hosts: []string{u.Host}, Methods: []string{"GET", "HEAD", "PUT", "POST"}, Private: true, Reason: "test"}}}
}

// One plugin in four languages: C and Rust against the bare ABI, AssemblyScript with
// the project's own PDK, Go with its own runtime.
func TestPluginsOfManyLanguagesDoWhatTheyDoUnderGoSDK(t *testing.T) {
	e := newEngine(t, Options{Interpreter: raceEnabled})
	for _, language := range []string{"c", "rust", "as", "go"} {
		t.Run(language, func(t *testing.T) {
			code := visitPlugin(t, language)
			w := newTwin(t, e, code, map[string]any{"greeting": "hello"})
			want := said{Ended: "well", Output: `{"greeting":"hello","name":"Ada Lovelace","visits":2}`, Log: []string{"info a visit"}}
			if diff := cmp.Diff(want, w.agree(t, "visit", "Ada Lovelace")); diff != "" {
				t.Error(diff)
			}
			want = said{Ended: "no", Error: "there is nobody to greet", Log: []string{"warning nobody came"}}
			if diff := cmp.Diff(want, w.agree(t, "visit", "")); diff != "" {
				t.Error(diff)
			}
			// The PDK of AssemblyScript counts characters where it should count bytes.
			w.agree(t, "visit", "Ørsted")
		})
	}
}

func visitPlugin(t *testing.T, language string) []byte {
	t.Helper()
	if language != "go" {
		return plugin(t, "visit_"+language)
	}
	if testing.Short() || raceEnabled {
		t.Skip("building and compiling a Go program takes seconds, and half a minute under the race detector")
	}
	out := filepath.Join(t.TempDir(), "plugin.wasm")
	cmd := exec.Command("go", "build", "-buildmode=c-shared", "-o", out, ".")
	cmd.Dir = filepath.Join("testdata", "extism", "goplugin")
	cmd.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm", "GOWORK=off")
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build the Go plugin: %v\n%s", err, text)
	}
	code, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	return code
}

// What go-sdk keeps from one call to the next, our next run does not see.
func TestVariablesEndWithTheRunUnlikeInGoSDK(t *testing.T) {
	w := newTwin(t, newEngine(t, Options{Interpreter: raceEnabled}), plugin(t, "state"), nil)
	p, err := w.sdk.Instance(t.Context(), extism.PluginInstanceConfig{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = p.Close(context.Background()) }()
	for n, want := range []string{"3", "6"} {
		if got := callSDK(p, "three_times", ""); got.Output != want {
			t.Errorf("call %d of go-sdk: %+v", n, got)
		}
		if got, _ := w.underOurs(t, "three_times", ""); got.Output != "3" {
			t.Errorf("run %d: %+v", n, got)
		}
	}
}

// instruction is a step of the plugin machine.
type instruction struct {
	name string
	a, b any // a number, or the result of an earlier step
}

type result int // of the step with that number

// assemble writes a program for the machine.
func assemble(t *testing.T, program []instruction) string {
	t.Helper()
	all := []string{"alloc", "free", "length", "length_unsafe", "load_u8", "load_u64", "store_u8", "store_u64", "input_load_u8",
		"input_load_u64", "input_set", "output_set", "error_set", "error_get", "memory_bytes", "input_length", "input_offset",
		"output_length", "output_offset", "reset", "var_get", "var_set", "config_get", "http_status_code", "http_headers",
		"get_log_level", "log_info"}
	var out []byte
	for _, in := range program {
		op := slices.Index(all, in.name)
		if op < 0 {
			t.Fatalf("no instruction %s", in.name)
		}
		a, flagA := operand(in.a, 0x80)
		b, flagB := operand(in.b, 0x40)
		out = append(out, byte(op)|flagA|flagB)
		out = binary.LittleEndian.AppendUint64(out, a)
		out = binary.LittleEndian.AppendUint64(out, b)
	}
	return string(out)
}

func operand(v any, flag byte) (uint64, byte) {
	switch v := v.(type) {
	case result:
		return uint64(v), flag
	case int:
		return uint64(v), 0
	case uint64:
		return v, 0
	}
	return 0, 0
}

const (
	huge = uint64(1<<64 - 1)
	over = uint64(1 << 32)
)

func TestEdgesOfTheKernelAreThoseOfGoSDK(t *testing.T) {
	e := newEngine(t, Options{Interpreter: raceEnabled})
	w := newTwin(t, e, plugin(t, "machine"), map[string]any{"A": "configured"})
	for _, tt := range []struct {
		name, export string
		program      []instruction
		differs      string // we end the run with this where go-sdk says nothing
	}{
		{name: "the first block", program: []instruction{{"alloc", 10, 0}, {"length", result(0), 0}, {"length_unsafe", result(0), 0}, {"memory_bytes", 0, 0}}},
		{name: "nothing is at zero", program: []instruction{{"alloc", 0, 0}, {"length", 0, 0}, {"length_unsafe", 0, 0}, {"free", 0, 0}}},
		{name: "an offset into a block is no handle", program: []instruction{{"alloc", 10, 0}, {"length", 1000, 0}, {"free", 1000, 0}, {"length", result(0), 0}}},
		{name: "a freed block is used again", program: []instruction{{"alloc", 64, 0}, {"alloc", 60000, 0}, {"free", result(0), 0},
			{"length", result(0), 0}, {"alloc", 64000, 0}, {"alloc", 50, 0}, {"length", result(5), 0}}},
		{name: "a large freed block is split", program: []instruction{{"alloc", 60000, 0}, {"alloc", 5000, 0}, {"free", result(0), 0},
			{"alloc", 1000, 0}, {"alloc", 2000, 0}, {"length", result(3), 0}, {"length", result(4), 0}}},
		{name: "a rest of 128 bytes becomes a block", program: []instruction{{"alloc", 1000, 0}, {"alloc", 64000, 0}, {"free", result(0), 0}, {"alloc", 872, 0}}},
		{name: "a rest of 127 bytes does not", program: []instruction{{"alloc", 1000, 0}, {"alloc", 64000, 0}, {"free", result(0), 0}, {"alloc", 873, 0}}},
		// The input, 17 bytes a step, is a block too.
		{name: "a freed block comes before the last bytes", program: []instruction{{"alloc", 40000, 0}, {"free", result(0), 0}, {"alloc", 25384 - 12 - 4*17, 0}, {"length", result(2), 0}}},
		{name: "the last bytes come before a freed block when one is left over", program: []instruction{{"alloc", 40000, 0}, {"free", result(0), 0}, {"alloc", 25383 - 12 - 4*17, 0}, {"length", result(2), 0}}},
		{name: "the memory grows by pages", program: []instruction{{"alloc", 65000, 0}, {"memory_bytes", 0, 0}, {"alloc", 70000, 0}, {"memory_bytes", 0, 0}}},
		{name: "too much is zero", program: []instruction{{"alloc", uint64(1 << 40), 0}, {"alloc", 8, 0}}},
		{name: "bytes and words", program: []instruction{{"alloc", 16, 0}, {"store_u64", result(0), uint64(0x1122334455667788)}, {"load_u8", result(0), 0}, {"load_u64", result(0), 0}}},
		{name: "offsets of words have 32 bits", program: []instruction{{"alloc", 16, 0}, {"store_u64", over + 0x1000, 7}, {"load_u64", 0x1000, 0}, {"load_u64", over + 0x1000, 0}}},
		{name: "headers can be read", program: []instruction{{"load_u64", 65, 0}, {"load_u64", 69, 0}, {"load_u8", 66, 0}}},
		{name: "a scribbled header", program: []instruction{{"alloc", 16, 0}, {"store_u8", 65, 2}, {"length", 77, 0}, {"load_u8", 65, 0}}},
		{name: "input after its end is zero by bytes", program: []instruction{{"input_load_u8", 50, 0}, {"input_load_u8", 51, 0}, {"input_load_u8", huge, 0}}},
		{name: "input after its end is memory by words", program: []instruction{{"input_load_u64", 17, 0}, {"input_load_u64", 34, 0}}},
		{name: "input can be moved", program: []instruction{{"alloc", 4, 0}, {"input_set", result(0), 4}, {"input_length", 0, 0}, {"input_offset", 0, 0}, {"input_load_u8", 0, 0}}},
		{name: "freeing the input empties it", program: []instruction{{"input_offset", 0, 0}, {"free", result(0), 0}, {"input_length", 0, 0}, {"input_offset", 0, 0}}},
		{name: "a reset", program: []instruction{{"alloc", 4, 0}, {"error_set", result(0), 0}, {"reset", 0, 0}, {"error_get", 0, 0}, {"input_length", 0, 0}, {"alloc", 4, 0}, {"length", result(0), 0}}},
		{name: "an output", export: "raw", program: []instruction{{"alloc", 3, 0}, {"store_u8", result(0), 0x41}, {"output_set", result(0), 1}}},
		{name: "an output without length leaves the one before", export: "raw", program: []instruction{{"alloc", 3, 0}, {"store_u8", result(0), 0x41}, {"output_set", result(0), 1}, {"output_set", 0, 0}}},
		{name: "an error that is no block is none", export: "raw", program: []instruction{{"alloc", 3, 0}, {"error_set", 1000, 0}, {"error_get", 0, 0}}},
		{name: "a variable is freed with its name", program: []instruction{{"alloc", 1, 0}, {"store_u8", result(0), 0x41}, {"alloc", 2, 0}, {"store_u8", result(2), 0x42},
			{"var_set", result(0), result(2)}, {"length", result(0), 0}, {"length", result(2), 0}, {"alloc", 1, 0}, {"store_u8", result(7), 0x41}, {"var_get", result(7), 0}, {"length", result(9), 0}}},
		{name: "a name of configuration is not freed", program: []instruction{{"alloc", 1, 0}, {"store_u8", result(0), 0x41}, {"config_get", result(0), 0}, {"length", result(0), 0}, {"length", result(2), 0}}},
		{name: "a line is freed", program: []instruction{{"alloc", 1, 0}, {"log_info", result(0), 0}, {"length", result(0), 0}}},
		{name: "header fields before any answer", program: []instruction{{"http_headers", 0, 0}, {"length", result(0), 0}, {"http_status_code", 0, 0}}},

		{name: "a word outside the memory ends the run", program: []instruction{{"load_u64", 0xfffffff0, 0}}},
		{name: "a word to outside the memory ends the run", program: []instruction{{"store_u64", 0xfffffff0, 1}}},
		{name: "a name outside the memory ends the run", program: []instruction{{"config_get", 0xfffffff0, 0}}},

		{name: "a byte from outside the memory", program: []instruction{{"load_u8", huge, 0}}, differs: "extism:host/env.load_u8"},
		{name: "a byte to outside the memory", program: []instruction{{"store_u8", 0xfffffff0, 1}}, differs: "extism:host/env.store_u8"},
		{name: "a byte from the kernel's own fields", program: []instruction{{"load_u8", 17, 0}}, differs: "extism:host/env.load_u8"},
		{name: "a word to the kernel's own fields", program: []instruction{{"store_u64", 49, 0}}, differs: "extism:host/env.store_u64"},
		{name: "an output from outside the memory", export: "raw", program: []instruction{{"output_set", 0xffffffff, 10}}, differs: "extism:host/env.output_set"},
		{name: "an output longer than the memory", export: "raw", program: []instruction{{"output_set", 77, huge}}, differs: "extism:host/env.output_set"},
		{name: "an error from outside the memory", export: "raw", program: []instruction{{"error_set", huge, 0}}, differs: "extism:host/env.error_set"},
		{name: "an input from outside the memory", program: []instruction{{"input_set", huge, 1}}, differs: "extism:host/env.input_set"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.export == "" {
				tt.export = "results"
			}
			program := assemble(t, tt.program)
			if tt.differs == "" {
				w.agree(t, tt.export, program)
				return
			}
			if sdk := w.underSDK(t, tt.export, program); sdk.Ended != "well" {
				t.Errorf("go-sdk does say something: %+v", sdk)
			}
			if _, res := w.underOurs(t, tt.export, program); res.Code != automation.CodeTrap || !strings.Contains(res.Message, tt.differs) {
				t.Errorf("%s: %s", res.Code, res.Message)
			}
		})
	}
}

// A plugin that asks is told "info", as under a go-sdk that was set to it.
func TestALogLevelIsInfo(t *testing.T) {
	w := newTwin(t, newEngine(t, Options{Interpreter: raceEnabled}), plugin(t, "around"), nil)
	got, _ := w.underOurs(t, "log_level", "")
	p, err := w.sdk.Instance(t.Context(), extism.PluginInstanceConfig{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = p.Close(context.Background()) }()
	extism.SetLogLevel(extism.LogLevelInfo)
	defer extism.SetLogLevel(extism.LogLevelOff)
	p.SetLogger(func(extism.LogLevel, string) {})
	if _, out, err := p.Call("log_level", nil); err != nil || string(out) != got.Output || got.Output != "002" {
		t.Errorf("%s, go-sdk says %s, %v", got.Output, out, err)
	}
}
