package wasm

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/squall-dev/squall/hostfuncs"
	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/wasm/rewrite"
)

// fixtures are the committed modules of all kinds.
func fixtures(t *testing.T) map[string][]byte {
	t.Helper()
	all := map[string][]byte{}
	for _, pattern := range []string{"testdata/*.wasm", "testdata/extism/*.wasm"} {
		paths, err := filepath.Glob(pattern)
		if err != nil || len(paths) == 0 {
			t.Fatal(pattern, err)
		}
		for _, path := range paths {
			if all[path], err = os.ReadFile(path); err != nil {
				t.Fatal(err)
			}
		}
	}
	return all
}

// behaviour is what a module is and, if it does the same each time, what it does, as
// text to compare.
func behaviour(t *testing.T, e *Engine, code []byte, repeats bool) string {
	t.Helper()
	m, err := e.Load(t.Context(), "m", code)
	if err != nil {
		return err.Error()
	}
	info, err := json.Marshal(m.Info())
	if err != nil {
		t.Fatal(err)
	}
	said := string(info)
	exports := m.Info().Exports
	if m.Info().Kind == Command {
		exports = []string{"x"}
	}
	if !repeats {
		return said
	}
	for _, export := range exports {
		limits := automation.Limits{Timeout: time.Minute, Fuel: 2_000_000, Memory: 4 << 20, HostCalls: 3, CallDepth: 500}
		res := call(t, m, Call{Export: export, Input: []byte(`{"name":"a"}`), Limits: limits})
		said += fmt.Sprintf("\n%s: %q %q %s %q %d", export, res.Code, res.Message, res.Output, res.Trace, res.Usage.Fuel)
	}
	return said
}

// repeats tells fixtures that answer the same each time from those that draw lots or
// wait.
func repeats(path string) bool {
	return !slices.Contains([]string{"random.wasm", "sleep.wasm"}, filepath.Base(path))
}

// Every fixture is and does the same when it comes from the cache, and it does come
// from there.
func TestACachedModuleIsTheSame(t *testing.T) {
	t.Parallel()
	for path, code := range fixtures(t) {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			o := Options{CacheDir: t.TempDir()}
			cold, cached := newEngine(t, o), newEngine(t, o)
			want := behaviour(t, cold, code, repeats(path))
			info, err := cold.Inspect(code)
			if len(cold.loaded()) > 0 && cached.records.find(code) == nil {
				t.Error("it is not in the cache")
			}
			if got := behaviour(t, cached, code, repeats(path)); got != want {
				t.Errorf("from the cache:\n%s\nwant:\n%s", got, want)
			}
			asleep := newEngine(t, o)
			asleep.Doze()
			if got := behaviour(t, asleep, code, repeats(path)); got != want {
				t.Errorf("woken by a call:\n%s\nwant:\n%s", got, want)
			}
			again, errAgain := cached.Inspect(code)
			if !reflect.DeepEqual(again, info) || fmt.Sprint(errAgain) != fmt.Sprint(err) {
				t.Errorf("inspect says %+v, %v from the cache, want %+v, %v", again, errAgain, info, err)
			}
		})
	}
}

// What is found out of the fixtures may change only together with findingsVersion.
func TestFindingsVersion(t *testing.T) {
	t.Parallel()
	sums := map[int]string{
		1: "f2e4737401ad2079568fddf0211ea9ab9048f64b38dc5062cd01fd625ea31fac",
		2: "0b38a658e79de1c02c2d91cb8044845bd5bbb2f1d09e15935dd8b6f52e716bd1",
	}
	e, all, h := newEngine(t, Options{}), fixtures(t), sha256.New()
	e.interprets = false // programs are frozen on some systems only: the sum is that of those
	for _, path := range slices.Sorted(maps.Keys(all)) {
		f, err := e.examine(all[path])
		if err != nil {
			continue
		}
		facts, err := json.Marshal(f)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = fmt.Fprintf(h, "%s %s\n", path, facts) // a hash does not fail
	}
	if got := hex.EncodeToString(h.Sum(nil)); sums[findingsVersion] != got {
		t.Errorf("bump findingsVersion: what is found out of the fixtures has changed, to the sum %s", got)
	}
}

// However a file of the cache is damaged, modules load and do the same.
func TestDamageInTheCacheIsHarmless(t *testing.T) {
	t.Parallel()
	if testing.Short() || raceEnabled {
		t.Skip("it makes hundreds of engines")
	}
	for _, name := range []string{"testdata/echo.wasm", "testdata/cat.wasm", "testdata/extism/echo.wasm"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			code, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			dir := t.TempDir()
			want := behaviourIn(t, dir, code)
			for file := range filesIn(t, dir) {
				whole, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				for what, damaged := range damages(whole) {
					if err := os.WriteFile(file, damaged, 0o600); err != nil {
						t.Fatal(err)
					}
					if got := behaviourIn(t, dir, code); got != want {
						t.Fatalf("%s of %s: %s, want %s", what, file, got, want)
					}
					if mended, err := os.ReadFile(file); err != nil || !bytes.Equal(mended, whole) {
						t.Fatalf("%s of %s is still there: %v", what, file, err)
					}
				}
			}
		})
	}
}

func behaviourIn(t *testing.T, dir string, code []byte) string {
	t.Helper()
	e, err := New(t.Context(), Options{CacheDir: dir, HostFuncs: greetings(t)})
	if err != nil {
		t.Fatal(err)
	}
	said := behaviour(t, e, code, true)
	if err := e.Close(context.WithoutCancel(t.Context())); err != nil {
		t.Fatal(err)
	}
	return said
}

