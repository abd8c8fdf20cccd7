package packs

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"

	"github.com/squall-dev/squall/hostfuncs"
	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/wasm"
)

// Everything else here runs on fakes; this is the real engine, once.
func TestAPackRunsInTheRealEngine(t *testing.T) {
	t.Parallel()
	code, loader := realLoader(t, "echo.wasm")
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
}

// realLoader reads a module of the engine's tests and makes a loader on the engine itself.
func realLoader(t *testing.T, module string) ([]byte, *Loader) {
	t.Helper()
	code, err := os.ReadFile(filepath.Join("..", "runtime", "wasm", "testdata", filepath.FromSlash(module)))
	if err != nil {
		t.Fatal(err)
	}
	engine, err := wasm.New(t.Context(), wasm.Options{Interpreter: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := engine.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	loader, err := NewLoader(LoaderOptions{Engine: engine})
	if err != nil {
		t.Fatal(err)
	}
	return code, loader
}
