package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
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
		pair, err := b.plainAndMetered(ctx, w)
		if err != nil {
			t.absent(w.name, err)
			continue
		}
		if err := interleave(ctx, b.pace.finer(), pair); err != nil {
			return err
		}
		if err := errors.Join(pair[0].err, pair[1].err); err != nil {
			t.absent(w.name, err)
			continue
		}
		printMetering(t, w.name, pair[0].times, pair[1].times)
	}
	return nil
}

func (b *bench) plainAndMetered(ctx context.Context, w workload) ([]*contender, error) {
	plain, err := b.read(w.file, w.needs)
	if err != nil {
		return nil, err
	}
	metered, err := meter(plain)
	if err != nil {
		return nil, fmt.Errorf("meter %s: %w", w.file, err)
	}
	var pair []*contender
	for _, code := range [][]byte{plain, metered} {
		h, err := newPlainHost(ctx)
		if err != nil {
			return nil, err
		}
		b.closers = append(b.closers, func() { _ = h.runtime.Close(ctx) })
		call, err := h.start(ctx, code, w.export, len(pair) == 1)
		if err != nil {
			return nil, err
		}
		pair = append(pair, &contender{name: w.name, call: call, check: w.check})
	}
	return pair, nil
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
