// Command bench measures the sandbox: what one isolated execution costs in each
// language and kind, what metering costs, how soon a guest stops, how long loading
// takes, what an idle instance weighs and how much all processors get done. It
// prints one table.
//
//	make bench-wasm
//
// Everything does the same: JSON in, a sum from 1 to n, JSON out; every contender's
// output is compared with the expected one in every round. An isolated execution is
// a whole Module.Call of a loaded module: limits, deadline, an instance from the
// pool, the run, the instance put back byte for byte. Beside it stand, in the same
// process and the same rounds, the function native in Go, a plugin of the same
// language in extism/go-sdk (an instance made and closed for each call as isolation
// demands; no timeout is set there, which is in its favour), and fork and exec of a
// native program with pipes for input and output.
//
// A figure is the median of rounds, beside it the quartiles. In a round every
// contender of a section gets one slice of time, in an order that rotates, after a
// garbage collection of its own: noise from outside hits all alike. A round's figure is time over calls. Ratios are medians of the ratios of
// single rounds, never of figures from different runs. Allocations are counted over
// the calls of a slice, on one goroutine.
//
// Metering is compared on one minimal host, with the module as it was built and as
// the engine rewrites it; nothing else differs. A cancel counts from the cancel to
// the return of Call. Load times are of a fresh engine, cold with an empty cache
// directory, cached with the one that the cold load filled. The weight of an idle
// instance is the growth of a child process's resident memory over many instances,
// made to exist at once by holding their calls in a line of log.
//
// With -strict a missing row or a missed target makes the exit code 1. With -slack 2
// as well, only figures of more than twice their target do.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"regexp"
	"runtime"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		stop()
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	var o options
	quick := flag.Bool("quick", false, "fewer and shorter rounds, for CI")
	strict := flag.Bool("strict", false, "exit with 1 when a row is missing or a target missed")
	slack := flag.Float64("slack", 1, "with -strict: how many times its target a figure may be")
	pattern := flag.String("run", "", "measure only rows whose \"section/name\" matches this regular expression")
	flag.StringVar(&o.guests, "guests", "runtime/wasm/bench/guests", "sources of the guests")
	flag.StringVar(&o.out, "out", "runtime/wasm/bench/out", "built guests")
	flag.StringVar(&o.cache, "cache", "", "cache of compiled modules; empty makes one for the run")
	idle := flag.String("idle", "", "for the program itself: print what an idle instance of this guest weighs")
	flag.Parse()
	o.pace = fullPace()
	if *quick {
		o.pace = quickPace()
	}
	var err error
	if o.rows, err = regexp.Compile(*pattern); err != nil {
		return fmt.Errorf("read -run: %w", err)
	}
	if *idle != "" {
		return weigh(ctx, o, *idle)
	}
	t := &table{out: os.Stdout, slack: *slack}
	if err := measure(ctx, o, t); err != nil {
		return err
	}
	if problems := t.close(); *strict && problems > 0 {
		return errors.New("there are missing rows or missed targets")
	}
	return nil
}

// options of one run.
type options struct {
	guests, out, cache string
	rows               *regexp.Regexp
	pace               pace
}

// pace is how long things are measured.
type pace struct {
	rounds     int
	slice      time.Duration // of one contender in one round
	loads      int           // cold and cached
	cancels    int
	children   int           // that weigh instances, a guest
	throughput time.Duration // of one guest in one of five rounds
}

func quickPace() pace {
	return pace{rounds: 7, slice: 10 * time.Millisecond, loads: 5, cancels: 50, children: 5, throughput: 100 * time.Millisecond}
}

func fullPace() pace {
	return pace{rounds: 25, slice: 40 * time.Millisecond, loads: 9, cancels: 200, children: 9, throughput: 600 * time.Millisecond}
}

// finer takes shorter turns, for what differs little.
func (p pace) finer() pace {
	p.slice /= 4
	return p
}

// measure fills the table section by section.
func measure(ctx context.Context, o options, t *table) error {
	if o.cache == "" {
		dir, err := os.MkdirTemp("", "squall-bench-wasm-")
		if err != nil {
			return fmt.Errorf("make a cache directory: %w", err)
		}
		defer func() { _ = os.RemoveAll(dir) }()
		o.cache = dir
	}
	b, err := open(ctx, o)
	if err != nil {
		return err
	}
	defer b.close()
	t.title(fmt.Sprintf("%d CPUs, %s/%s, %s, %d rounds", runtime.NumCPU(), runtime.GOOS, runtime.GOARCH, runtime.Version(), o.pace.rounds))
	for _, section := range []func(context.Context, *bench, *table) error{
		isolated, extismPlugins, metering, cancels, loading, idleInstances, throughput,
	} {
		if err := section(ctx, b, t); err != nil {
			return err
		}
	}
	return nil
}
