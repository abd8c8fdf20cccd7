package packs

import (
	"bytes"
	"compress/gzip"
	"errors"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/squall-dev/squall/runtime/automation"
)

func gzipped(t testing.TB, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func withModule(name string, code []byte) fstest.MapFS {
	return fstest.MapFS{
		"pack.yaml":     {Data: []byte("name: small\n")},
		"actions/a.yml": {Data: []byte("name: a\nrunner_type: wasm\n")},
		name:            {Data: code},
	}
}

func TestAModuleMayBeCompressed(t *testing.T) {
	t.Parallel()
	code := []byte("export=a")
	for _, name := range []string{"pack.wasm.gz", "actions/pack.wasm.gz"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, err := testLoader(t, &fakeEngine{}).Load(t.Context(), "small", withModule(name, gzipped(t, code)), "small")
			if err != nil {
				t.Fatal(err)
			}
			defer p.Close(t.Context()) //nolint:errcheck // a fake
			if got, want := p.Actions[0].EntryPoint, strings.TrimSuffix(name, ".gz"); got != want {
				t.Errorf("the entry point is %s, want %s", got, want)
			}
			if got := p.infos[p.Actions[0].EntryPoint].Exports; len(got) != 1 || got[0] != "a" {
				t.Errorf("the module exports %v, want a", got)
			}
		})
	}
}

func TestACompressedModuleThatCanNotBeUnpackedIsRefusedByName(t *testing.T) {
	t.Parallel()
	whole := gzipped(t, []byte("export=a"))
	for _, tt := range []struct {
		name, want string
		fsys       fstest.MapFS
	}{
		{"not gzip", "pack.wasm.gz can not be unpacked: gzip: invalid header", withModule("pack.wasm.gz", []byte("export=a and more"))},
		{"cut off", "pack.wasm.gz can not be unpacked: unexpected EOF", withModule("pack.wasm.gz", whole[:len(whole)-6])},
		{"a wrong sum", "pack.wasm.gz can not be unpacked: gzip: invalid checksum", withModule("pack.wasm.gz", append(whole[:len(whole)-8:len(whole)-8], make([]byte, 8)...))},
		{"larger than a module may be", "pack.wasm.gz holds more than 64 MiB", withModule("pack.wasm.gz", gzipped(t, make([]byte, maxWasmBytes+1)))},
		{"both", "pack.wasm and pack.wasm.gz are both there", func() fstest.MapFS {
			fsys := withModule("pack.wasm.gz", whole)
			fsys["pack.wasm"] = &fstest.MapFile{Data: []byte("export=a")}
			return fsys
		}()},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p, err := testLoader(t, &fakeEngine{}).Load(t.Context(), "small", tt.fsys, "small")
			if err == nil {
				_ = p.Close(t.Context())
			}
			if !errors.Is(err, automation.ErrInvalid) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%v; want %s", err, tt.want)
			}
		})
	}
}
