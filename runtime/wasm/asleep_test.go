package wasm

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/squall-dev/squall/hostfuncs"
	"github.com/squall-dev/squall/runtime/automation"
)

func TestASleepingModuleIsWokenOnce(t *testing.T) {
	t.Parallel()
	o := Options{CacheDir: t.TempDir()}
	code := fixture(t, "behave")
	if _, err := newEngine(t, o).Load(t.Context(), "m", code); err != nil {
		t.Fatal(err)
	}
	e := newEngine(t, o)
	e.Doze()
	m, err := e.Load(t.Context(), "m", code)
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Prepare(t.Context(), "print"); err != nil {
		t.Fatal(err)
	}
	if m.compiled != nil || e.IdleInstances() != 0 {
		t.Fatal("it did not sleep")
	}
	var callers sync.WaitGroup
	callers.Go(func() { e.Wake(t.Context(), func(name string) bool { return name == "m" }) })
	for range 8 {
		callers.Go(func() {
			if res, err := m.Call(t.Context(), Call{Export: "print", Input: []byte(`{}`), Caller: hostfuncs.Caller{Log: func(automation.LogLevel, string) {}}}); err != nil || res.Code != automation.CodeOutputLimit {
				t.Errorf("%+v, %v", res, err)
			}
		})
	}
	callers.Wait()
	if m.compiled == nil || m.sleep.code != nil {
		t.Error("it still sleeps")
	}
	awake, err := e.Load(t.Context(), "n", code)
	if err != nil || awake.compiled == nil {
		t.Errorf("after Wake modules are started at once: %v", err)
	}
}

// A module that nobody wakes can be retired, and one whose cache is damaged wakes all
// the same.
func TestASleepingModuleMayBeRetiredOrDamaged(t *testing.T) {
	t.Parallel()
	o := Options{CacheDir: t.TempDir()}
	code := fixture(t, "behave")
	if _, err := newEngine(t, o).Load(t.Context(), "m", code); err != nil {
		t.Fatal(err)
	}
	e := newEngine(t, o)
	e.Doze()
	one, err := e.Load(t.Context(), "one", code)
	if err != nil {
		t.Fatal(err)
	}
	two, err := e.Load(t.Context(), "two", code)
	if err != nil {
		t.Fatal(err)
	}
	if err := one.Retire(t.Context()); err != nil {
		t.Error(err)
	}
	if _, err := one.Call(t.Context(), Call{Export: "print"}); automation.KindOf(err) != "unavailable" {
		t.Errorf("a call of a module that was retired asleep: %v", err)
	}
	err = filepath.WalkDir(o.CacheDir, func(path string, d os.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() && !strings.HasPrefix(d.Name(), ".") {
			err = os.Truncate(path, 100)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if res := call(t, two, Call{Export: "print", Input: []byte(`{}`)}); res.Code != automation.CodeOutputLimit {
		t.Errorf("with a damaged cache: %+v", res)
	}
}

// What was never started is not taken on trust; once it was, it sleeps like the others
// until it is wanted.
func TestOnlyProvedModulesSleep(t *testing.T) {
	t.Parallel()
	o := Options{CacheDir: t.TempDir()}
	bad := fixture(t, "badstart")
	if _, err := newEngine(t, o).Load(t.Context(), "m", bad); err == nil {
		t.Fatal("it starts")
	}
	e := newEngine(t, o)
	e.Doze()
	if _, err := e.Load(t.Context(), "m", bad); automation.KindOf(err) != "invalid" {
		t.Errorf("a module that does not start: %v", err)
	}
	fresh, err := e.Load(t.Context(), "fresh", fixture(t, "behave"))
	if err != nil || fresh.compiled != nil || !fresh.Proved || e.MemoryUsed() != 0 {
		t.Fatalf("a module that is new does not sleep once it was started: %v, %d bytes in use", err, e.MemoryUsed())
	}
	e.Wake(t.Context(), func(string) bool { return false })
	if fresh.compiled != nil {
		t.Error("what nobody wants was woken")
	}
	if res := call(t, fresh, Call{Export: "print", Input: []byte(`{}`)}); res.Code != automation.CodeOutputLimit {
		t.Errorf("a call of it: %+v", res)
	}
}
