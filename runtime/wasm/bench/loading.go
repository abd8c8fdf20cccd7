package main

import (
	"context"
	"fmt"
	"os"
	"time"
)

// mostCachedLoad is how long a Go guest may take to load from the cache.
const mostCachedLoad = 100 * time.Millisecond

// loading is the section on loading: a fresh engine each time.
func loading(ctx context.Context, b *bench, t *table) error {
	const section = "load"
	first := true
	for _, g := range guests() {
		if g.file != "go-reactor.wasm" && g.file != "python-command.wasm" || !b.selected(section, g.name) {
			continue
		}
		if first {
			t.section("load: check, meter, compile, start, freeze", "")
			first = false
		}
		target := mostCachedLoad
		if g.heavy {
			target = 0
		}
		if err := loadGuest(ctx, b, t, g, target); err != nil {
			t.absent(g.name, err)
		}
	}
	return nil
}

// loadGuest loads again and again, cold and from the cache in turns. A heavy guest
// takes many seconds to compile and is loaded from the cache only.
func loadGuest(ctx context.Context, b *bench, t *table, g guest, target time.Duration) error {
	var cold, cached series
	if g.heavy { // the run's own cache may not have it yet
		if _, err := loadFresh(ctx, b.options, g, b.cache); err != nil {
			return err
		}
	}
	for range b.pace.loads {
		c, w, err := loadTwice(ctx, b.options, g)
		if err != nil {
			return err
		}
		cold, cached = append(cold, float64(c)), append(cached, float64(w))
	}
	if !g.heavy {
		t.print(row{name: g.name + ", cold"}.times(cold))
	}
	r := row{name: g.name + ", cached on disk"}.times(cached)
	if target > 0 {
		r.target, r.verdict = most(target), t.judge(cached.median(), float64(target))
	}
	t.print(r)
	return nil
}

// loadTwice loads with an empty cache, then with what that left there.
func loadTwice(ctx context.Context, o options, g guest) (cold, cached time.Duration, err error) {
	if g.heavy {
		cached, err = loadFresh(ctx, o, g, o.cache)
		return 0, cached, err
	}
	dir, err := os.MkdirTemp("", "squall-bench-load-")
	if err != nil {
		return 0, 0, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if cold, err = loadFresh(ctx, o, g, dir); err != nil {
		return 0, 0, err
	}
	cached, err = loadFresh(ctx, o, g, dir)
	return cold, cached, err
}

func loadFresh(ctx context.Context, o options, g guest, cache string) (time.Duration, error) {
	e, err := newEngine(ctx, cache)
	if err != nil {
		return 0, err
	}
	began := time.Now()
	_, err = loadInto(ctx, e, o, g)
	took := time.Since(began)
	if closeErr := e.Close(ctx); err == nil && closeErr != nil {
		err = fmt.Errorf("close the engine: %w", closeErr)
	}
	return took, err
}
