package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/tetratelabs/wazero"
)

// workload is something to compute, plain and metered.
type workload struct {
	name, file, needs, export string
	check                     func([]byte) error
}

func workloads() []workload {
	number := func(want string) func([]byte) error {
		return func(output []byte) error {
			if !bytes.Equal(output, []byte(want)) {
				return fmt.Errorf("the output is %s instead of %s", output, want)
			}
			return nil
		}
	}
	return []workload{
		{"C, sha256 of 64 KiB", "c-work.wasm", needsClang, "sha256", number(sha256Word())},
		{"C, a million times xorshift", "c-work.wasm", needsClang, "xorshift", number(xorshiftEnd())},
		{"Rust, the action", "rust-reactor.wasm", needsRust, "run", check},
		{"Go, the action", "go-reactor.wasm", "Go", "run", check},
		{"JavaScript, the action", "quickjs-reactor.wasm", needsWASI + " and npm", "run", check},
	}
}

// mostOverhead is how much of its time a metered guest may take more.
const mostOverhead = 0.25

// metering is the section on what counting instructions costs.
func metering(ctx context.Context, b *bench, t *table) error {
	const section = "metering"
	first := true
	for _, w := range workloads() {
		if !b.selected(section, w.name) {
			continue
		}
		if first {
			t.section("metering: metered against plain", "")
			first = false
		}
		plain, metered, err := b.compare(ctx, w)
		if err != nil {
			t.absent(w.name, err)
			continue
		}
		printMetering(t, w.name, plain, metered)
	}
	return nil
}

// pairs is how many instances of each kind are compared: where an instance happens
// to lie in memory makes a difference of some percent as long as it lives.
const pairs = 4

func (b *bench) compare(ctx context.Context, w workload) (plain, metered series, err error) {
	code, err := b.read(w.file, w.needs)
	if err != nil {
		return nil, nil, err
	}
	rewritten, err := meter(code)
	if err != nil {
		return nil, nil, fmt.Errorf("meter %s: %w", w.file, err)
	}
	cache := wazero.NewCompilationCache()
	defer func() { _ = cache.Close(ctx) }()
	for range pairs {
		p, m, err := b.comparePair(ctx, cache, w, code, rewritten)
		if err != nil {
			return nil, nil, err
		}
		plain, metered = append(plain, p...), append(metered, m...)
	}
	return plain, metered, nil
}

func (b *bench) comparePair(ctx context.Context, cache wazero.CompilationCache, w workload, plain, metered []byte) (p, m series, err error) {
	var both [2]*contender
	for n, code := range [][]byte{plain, metered} {
		h, err := newPlainHost(ctx, cache)
		if err != nil {
			return nil, nil, err
		}
		defer func() { _ = h.runtime.Close(ctx) }()
		call, err := h.start(ctx, code, w.export, n == 1)
		if err != nil {
			return nil, nil, err
		}
		both[n] = &contender{name: w.name, call: call, check: w.check}
	}
	if err := interleave(ctx, b.pace.finer(), both[:]); err != nil {
		return nil, nil, err
	}
	return both[0].times, both[1].times, errors.Join(both[0].err, both[1].err)
}

func printMetering(t *table, name string, plain, metered series) {
	more := metered.over(plain)
	percent := func(ratio float64) string { return fmt.Sprintf("%+.0f %%", 100*(ratio-1)) }
	t.print(row{
		name: name, target: fmt.Sprintf("<= %.0f %%", 100*mostOverhead), median: percent(more.median()),
		spread:  spread(more, percent),
		verdict: t.judge(more.median()-1, mostOverhead) + "  " + duration(plain.median()) + " -> " + duration(metered.median()),
	})
}
