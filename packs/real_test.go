package packs

import (
	"encoding/json"
	"os"
	"testing"
	"testing/fstest"

	"github.com/squall-dev/squall/hostfuncs"
	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/wasm"
)

// Everything else here runs on fakes; this is the real engine, once.
func TestAPackRunsInTheRealEngine(t *testing.T) {
	t.Parallel()
	code, err := os.ReadFile("../runtime/wasm/testdata/echo.wasm")
	if err != nil {
		t.Fatal(err)
	}
	engine, err := wasm.New(t.Context(), wasm.Options{Interpreter: true})
	if err != nil {
		t.Fatal(err)
	}
	loader, err := NewLoader(LoaderOptions{Engine: engine})
	if err != nil {
		t.Fatal(err)
	}
	r := testRegistry(t, RegistryOptions{})
	mustInstall(t, r, mustLoad(t, loader, fstest.MapFS{
		"pack.yaml":         {Data: []byte("name: real")},
		"actions/echo.yaml": {Data: []byte("name: say\nexport: echo")},
		"pack.wasm":         {Data: code},
	}))
	lease, err := r.Acquire("greeter.say") // the folder names the pack
	if err != nil {
		t.Fatal(err)
	}
	call := wasm.Call{
		Export: lease.Export, Input: json.RawMessage(`{"a":1}`), Limits: lease.Limits,
		Caller: hostfuncs.Caller{Log: func(automation.LogLevel, string) {}},
	}
	result, err := lease.Module.Call(t.Context(), call)
	if err != nil || result.Code != "" || string(result.Output) != `{"a":1}` {
		t.Errorf("result = %+v, err = %v", result, err)
	}
	lease.Release()
	if err := r.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if err := engine.Close(t.Context()); err != nil {
		t.Error(err)
	}
}
