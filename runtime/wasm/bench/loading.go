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

func loadGuest(ctx context.Context, b *bench, t *table, g guest, target time.Duration) error {
	loads := b.pace.loads
	if g.heavy {
		loads = 1 // compiling takes seconds
	}
	var cold, cached series
	for range loads {
		c, err := loadTwice(ctx, b.options, g)
		if err != nil {
			return err
		}
		cold, cached = append(cold, c[0]), append(cached, c[1])
	}
	t.print(row{name: g.name + ", cold"}.times(cold))
	r := row{name: g.name + ", cached on disk"}.times(cached)
	if target > 0 {
		r.target, r.verdict = most(target), t.judge(cached.median(), float64(target))
	}
	t.print(r)
	return nil
}

// loadTwice loads with an empty cache, then with what that left there.
func loadTwice(ctx context.Context, o options, g guest) (took [2]float64, err error) {
	dir, err := os.MkdirTemp("", "squall-bench-load-")
	if err != nil {
		return took, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	for n := range took {
		d, err := loadFresh(ctx, o, g, dir)
		if err != nil {
			return took, err
		}
		took[n] = float64(d)
	}
	return took, nil
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
