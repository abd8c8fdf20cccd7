package main

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"time"

	"github.com/squall-dev/squall/runtime/wasm"
)

const throughputRounds = 5

// throughput is the section on what all processors get done.
func throughput(ctx context.Context, b *bench, t *table) error {
	const section = "throughput"
	var chosen []guest
	for _, g := range append(guests(), plugins()...) {
		if b.selected(section, g.name) {
			chosen = append(chosen, g)
		}
	}
	if len(chosen) == 0 {
		return nil
	}
	rates, latencies, failed := map[string]series{}, map[string]series{}, map[string]error{}
	for round := range throughputRounds + 1 {
		for _, g := range chosen {
			m, err := b.load(ctx, g)
			if err == nil {
				var rate float64
				var took series
				rate, took, err = saturate(ctx, m, b.pace.throughput)
				if round > 0 {
					rates[g.name], latencies[g.name] = append(rates[g.name], rate), append(latencies[g.name], took...)
				}
			}
			failed[g.name] = err
		}
	}
	t.section(fmt.Sprintf("calls a second, %d callers", runtime.GOMAXPROCS(0)), "")
	for _, g := range chosen {
		if err := failed[g.name]; err != nil {
			t.absent(g.name, err)
			continue
		}
		r, l := rates[g.name], latencies[g.name]
		t.print(row{name: g.name, median: count(r.median()), spread: spread(r, count),
			verdict: "p50 " + duration(l.median()) + "  p99 " + duration(l.at(0.99))})
	}
	return nil
}

// saturate lets one caller a processor call as fast as it is answered.
func saturate(ctx context.Context, m *wasm.Module, during time.Duration) (rate float64, took series, err error) {
	var mu sync.Mutex // guards took and err
	var callers sync.WaitGroup
	runtime.GC()
	began := time.Now()
	for range runtime.GOMAXPROCS(0) {
		callers.Go(func() {
			mine, failed := callUntil(ctx, m, began.Add(during))
			mu.Lock()
			defer mu.Unlock()
			took = append(took, mine...)
			if failed != nil {
				err = failed
			}
		})
	}
	callers.Wait()
	return float64(len(took)) / time.Since(began).Seconds(), took, err
}

func callUntil(ctx context.Context, m *wasm.Module, end time.Time) (took series, err error) {
	call := caller(ctx, m, newCall("run", input))
	took = make(series, 0, 1<<16)
	for at := time.Now(); at.Before(end); {
		output, err := call()
		if err != nil {
			return took, err
		}
		now := time.Now()
		took, at = append(took, float64(now.Sub(at))), now
		if len(took) == 1 {
			if err := check(output); err != nil {
				return took, err
			}
		}
	}
	return took, nil
}

func count(n float64) string { return fmt.Sprintf("%.0f", n) }
