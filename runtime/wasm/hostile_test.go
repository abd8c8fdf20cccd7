package wasm

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
)

// Twice as many looping guests as processors leave the rest of the server its
// turns. Measured: 20 ms a ping, because Go looks at the network only every 10 ms
// while no processor is idle. The bound is many times that; if guests kept the
// processors, nothing would ever answer.
func TestLoopsStarveNobody(t *testing.T) { // not parallel: it wants the processors
	const pings, bound = 100, 500 * time.Millisecond
	m := load(t, newEngine(t, Options{}), "behave")
	ctx, cancel := context.WithCancel(t.Context())
	var guests sync.WaitGroup
	defer func() { cancel(); guests.Wait() }()
	for range 2 * runtime.GOMAXPROCS(0) {
		guests.Go(func() {
			limits := automation.Limits{Fuel: 1 << 60, Timeout: time.Hour}
			if res, err := m.Call(ctx, Call{Export: "spin", Limits: limits}); err != nil || res.Code != automation.CodeCanceled {
				t.Errorf("a looping guest: %v %v", res.Code, err)
			}
		})
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "pong") }))
	defer server.Close()
	var took []time.Duration
	for n := range pings {
		began := time.Now()
		resp, err := server.Client().Get(server.URL)
		if err != nil {
			t.Fatal(err)
		}
		_, err = io.Copy(io.Discard, resp.Body)
		if err = errors.Join(err, resp.Body.Close()); err != nil {
			t.Fatal(err)
		}
		took = append(took, time.Since(began))
		if n%25 == 0 {
			runtime.GC()
		}
	}
	slices.Sort(took)
	t.Logf("p50 %v, p99 %v", took[pings/2], took[pings*99/100])
	if p99 := took[pings*99/100]; p99 > bound {
		t.Errorf("p99 of a ping is %v, want less than %v", p99, bound)
	}
}

// Guests that may use more memory together than there is wait for each other.
func TestMemoryBudget(t *testing.T) {
	t.Parallel()
	const page = pageSize
	g := newGate()
	m := load(t, newEngine(t, Options{HostFuncs: g.hosts(t), MemoryBudget: 41 * page, MaxMemory: 20 * page}), "behave")
	if free := m.engine.budget.free; free < 40*page || free == 41*page {
		t.Fatalf("%d bytes are free after loading, want all but the frozen page", free)
	}
	limits := automation.Limits{Memory: 15 * page}
	ask := func(ctx context.Context, limits automation.Limits) (Result, error) {
		return m.Call(ctx, Call{Export: "ask", Limits: limits})
	}
	var callers sync.WaitGroup
	for range 3 { // two fit in
		callers.Go(func() {
			if res, err := ask(context.Background(), limits); err != nil || res.Code != "" {
				t.Errorf("%+v %v", res, err)
			}
		})
	}
	<-g.entered
	<-g.entered
	short := automation.Limits{Memory: 15 * page, Timeout: 20 * time.Millisecond}
	if _, err := ask(t.Context(), short); !errors.Is(err, automation.ErrUnavailable) || !contains(err.Error(), "2.6 MiB of memory") {
		t.Errorf("a call whose time is over before there is memory: %v, want kind unavailable", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if res, err := ask(ctx, limits); err != nil || res.Code != automation.CodeCanceled {
		t.Errorf("a call that is canceled while it waits: %+v %v", res, err)
	}
	select {
	case <-g.entered:
		t.Error("a third guest runs, where there is memory for two")
	default:
	}
	close(g.open)
	callers.Wait()
	if err := m.Retire(t.Context()); err != nil {
		t.Error(err)
	}
	if free := m.engine.budget.free; free != 41*page || len(m.engine.budget.waiting) != 0 {
		t.Errorf("%d bytes are free in the end, want all", free)
	}
}

// Small guests do not overtake a large one that waits.
func TestMemoryIsGivenInTurn(t *testing.T) {
	t.Parallel()
	b := newBudget(10, func() {})
	if err := b.take(t.Context(), 6); err != nil {
		t.Fatal(err)
	}
	large, small := &waiter{8, make(chan struct{})}, &waiter{1, make(chan struct{})}
	b.waiting = []*waiter{large, small}
	done := func(w *waiter) bool {
		select {
		case <-w.ready:
			return true
		default:
			return false
		}
	}
	b.serve()
	if done(large) || done(small) {
		t.Error("somebody was served before there was enough for the first")
	}
	b.give(6)
	if !done(large) || !done(small) || b.free != 1 {
		t.Errorf("served %v %v, %d free", done(large), done(small), b.free)
	}
	if err := b.take(t.Context(), 11); !errors.Is(err, automation.ErrUnavailable) {
		t.Errorf("more than there ever is: %v", err)
	}
}

func TestLoadsTakeTurns(t *testing.T) {
	t.Parallel()
	e := newEngine(t, Options{})
	e.compiling <- struct{}{} // another Load compiles
	ctx, cancel := context.WithCancelCause(t.Context())
	done := make(chan error, 1)
	go func() {
		_, err := e.Load(ctx, "echo", fixture(t, "echo"))
		done <- err
	}()
	select {
	case err := <-done:
		t.Fatalf("Load did not wait: %v", err)
	case <-time.After(10 * time.Millisecond):
	}
	cancel(errors.New("enough"))
	if err := <-done; err == nil || !contains(err.Error(), "enough") {
		t.Errorf("Load that waits: %v, want the cause", err)
	}
	<-e.compiling
	load(t, e, "echo")
}

// A module that only declares a large memory would take it as soon as it is frozen.
func TestLargeMemoryIsRefusedAtLoad(t *testing.T) {
	t.Parallel()
	e := newEngine(t, Options{})
	code := slices.Concat([]byte("\x00asm\x01\x00\x00\x00"), []byte{1, 5, 1, 0x60, 0, 1, 0x7f}, []byte{3, 2, 1, 0},
		[]byte{5, 5, 1, 0, 0x80, 0x80, 1}, // 16,384 pages
		[]byte{7, 7, 1, 3, 'r', 'u', 'n', 0, 0}, []byte{10, 6, 1, 4, 0, 0x41, 0, 0x0b})
	if _, err := e.Load(t.Context(), "large", code); !errors.Is(err, automation.ErrInvalid) || !contains(err.Error(), "1 GiB", "256 MiB") {
		t.Errorf("err = %v, want kind invalid", err)
	}
	if e.budget.free != e.budget.total {
		t.Errorf("%d bytes are lost", e.budget.total-e.budget.free)
	}
}

// Empty lines cost something too.
func TestLogOfEmptyLines(t *testing.T) {
	t.Parallel()
	n := 0
	l := &logbook{limit: 3200, sink: func(automation.LogLevel, string) { n++ }}
	for range 1000 {
		l.add(automation.LevelInfo, "")
	}
	if n != 100 || !l.over() {
		t.Errorf("%d lines went through, want 100", n)
	}
}
