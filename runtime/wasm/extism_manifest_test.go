package wasm

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/squall-dev/squall/runtime/automation"
)

func TestAnExtismManifestIsRead(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, manifest string
		want           Plugin
	}{
		{"the least", `{"wasm": [{"path": "plugin.wasm"}]}`, Plugin{File: "plugin.wasm"}},
		{"everything", `{"wasm": [{"path": "p.wasm", "hash": "ab12", "name": "main"}], "config": {"url": "http://x"}, "timeout_ms": 1500,
			"memory": {"max_pages": 32, "max_http_response_bytes": 10, "max_var_bytes": 0}, "allowed_hosts": ["a.example.com"], "allowed_paths": {}}`,
			Plugin{File: "p.wasm", SHA256: "ab12", Config: map[string]string{"url": "http://x"}, Timeout: 1500 * time.Millisecond, Memory: 2 << 20,
				AllowedHosts: []string{"a.example.com"}, Ignored: []string{"memory.max_http_response_bytes", "memory.max_var_bytes"}}},
		{"a timeout without end", `{"wasm": [{"path": "p.wasm"}], "timeout_ms": 18446744073709551615}`,
			Plugin{File: "p.wasm", Timeout: (1<<63 - 1) / time.Millisecond * time.Millisecond}},
	} {
		got, err := ReadExtismManifest([]byte(tt.manifest))
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

func TestAnExtismManifestThatCanNotBeServedIsRefused(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, manifest, want, hint string }{
		{"no JSON", `wasm: p.wasm`, "not an Extism manifest", "plugin.wasm"},
		{"no modules", `{}`, "names 0 modules", "link"},
		{"two modules", `{"wasm": [{"path": "a.wasm"}, {"path": "b.wasm"}]}`, "names 2 modules", "link"},
		{"a module from the web", `{"wasm": [{"url": "https://example.com/a.wasm"}]}`, "not a file of the pack", "downloaded"},
		{"a module in the manifest", `{"wasm": [{"data": "AGFzbQEAAAA="}]}`, "not a file of the pack", "put the module"},
		{"a module that is nothing", `{"wasm": [{}]}`, "not an Extism manifest", ""},
		{"files of the host", `{"wasm": [{"path": "a.wasm"}], "allowed_paths": {"/etc": "/etc"}}`, "no files of the host", "remove"},
	} {
		_, err := ReadExtismManifest([]byte(tt.manifest))
		if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(automation.HintOf(err), tt.hint) {
			t.Errorf("%s: %v (%s)", tt.name, err, automation.HintOf(err))
		}
	}
}

func FuzzExtismManifest(f *testing.F) {
	f.Add([]byte(`{"wasm": [{"path": "plugin.wasm", "hash": "ab"}], "memory": {"max_pages": 4294967295}, "timeout_ms": 1}`))
	f.Add([]byte(`{"wasm": [{"url": "x"}, null], "memory": null}`))
	f.Add([]byte(`null`))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := ReadExtismManifest(data)
		if err == nil && (p.File == "" || p.Memory < 0 || p.Timeout < 0) {
			t.Errorf("%+v", p)
		}
	})
}
