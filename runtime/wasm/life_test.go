package wasm

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/squall-dev/squall/hostfuncs"
	"github.com/squall-dev/squall/runtime/automation"
)

// gate is a host function that tells when a guest has called it and waits until
// it may go on.
type gate struct{ entered, open chan struct{} }

func newGate() *gate { return &gate{make(chan struct{}, 64), make(chan struct{})} }

func (g *gate) hosts(t *testing.T) hostfuncs.Set {
	set, err := hostfuncs.NewSet([]hostfuncs.Func{hostfuncs.New("greet", "Waits.", nil, nil,
		func(ctx context.Context, _ hostfuncs.Caller, _ greeting) (string, error) {
			g.entered <- struct{}{}
			select {
			case <-g.open:
				return "open", nil
			case <-ctx.Done():
				return "", context.Cause(ctx)
			}
		})})
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func TestRetireWaitsForRunningCalls(t *testing.T) {
	t.Parallel()
	g := newGate()
	m := load(t, newEngine(t, Options{HostFuncs: g.hosts(t)}), "behave")
	done := make(chan Result, 1)
	go func() {
		res, err := m.Call(context.Background(), Call{Export: "ask"})
		if err != nil {
			t.Error(err)
		}
		done <- res
	}()
	<-g.entered
	short, cancel := context.WithCancel(t.Context())
	cancel()
	if err := m.Retire(short); !errors.Is(err, context.Canceled) {
		t.Errorf("Retire with a running call: %v, want canceled", err)
	}
	if _, err := m.Call(t.Context(), Call{Export: "ask"}); !errors.Is(err, automation.ErrUnavailable) {
		t.Errorf("a call of a retired module: %v, want unavailable", err)
	}
	close(g.open)
	if res := <-done; string(res.Output) != `{"ok":"open"}` {
		t.Errorf("the call that ran got %s, %s", res.Output, res.Message)
	}
	if err := m.Retire(t.Context()); err != nil {
		t.Error(err)
	}
}

// A canceled guest that waits in a host call ends with the call, one that loops
// within a few milliseconds; the cause decides the code.
func TestCancel(t *testing.T) {
	t.Parallel()
	g := newGate()
	m := load(t, newEngine(t, Options{HostFuncs: g.hosts(t)}), "behave")
	for _, tt := range []struct {
		name, export string
		cause        error
		code         automation.FailureCode
	}{
		{"a waiting guest", "ask", nil, automation.CodeCanceled},
		{"a waiting guest whose deadline came", "ask", context.DeadlineExceeded, automation.CodeTimeout},
		{"a waiting guest at a shutdown", "ask", errors.New("shutdown"), automation.CodeCanceled},
	} {
		t.Run(tt.name, func(t *testing.T) {
			ctx, cancel := context.WithCancelCause(t.Context())
			done := make(chan Result, 1)
			go func() {
				res, err := m.Call(ctx, Call{Export: tt.export})
				if err != nil {
					t.Error(err)
				}
				done <- res
			}()
			<-g.entered
			cancel(tt.cause)
			if res := <-done; res.Code != tt.code {
				t.Errorf("code %q (%s), want %q", res.Code, res.Message, tt.code)
			}
		})
	}
}

func TestCancelReachesLoopsSoon(t *testing.T) {
	t.Parallel()
	m := load(t, newEngine(t, Options{}), "behave")
	// Of several, and with much time, because other tests keep the machine busy; an
	// idle one takes a millisecond. A cancel that no loop hears never ends.
	const bound = 500 * time.Millisecond
	best := time.Hour
	for n := 0; n < 20 && best > bound; n++ {
		ctx, cancel := context.WithCancel(t.Context())
		var canceled time.Time
		time.AfterFunc(10*time.Millisecond, func() { canceled = time.Now(); cancel() })
		if res := callCtx(t, ctx, m, "spin"); res.Code != automation.CodeCanceled {
			t.Fatalf("code %q, want canceled", res.Code)
		}
		best = min(best, time.Since(canceled))
	}
	if best > bound {
		t.Errorf("the quickest cancel took %v", best)
	}
}

func callCtx(t *testing.T, ctx context.Context, m *Module, export string) Result {
	t.Helper()
	res, err := m.Call(ctx, Call{Export: export})
	if err != nil {
		t.Fatal(err)
	}
	return res
}

// Guests that loop on every processor must not keep the garbage collector out.
func TestLoopsDoNotBlockTheCollector(t *testing.T) {
	t.Parallel()
	m := load(t, newEngine(t, Options{}), "behave")
	ctx, cancel := context.WithCancel(t.Context())
	var guests sync.WaitGroup
	for range runtime.GOMAXPROCS(0) + 1 {
		guests.Go(func() {
			if _, err := m.Call(ctx, Call{Export: "spin", Limits: automation.Limits{Fuel: 1 << 60}}); err != nil {
				t.Error(err)
			}
		})
	}
	for range 3 {
		runtime.GC()
	}
	cancel()
	guests.Wait()
}

func TestSleepsAreAsLongAsAsked(t *testing.T) {
	t.Parallel()
	e := newEngine(t, Options{})
	m := load(t, e, "sleep")
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		res, err := m.Call(t.Context(), Call{Limits: automation.Limits{Timeout: 2 * time.Hour}})
		if err != nil || res.Code != "" {
			t.Fatalf("%+v, %v", res, err)
		}
		if d := time.Since(began); d != time.Hour {
			t.Errorf("slept for %v, want an hour", d)
		}
		if res.Usage.GuestTime > time.Minute {
			t.Errorf("sleeping counts as guest time: %v", res.Usage.GuestTime)
		}
	})
}

