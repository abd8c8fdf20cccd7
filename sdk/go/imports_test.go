package squall_test

import (
	"bytes"
	"encoding/binary"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
)

// The server decides from a module's imports which capabilities its pack needs,
// so what the code does not call must not be there.
func TestAModuleImportsOnlyWhatItsCodeCalls(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("builds a module")
	}
	var own []string
	for _, i := range imports(t, build(t)) {
		if i.module != "wasi_snapshot_preview1" {
			own = append(own, i.module+"."+i.name)
		}
	}
	slices.Sort(own)
	want := []string{
		"squall.host_result", "squall.input_len", "squall.input_read", "squall.log", "squall.output_write",
		"squall:host.kube_list",
	}
	if !slices.Equal(own, want) {
		t.Errorf("imports %v\nwant    %v", own, want)
	}
}

func build(t *testing.T) []byte {
	t.Helper()
	file := filepath.Join(t.TempDir(), "pack.wasm")
	cmd := exec.Command("go", "build", "-buildmode=c-shared", "-o", file, "./testdata/guest")
	cmd.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build the guest: %v\n%s", err, out)
	}
	code, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return code
}

type imported struct{ module, name string }

// imports reads the import section, in which Go puts only functions.
func imports(t *testing.T, code []byte) (all []imported) {
	t.Helper()
	const importSection, function = 2, 0
	r := bytes.NewReader(code[8:]) // after magic and version
	for {
		id, err := r.ReadByte()
		if err != nil {
			t.Fatal("the module has no import section")
		}
		body := bytes.NewReader(vector(t, r))
		if id != importSection {
			continue
		}
		for n := number(t, body); n > 0; n-- {
			all = append(all, imported{string(vector(t, body)), string(vector(t, body))})
			if kind, _ := body.ReadByte(); kind != function {
				t.Fatalf("import of kind %d", kind)
			}
			number(t, body) // its type
		}
		return all
	}
}

// vector reads a length and as many bytes.
func vector(t *testing.T, r *bytes.Reader) []byte {
	t.Helper()
	b := make([]byte, number(t, r))
	if n, _ := r.Read(b); n != len(b) {
		t.Fatalf("the module ends after %d of %d bytes", n, len(b))
	}
	return b
}

func number(t *testing.T, r *bytes.Reader) uint64 {
	t.Helper()
	n, err := binary.ReadUvarint(r)
	if err != nil {
		t.Fatal(err)
	}
	return n
}
