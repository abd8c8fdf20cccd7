package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"strconv"

	"github.com/squall-dev/squall/hostfuncs"
	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/wasm"
)

// idleInstances is the section on what waiting instances weigh.
func idleInstances(ctx context.Context, b *bench, t *table) error {
	first := true
	for _, g := range append(guests(), plugins()...) {
		if !b.selected("idle", g.name) {
			continue
		}
		if first {
			t.section("resident memory per idle instance", "instances")
			first = false
		}
		if _, err := b.load(ctx, g); err != nil { // and the cache has it for the children
			t.absent(g.name, err)
			continue
		}
		weights, err := weighAgain(ctx, b.options, g)
		if err != nil {
			t.absent(g.name, err)
			continue
		}
		t.print(row{name: g.name, median: size(weights.median()), spread: spread(weights, size),
			extra: strconv.Itoa(instances(g))})
	}
	return nil
}

func weighAgain(ctx context.Context, o options, g guest) (series, error) {
	var weights series
	for range o.pace.children {
		w, err := weighInChild(ctx, o, g)
		if err != nil {
			return nil, err
		}
		weights = append(weights, w)
	}
	return weights, nil
}

// instances is how many are weighed at once.
func instances(g guest) int {
	if g.heavy {
		return 16
	}
	return 64
}

func weighInChild(ctx context.Context, o options, g guest) (float64, error) {
	self, err := os.Executable()
	if err != nil {
		return 0, err
	}
	out, err := exec.CommandContext(ctx, self, "-idle", g.name, "-guests", o.guests, "-out", o.out, "-cache", o.cache).Output()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		return 0, fmt.Errorf("%w: %s", err, bytes.TrimSpace(exit.Stderr))
	}
	if err != nil {
		return 0, err
	}
	return strconv.ParseFloat(string(bytes.TrimSpace(out)), 64)
}

// weigh prints how many bytes the process grows with each idle instance. It runs
// in a process of its own.
func weigh(ctx context.Context, o options, name string) error {
	for _, g := range append(guests(), plugins()...) {
		if g.name != name {
			continue
		}
		runtime.GOMAXPROCS((instances(g) + 3) / 4) // the pool keeps four for each
		b, err := open(ctx, o)
		if err != nil {
			return err
		}
		defer b.close()
		m, err := b.load(ctx, g)
		if err != nil {
			return err
		}
		w, err := growth(ctx, m, instances(g))
		fmt.Printf("%.0f\n", w)
		return err
	}
	return fmt.Errorf("there is no guest %q", name)
}

func growth(ctx context.Context, m *wasm.Module, n int) (float64, error) {
	if err := together(ctx, m, 1); err != nil {
		return 0, err
	}
	before, err := resident()
	if err != nil {
		return 0, err
	}
	if err := together(ctx, m, n); err != nil {
		return 0, err
	}
	after, err := resident()
	return float64(after-before) / float64(n-1), err
}

// together makes n calls at the same time: none goes on before all have begun.
func together(ctx context.Context, m *wasm.Module, n int) error {
	begun, goOn, done := make(chan struct{}), make(chan struct{}), make(chan error, n)
	c := newCall("run", talking)
	c.Caller = hostfuncs.Caller{Log: func(automation.LogLevel, string) {
		begun <- struct{}{}
		<-goOn
	}}
	for range n {
		go func() {
			_, err := caller(ctx, m, c)()
			done <- err
		}()
	}
	for range n {
		select {
		case <-begun:
		case err := <-done:
			return errors.Join(errors.New("a guest ended without its line of log"), err)
		}
	}
	close(goOn)
	var errs []error
	for range n {
		errs = append(errs, <-done)
	}
	return errors.Join(errs...)
}

// resident is the process's resident memory, without what Go could give back.
func resident() (int64, error) {
	runtime.GC()
	debug.FreeOSMemory()
	content, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0, fmt.Errorf("read the resident memory: %w", err)
	}
	fields := bytes.Fields(content)
	if len(fields) < 2 {
		return 0, fmt.Errorf("read the resident memory: %q", content)
	}
	pages, err := strconv.ParseInt(string(fields[1]), 10, 64)
	return pages * int64(os.Getpagesize()), err
}