// Many callers, some of whose guests misbehave, on one module.
func TestParallelCalls(t *testing.T) {
	t.Parallel()
	m := load(t, newEngine(t, Options{}), "behave")
	var callers sync.WaitGroup
	for n := range 16 {
		callers.Go(func() {
			for i := range 60 {
				export, want := "count", "5"
				switch (n + i) % 5 {
				case 1:
					export, want = "ask", `{"ok":"hello x"}`
				case 2:
					export, want = "trap", ""
				case 3:
					export, want = "recurse", ""
				}
				res, err := m.Call(context.Background(), Call{Export: export, Limits: automation.Limits{CallDepth: 100}})
				if err != nil || string(res.Output) != want {
					t.Errorf("%s: %s %s %v", export, res.Output, res.Message, err)
					return
				}
			}
		})
	}
	callers.Wait()
	if n := idleOf(m); n > maxIdle() {
		t.Errorf("%d idle instances, want at most %d", n, maxIdle())
	}
}

func TestIdleInstancesAreTrimmed(t *testing.T) {
	t.Parallel()
	g := newGate()
	e := newEngine(t, Options{HostFuncs: g.hosts(t)})
	m := load(t, e, "behave")
	synctest.Test(t, func(t *testing.T) {
		g.entered, g.open = make(chan struct{}), make(chan struct{}) // of this bubble
		var callers sync.WaitGroup
		for range 3 {
			callers.Go(func() { _, _ = m.Call(context.Background(), Call{Export: "ask"}) })
		}
		for range 3 {
			<-g.entered
		}
		close(g.open)
		callers.Wait()
		if n := idleOf(m); n != 3 {
			t.Fatalf("%d idle instances, want 3", n)
		}
		time.Sleep(2 * idleTime)
		synctest.Wait()
		if n := idleOf(m); n != 1 {
			t.Errorf("%d idle instances after a long time, want 1", n)
		}
	})
}

