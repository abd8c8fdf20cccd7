package wasm

import (
	"encoding/json"
	"time"

	extism "github.com/extism/go-sdk"

	"github.com/squall-dev/squall/runtime/automation"
)

// Plugin is what an Extism manifest says about a plugin.
type Plugin struct {
	File    string // path of the module, as written
	SHA256  string // of the module, in hexadecimal; empty when it does not say
	Config  map[string]string
	Memory  int64         // most bytes of memory; zero when it does not say
	Timeout time.Duration // zero when it does not say
	// AllowedHosts are the hosts, or patterns of hosts, that the plugin wants to
	// reach. They grant nothing here.
	AllowedHosts []string
	// Ignored are keys that say something and have no effect here.
	Ignored []string
}

// ReadExtismManifest reads a manifest in Extism's own format. It is refused when it
// asks for what a pack's action can not be: several modules, a module that is not a
// file of the pack, files of the host.
func ReadExtismManifest(data []byte) (Plugin, error) {
	var m extism.Manifest
	if err := json.Unmarshal(data, &m); err != nil {
		return Plugin{}, automation.Invalid("this is not an Extism manifest").Because(err).
			WithHint(`the least is {"wasm": [{"path": "plugin.wasm"}]}`)
	}
	p := Plugin{
		Config: m.Config, AllowedHosts: m.AllowedHosts, Ignored: ignoredKeys(data),
		Memory: int64(m.Memory.MaxPages) * pageSize, Timeout: milliseconds(m.Timeout),
	}
	if len(m.AllowedPaths) > 0 {
		return Plugin{}, automation.Invalid("allowed_paths: plugins see no files of the host").
			WithHint("remove the key; pass what the plugin reads as a parameter or in the configuration")
	}
	if len(m.Wasm) != 1 {
		return Plugin{}, automation.Invalid("the manifest names %d modules, an action has one", len(m.Wasm)).
			WithHint("link the modules into one before they are packed")
	}
	file, ok := m.Wasm[0].(extism.WasmFile)
	if !ok {
		return Plugin{}, automation.Invalid("the manifest's module is not a file of the pack").
			WithHint(`put the module into the pack and write {"path": "plugin.wasm"}; nothing is downloaded`)
	}
	p.File, p.SHA256 = file.Path, file.Hash
	return p, nil
}

func milliseconds(n uint64) time.Duration {
	const most = uint64(1<<63-1) / uint64(time.Millisecond)
	return time.Duration(min(n, most)) * time.Millisecond
}

// ignoredKeys finds the bounds of go-sdk that have fixed values here. It reads the
// text again because go-sdk's type does not tell zero from absent.
func ignoredKeys(data []byte) []string {
	var m struct {
		Memory struct {
			HTTP *int64 `json:"max_http_response_bytes"`
			Vars *int64 `json:"max_var_bytes"`
		} `json:"memory"`
	}
	_ = json.Unmarshal(data, &m) // it was read before
	var keys []string
	if m.Memory.HTTP != nil {
		keys = append(keys, "memory.max_http_response_bytes")
	}
	if m.Memory.Vars != nil {
		keys = append(keys, "memory.max_var_bytes")
	}
	return keys
}
