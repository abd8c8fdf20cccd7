package packs

import (
	"encoding/json"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/squall-dev/squall/hostfuncs"
	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/wasm"
)

func TestAManifestNarrowsLimitsAndCompletesTheConfiguration(t *testing.T) {
	t.Parallel()
	r := testRegistry(t, RegistryOptions{})
	fsys, _ := archive(t, "testdata/good/plugin.txtar")
	p, err := testLoader(t, &fakeEngine{}).Load(t.Context(), "configured", fsys, "somewhere")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"actions/plugins.json: memory.max_var_bytes has no effect: the bounds are 1 MiB each"}, p.Notes); diff != "" {
		t.Errorf("notes (-want +got):\n%s", diff)
	}
	mustInstall(t, r, p)
	merged := map[string]any{"region": "us", "greeting": "hello", "url": 5, "free": true} // url is the operator's
	for _, tt := range []struct {
		action, export string
		timeout        time.Duration
		memory         int64
		config         map[string]any
	}{
		{"greet", "greet", 3 * time.Second, 4 << 20, merged},
		{"count", "count", time.Second, 4 << 20, merged},
		{"direct", "greet", 10 * time.Second, 16 << 20, map[string]any{"region": "eu", "url": 5, "free": true}},
	} {
		lease, err := r.Acquire(automation.Ref("configured." + tt.action))
		if err != nil {
			t.Fatal(err)
		}
		if lease.Export != tt.export || lease.Limits.Timeout != tt.timeout || lease.Limits.Memory != tt.memory {
			t.Errorf("%s: %+v", tt.action, lease)
		}
		if diff := cmp.Diff(tt.config, lease.Config); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.action, diff)
		}
		if lease.Action.EntryPoint != "actions/lib.wasm" {
			t.Errorf("%s runs %s", tt.action, lease.Action.EntryPoint)
		}
		lease.Release()
	}
}

func TestAManifestWidensNoLimit(t *testing.T) {
	t.Parallel()
	fsys := greeter("1.0.0", "")
	fsys["pack.yaml"] = &fstest.MapFile{Data: []byte("name: greeter\nlimits: {timeout: 2s, memory: 1MiB}\n")}
	fsys["plugin.json"] = &fstest.MapFile{Data: []byte(`{"wasm": [{"path": "plugin.wasm"}], "timeout_ms": 60000, "memory": {"max_pages": 1000}}`)}
	fsys["plugin.wasm"] = &fstest.MapFile{Data: []byte("extism export=wide")}
	fsys["actions/wide.yaml"] = &fstest.MapFile{Data: []byte("name: wide\nentry_point: plugin.json\n")}
	r := testRegistry(t, RegistryOptions{})
	mustInstall(t, r, mustLoad(t, testLoader(t, &fakeEngine{}), fsys))
	lease, err := r.Acquire("greeter.wide")
	if err != nil {
		t.Fatal(err)
	}
	defer lease.Release()
	if lease.Limits.Timeout != 2*time.Second || lease.Limits.Memory != 1<<20 {
		t.Errorf("limits %+v", lease.Limits)
	}
}

// A pack full of sources may hold JSON of any size; none of it is the server's.
func TestALargeJSONFileIsNoManifest(t *testing.T) {
	t.Parallel()
	fsys := greeter("1.0.0", "")
	fsys["package-lock.json"] = &fstest.MapFile{Data: make([]byte, maxYAMLBytes+1)}
	fsys["actions/schema.json"] = &fstest.MapFile{Data: []byte("{}")}
	p := mustLoad(t, testLoader(t, &fakeEngine{}), fsys)
	if err := p.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestAPluginRunsInTheRealEngine(t *testing.T) {
	t.Parallel()
	code, loader := realLoader(t, "extism/visit_c.wasm")
	r := testRegistry(t, RegistryOptions{})
	mustInstall(t, r, mustLoad(t, loader, fstest.MapFS{
		"pack.yaml":           {Data: []byte("name: real")},
		"actions/visit.yaml":  {Data: []byte("name: visit\nentry_point: visit.json")},
		"actions/visit.json":  {Data: []byte(`{"wasm": [{"path": "plugin.wasm"}], "config": {"greeting": "hello"}}`)},
		"actions/plugin.wasm": {Data: code},
	}))
	lease, err := r.Acquire("greeter.visit") // the folder names the pack
	if err != nil {
		t.Fatal(err)
	}
	result, err := lease.Module.Call(t.Context(), wasm.Call{
		Export: lease.Export, Input: json.RawMessage(`Ada`), Limits: lease.Limits, Caller: hostfuncs.Caller{Config: lease.Config},
	})
	if want := `{"greeting":"hello","name":"Ada","visits":2}`; err != nil || string(result.Output) != want {
		t.Errorf("%s %s, %v", result.Output, result.Message, err)
	}
	lease.Release()
	if err := r.Close(t.Context()); err != nil {
		t.Error(err)
	}
}