// What guests import never reads or writes outside of their memory: it ends the
// run and names the import.
func TestBadPointers(t *testing.T) {
	t.Parallel()
	e := newEngine(t, Options{})
	for module, funcs := range map[string][]importFunc{moduleSquall: squallImports(), moduleWASI: wasiImports(), moduleHost: e.hostImports()} {
		for _, f := range funcs {
			full := module + "." + f.name
			if pointerless(f.name) {
				continue
			}
			for _, value := range [][]byte{{0x7f}, {0xff, 0xff, 0x03}} { // the last address, the last byte of the page
				var body []byte
				for n, letter := range f.params {
					switch {
					case n == 0 && (f.name[:3] == "fd_" || f.name == "log" || f.name[:5] == "clock"):
						body = append(body, 0x41, 1) // a stream that is open, a level, a clock
						if f.name == "fd_read" {
							body[len(body)-1] = 0
						}
					case f.name == "poll_oneoff" && n == 2:
						body = append(body, 0x41, 1)
					case letter == 'I':
						body = append(body, 0x42, 0)
					default:
						body = append(append(body, 0x41), value...)
					}
				}
				body = append(body, 0x10, 0)
				if f.results == "" {
					body = append(body, 0x41, 0)
				}
				m, err := e.Load(t.Context(), full, build([]string{full}, f.params+":"+f.results, append([]byte{0}, append(body, 0x0b)...)))
				if err != nil {
					t.Fatalf("%s: %v", full, err)
				}
				res := call(t, m, Call{Export: "run", Input: []byte(`{"a":"long enough"}`)})
				if res.Code != automation.CodeTrap || !contains(res.Message, full, "memory that is not there") {
					t.Errorf("%s: %q %q", full, res.Code, res.Message)
				}
				if err := m.Retire(t.Context()); err != nil {
					t.Error(err)
				}
			}
		}
	}
}

// pointerless are imports that take no address, or never look at it.
func pointerless(name string) bool {
	switch name {
	case "input_len", "proc_exit", "proc_raise", "sched_yield", "host_result",
		"fd_close", "fd_sync", "fd_datasync", "fd_seek", "fd_tell", "fd_fdstat_set_flags", "fd_fdstat_set_rights",
		"fd_prestat_get", "fd_prestat_dir_name":
		return true
	}
	for _, f := range wasiNoFiles() {
		if f.name == name {
			return true
		}
	}
	return false
}

func contains(s string, parts ...string) bool {
	for _, p := range parts {
		if !strings.Contains(s, p) {
			return false
		}
	}
	return true
}

// A second engine finds what the first one compiled, in a directory of its own.
func TestCacheOnDisk(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "cache")
	for range 2 {
		e := newEngine(t, Options{CacheDir: dir})
		if res := call(t, load(t, e, "echo"), Call{Export: "echo", Input: []byte("1")}); string(res.Output) != "1" {
			t.Errorf("output %s", res.Output)
		}
	}
	info, err := os.Stat(dir)
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("mode %v, %v; want 0700", info.Mode(), err)
	}
	if err := os.Chmod(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	if _, err := New(t.Context(), Options{CacheDir: dir}); !errors.Is(err, automation.ErrInvalid) {
		t.Errorf("a directory that others may write: %v, want kind invalid", err)
	}
}

// Load honours its context.
func TestLoadIsCanceled(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("enough"))
	if _, err := newEngine(t, Options{}).Load(ctx, "start", fixture(t, "start")); err == nil || !contains(err.Error(), "enough") {
		t.Errorf("err = %v, want the cause", err)
	}
}

func TestClosedEngineLoadsNothing(t *testing.T) {
	t.Parallel()
	e, err := New(t.Context(), Options{HostFuncs: greetings(t)})
	if err != nil {
		t.Fatal(err)
	}
	m := load(t, e, "echo")
	if err := e.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := m.Call(t.Context(), Call{Export: "echo"}); !errors.Is(err, automation.ErrUnavailable) {
		t.Errorf("call: %v, want kind unavailable", err)
	}
	if fmt.Sprint(e.modules) != "map[]" {
		t.Error("modules are left")
	}
}

func idleOf(m *Module) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	n := 0
	for _, o := range m.origins {
		o.idle.mu.Lock()
		n += len(o.idle.idle)
		o.idle.mu.Unlock()
	}
	return n
}
