package wasm

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/squall-dev/squall/runtime/automation"
)

// asCompiler makes the test binary a compiler.
const asCompiler = "-as-compiler"

func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == asCompiler {
		os.Exit(CompilerMain(context.Background(), os.Args[2:], os.Stdin, os.Stderr))
	}
	os.Exit(m.Run())
}

func compiled(t *testing.T) *compiler {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return &compiler{command: []string{self, asCompiler}, dir: t.TempDir()}
}

// needsProcess skips where a compiler process can not live within its limits.
func needsProcess(t *testing.T) {
	t.Helper()
	if raceEnabled {
		t.Skip("the race detector needs more address space than a compiler gets")
	}
}

// A module is compiled once, in a process of its own, and found in the cache after
// that, also by a second engine; a cached module that was damaged is made again.
func TestCompilerProcess(t *testing.T) {
	t.Parallel()
	needsProcess(t)
	c := compiled(t)
	var said bytes.Buffer
	serves := func() *Engine {
		e := newEngine(t, Options{CacheDir: c.dir, Compiler: c.command, Logger: slog.New(slog.NewTextHandler(&said, nil))})
		if res := call(t, load(t, e, "echo"), Call{Export: "echo", Input: []byte("1")}); string(res.Output) != "1" {
			t.Fatalf("output %s", res.Output)
		}
		return e
	}
	serves()
	made := filesIn(t, c.dir)
	if len(made) != 2 {
		t.Fatalf("the cache has %v, want a module and a record", made)
	}
	damaged := ""
	for file := range made {
		if filepath.Base(filepath.Dir(file)) != "records" {
			damage(t, file)
			damaged = file
		}
	}
	if contains(said.String(), "damaged") {
		t.Errorf("before the damage: %s", said.String())
	}
	serves()
	if !contains(said.String(), "damaged") || !contains(said.String(), filepath.Base(damaged)) {
		t.Errorf("nobody was told of the damage: %s", said.String())
	}
	if again := filesIn(t, c.dir); len(again) != 2 {
		t.Errorf("the cache has %v, want a module and a record", again)
	}
}

func TestCachedModulesNeedNoCompiler(t *testing.T) {
	t.Parallel()
	needsProcess(t)
	c := compiled(t)
	load(t, newEngine(t, Options{CacheDir: c.dir, Compiler: c.command}), "echo")
	load(t, newEngine(t, Options{CacheDir: c.dir, Compiler: []string{"/nonexistent"}}), "echo")
}

func TestCompilerFailures(t *testing.T) {
	t.Parallel()
	needsProcess(t)
	invalid := build([]string{"squall.input_len"}, ":i", []byte{0, 0x42, 0, 0x0b}) // an i64 where an i32 is due
	for _, tt := range []struct {
		name    string
		command []string
		code    []byte
		kind    error
		message string
	}{
		{"a module that is not valid", compiled(t).command, invalid, automation.ErrInvalid, "cannot use i64"},
		{"a compiler that dies", []string{"/bin/sh", "-c", "echo out of memory >&2; kill -9 $$"}, fixture(t, "echo"), automation.ErrInvalid, "out of memory"},
		{"a compiler that is not there", []string{"/nonexistent"}, fixture(t, "echo"), nil, "start the compiler"},
		{"a compiler that makes nothing", []string{"/bin/true"}, fixture(t, "echo"), nil, "made 0 files"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			e := newEngine(t, Options{CacheDir: dir, Compiler: tt.command})
			_, err := e.Load(t.Context(), "m", tt.code)
			if err == nil || tt.kind != nil && !errors.Is(err, tt.kind) || !contains(err.Error(), tt.message) {
				t.Errorf("err = %v, want %v and %q", err, tt.kind, tt.message)
			}
			if left := filesIn(t, dir); len(left) != 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}

func TestCompilerIsCanceled(t *testing.T) {
	t.Parallel()
	e := newEngine(t, Options{CacheDir: t.TempDir(), Compiler: []string{"/bin/sh", "-c", "sleep 3600"}})
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("enough"))
	if _, err := e.Load(ctx, "m", fixture(t, "echo")); err == nil || !contains(err.Error(), "enough") {
		t.Errorf("err = %v, want the cause", err)
	}
}

func filesIn(t *testing.T, dir string) map[string]int64 {
	t.Helper()
	found := map[string]int64{}
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			found[path] = 0
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func damage(t *testing.T, file string) {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for at := len(b) / 2; at < len(b); at += 64 {
		b[at] ^= 0xff
	}
	if err := os.WriteFile(file, b, 0o600); err != nil {
		t.Fatal(err)
	}
}