// damages are what may happen to a file: a byte changes, the end is missing, all of
// it is something else.
func damages(whole []byte) map[string][]byte {
	all := map[string][]byte{"emptiness": {}, "a missing end": whole[:len(whole)/2], "zeros": make([]byte, len(whole)),
		"a longer end": append(bytes.Clone(whole), 0)}
	for at := 0; at < len(whole); at += 1 + len(whole)/60 {
		b := bytes.Clone(whole)
		b[at] ^= 1 << (at % 8)
		all[fmt.Sprintf("a changed byte %d", at)] = b
	}
	return all
}

func TestARecordUnderAnotherNameIsNotRead(t *testing.T) {
	t.Parallel()
	o := Options{CacheDir: t.TempDir()}
	e := newEngine(t, o)
	load(t, e, "echo")
	foreign, err := filepath.Glob(filepath.Join(o.CacheDir, "records", "*"))
	if err != nil || len(foreign) != 1 {
		t.Fatal(foreign, err)
	}
	own := sha256.Sum256(fixture(t, "behave"))
	if err := os.Rename(foreign[0], e.records.path(e.records.key(hex.EncodeToString(own[:])))); err != nil {
		t.Fatal(err)
	}
	if m := load(t, newEngine(t, o), "behave"); slices.Contains(m.Info().Exports, "echo") {
		t.Errorf("exports %v, those of another module", m.Info().Exports)
	}
}

// Engines that share a directory compile, load and tidy at the same time.
func TestEnginesShareACache(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var engines sync.WaitGroup
	for range 4 {
		engines.Go(func() {
			e, err := New(t.Context(), Options{CacheDir: dir, HostFuncs: greetings(t)})
			if err != nil {
				t.Error(err)
				return
			}
			defer func() {
				if err := e.Close(context.WithoutCancel(t.Context())); err != nil {
					t.Error(err)
				}
			}()
			for _, name := range []string{"echo", "behave", "cat", "echo", "table"} {
				if _, err := e.Load(t.Context(), name, fixture(t, name)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	engines.Wait()
	for file := range filesIn(t, dir) {
		if strings.Contains(file, unfinished) {
			t.Errorf("%s is left behind", file)
		}
	}
}

// The host functions that a module needs are those of the engine that loads it.
func TestImportsAreCheckedFromTheCacheToo(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	code := build([]string{"squall:host.greet"}, "ii:i", []byte{0, 0x41, 0, 0x0b})
	if _, err := newEngine(t, Options{CacheDir: dir}).Load(t.Context(), "m", code); err != nil {
		t.Fatal(err)
	}
	poor := newEngine(t, Options{CacheDir: dir, HostFuncs: hostfuncs.Set{}})
	if poor.records.find(code) == nil {
		t.Fatal("the module is not in the cache")
	}
	if _, err := poor.Load(t.Context(), "m", code); !errors.Is(err, automation.ErrInvalid) || !contains(err.Error(), "squall:host.greet") {
		t.Errorf("err = %v, want greet to be missing", err)
	}
	if info, err := poor.Inspect(code); err == nil || !slices.Equal(info.UnknownImports, []string{"squall:host.greet"}) {
		t.Errorf("inspect says %v, %v", info.UnknownImports, err)
	}
	if info, err := poor.Describe(code); err != nil || info.Kind != Reactor {
		t.Errorf("describe says %+v, %v", info, err)
	}
}

// A limit that changed is asked again, whatever passed under another one.
func TestLimitsAreCheckedFromTheCacheToo(t *testing.T) {
	t.Parallel()
	o := Options{CacheDir: t.TempDir()}
	load(t, newEngine(t, o), "behave")
	o.MaxMemory = pageSize / 2 // less than the page that the module begins with
	if _, err := newEngine(t, o).Load(t.Context(), "m", fixture(t, "behave")); !errors.Is(err, automation.ErrInvalid) {
		t.Errorf("err = %v, want it refused", err)
	}
	r := newRecords(o.CacheDir, rewrite.DefaultLimits(), false)
	if tight := (rewrite.Limits{}); newRecords(o.CacheDir, tight, false).key("a") == r.key("a") {
		t.Error("other limits have the same key")
	}
	if newRecords(o.CacheDir, rewrite.DefaultLimits(), true).key("a") == r.key("a") {
		t.Error("an interpreter has the same key")
	}
}

// Tidying leaves alone what another engine works on right now.
func TestPrune(t *testing.T) {
	t.Parallel()
	dir, now := t.TempDir(), time.Now()
	for name, age := range map[string]time.Duration{
		"records/old": 2 * cacheTime, "records/new": time.Hour, unfinished + "dead": time.Hour, unfinished + "alive": time.Second,
	} {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, nil, 0o600),
			os.Chtimes(path, now.Add(-age), now.Add(-age))); err != nil {
			t.Fatal(err)
		}
	}
	if err := prune(dir, now.Add(-cacheTime)); err != nil {
		t.Fatal(err)
	}
	var left []string
	for file := range filesIn(t, dir) {
		left = append(left, filepath.Base(file))
	}
	if slices.Sort(left); !slices.Equal(left, []string{"new", unfinished + "alive"}) {
		t.Errorf("left: %v", left)
	}
}
