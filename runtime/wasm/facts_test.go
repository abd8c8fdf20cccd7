package wasm

import (
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
)

func TestFacts(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "cache")
	e := newEngine(t, Options{CacheDir: dir, MemoryBudget: 1 << 30})
	m := load(t, e, "behave")
	for range 2 {
		call(t, m, Call{Export: "count"})
	}
	f := e.Facts()
	if f.CacheDir != dir || f.MemoryBudget != 1<<30 || f.MaxMemory != 1<<30 || f.Modules != 1 || f.Idle != 1 || f.Waiting != 0 {
		t.Errorf("facts are %+v", f)
	}
	o := m.origins[""]
	i := o.idle.take()
	if want := o.frozen.bytes() + i.held; f.MemoryUsed != want || want == 0 { // the frozen state, and what the idle instance wrote
		t.Errorf("%d bytes are in use, want %d", f.MemoryUsed, want)
	}
	o.idle.put(i, time.Now())
	if f.Compiler == "" || f.ModeWhy == "" || f.Reset == "" {
		t.Errorf("facts are %+v", f)
	}
	if runtime.GOOS == "linux" && runtime.GOARCH == "amd64" && f.Mode != "compiler" {
		t.Errorf("mode is %q, want compiler", f.Mode)
	}
	if f := newEngine(t, Options{Interpreter: true}).Facts(); f.Mode != "interpreter" || f.ModeWhy != "the server was told to" {
		t.Errorf("mode is %q, because %s", f.Mode, f.ModeWhy)
	}
}

func TestFactsCountWhatIsTakenAndWhoWaits(t *testing.T) {
	t.Parallel()
	e := newEngine(t, Options{MemoryBudget: 1000})
	if err := e.budget.take(t.Context(), 900); err != nil {
		t.Fatal(err)
	}
	w := &waiter{200, make(chan struct{})}
	e.budget.waiting = append(e.budget.waiting, w) // as take does before it waits
	if f := e.Facts(); f.MemoryUsed != 900 || f.Waiting != 1 {
		t.Errorf("used %d, waiting %d, want 900 and 1", f.MemoryUsed, f.Waiting)
	}
	e.budget.give(900)
	if f := e.Facts(); f.MemoryUsed != 200 || f.Waiting != 0 {
		t.Errorf("used %d, waiting %d, want 200 and 0", f.MemoryUsed, f.Waiting)
	}
}

// What inspect says of size and memory is what the text of the fixture says.
func TestInspectCounts(t *testing.T) {
	t.Parallel()
	e := newEngine(t, Options{})
	bounded := build(nil, "", []byte{0, 0x41, 0, 0x0b})
	info, err := e.Inspect(bounded)
	if err != nil || info.Functions != 1 || info.Instructions != 2 || len(info.UnknownImports) != 0 {
		t.Errorf("%+v, %v", info, err)
	}
	info, err = e.Inspect(fixture(t, "table"))
	if err != nil || info.Resettable || info.ResetWhy == "" {
		t.Errorf("%+v, %v", info, err)
	}
	info, err = e.Inspect(build([]string{"env.abort", "squall.log", "env.abort"}, "", []byte{0, 0x41, 0, 0x0b}))
	if automation.KindOf(err) != "invalid" || len(info.UnknownImports) != 1 || info.UnknownImports[0] != "env.abort" ||
		info.Kind != Reactor || len(info.Imports) != 2 {
		t.Errorf("%+v, %v", info, err)
	}
}
