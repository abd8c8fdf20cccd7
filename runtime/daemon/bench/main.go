// Command bench measures the whole path from outside: it starts the real server
// with fsync on, sends webhooks from this second process over loopback and prints
// one table with targets, beside an HTTP handler that does nothing, for scale.
//
//	make bench-engine
//
// Latency is open loop: requests leave at their scheduled time whether or not
// earlier ones were answered, and the schedule is the start of the measurement,
// so that a server that stalls cannot hide it. An event is sustained when its
// execution has ended too: the clock stops when the last one has.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"
)

// options of one run.
type options struct {
	binary, packs string
	quick, strict bool
	slack         float64
	history, only string
}

// span is how long a part takes, shorter in a quick run.
func (o options) span(d time.Duration) time.Duration {
	if o.quick {
		return d / 6
	}
	return d
}

func main() {
	var o options
	flag.StringVar(&o.binary, "binary", "bin/squall", "the server's binary")
	flag.StringVar(&o.packs, "packs", "examples/packs", "packs with the rule on the webhook hello")
	flag.BoolVar(&o.quick, "quick", false, "a sixth of the time")
	flag.BoolVar(&o.strict, "strict", false, "exit with 1 when a target is missed")
	flag.Float64Var(&o.slack, "slack", 1, "how many times its target a figure may be")
	flag.StringVar(&o.history, "history", "", "a data directory with many executions, to start on")
	flag.StringVar(&o.only, "only", "", "some parts, with commas between: latency, throughput, nosync, knee, watchers, memory, starts, size")
	flag.Parse()
	if err := run(context.Background(), o); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options) error {
	dir, err := os.MkdirTemp("", "squall-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	t := &table{slack: o.slack}
	fmt.Printf("%d CPUs, %s/%s, %s, load from a second process over loopback\n", runtime.NumCPU(), runtime.GOOS, runtime.GOARCH, runtime.Version())
	for _, part := range []struct {
		name string
		run  func(context.Context, options, string, *table) error
	}{
		{"latency", latency}, {"throughput", throughput}, {"nosync", withoutSync}, {"knee", knee}, {"watchers", watchers},
		{"memory", memory}, {"starts", starts}, {"size", size},
	} {
		if o.only != "" && !slices.Contains(strings.Split(o.only, ","), part.name) {
			continue
		}
		if err := part.run(ctx, o, dir, t); err != nil {
			return fmt.Errorf("%s: %w", part.name, err)
		}
	}
	fmt.Printf("\n%d targets missed\n", t.missed)
	if o.strict && t.missed > 0 {
		return errors.New("targets were missed")
	}
	return nil
}

const hello = "/api/v1/webhooks/hello"

// latency is that of a server with little to do.
func latency(ctx context.Context, o options, dir string, t *table) error {
	return withServer(ctx, o, filepath.Join(dir, "latency"), "", func(s *server) error {
		const rate = 500
		load(ctx, s.url+hello, rate, 2*time.Second) // warm up: compile, fill pools
		if err := s.calm(); err != nil {
			return err
		}
		posted := load(ctx, s.url+hello, rate, o.span(30*time.Second))
		started, err := s.firstInstructions(ctx, posted)
		if err != nil {
			return err
		}
		echo := echoServer()
		defer echo.Close()
		t.head(fmt.Sprintf("at %d events/s, open loop, fsync on", rate), "p50 ms", "p99 ms", "max ms")
		t.spread("webhook sent -> 202 (event, verdicts, executions durable)", durations(posted), 0, 0)
		t.spread("webhook sent -> action's first instruction (Go guest)", started, 2*time.Millisecond, 10*time.Millisecond)
		t.spread("echo handler: request sent -> 202", durations(load(ctx, echo.URL, rate, o.span(6*time.Second))), 0, 0)
		return nil
	})
}

func echoServer() *httptest.Server {
	return httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusAccepted) }))
}

// connections are enough that some of them are in a commit while others are answered.
const connections = 256

// throughput counts events whose executions have ended.
func throughput(ctx context.Context, o options, dir string, t *table) error {
	t.head(fmt.Sprintf("%d connections, closed loop, %s", connections, o.span(time.Minute)), "per second")
	sustained, cost, err := sustain(ctx, o, filepath.Join(dir, "fsync"), "")
	if err != nil {
		return err
	}
	t.atLeast("durable events, each with one execution that has ended", sustained, 5000)
	t.plain("CPU time of the server for each, µs", "%.0f", float64(cost.Microseconds()))
	echo := echoServer()
	defer echo.Close()
	echoes := through(ctx, echo.URL, connections, o.span(12*time.Second)).accepted()
	t.plain("echo handler", "%.0f", echoes)
	t.plain("ratio", "%.2f", sustained/echoes)
	return nil
}

func withoutSync(ctx context.Context, o options, dir string, t *table) error {
	sustained, _, err := sustain(ctx, o, filepath.Join(dir, "nosync"), "fsync: false\n")
	if err == nil {
		t.plain("the same without fsync", "%.0f", sustained)
	}
	return err
}

// sustain is how many events a second came to the end of what they led to, and the
// CPU time that the server took for each.
func sustain(ctx context.Context, o options, dir, config string) (rate float64, cost time.Duration, err error) {
	err = withServer(ctx, o, dir, config, func(s *server) error {
		through(ctx, s.url+hello, connections, time.Second)
		if err := errors.Join(s.waitIdle(ctx), s.calm()); err != nil {
			return err
		}
		before, err := s.cpu()
		if err != nil {
			return err
		}
		sent := through(ctx, s.url+hello, connections, o.span(time.Minute))
		if sent.count == 0 {
			return errors.New("no webhook was accepted: do the packs have a rule on the webhook hello?")
		}
		if err := s.waitIdle(ctx); err != nil {
			return err
		}
		rate = float64(sent.count) / time.Since(sent.began).Seconds()
		after, err := s.cpu()
		cost = (after - before) / time.Duration(max(sent.count, 1))
		return err
	})
	return rate, cost, err
}

// knee is the highest rate at which the slowest of a hundred takes less than a tenth of
// a second.
func knee(ctx context.Context, o options, dir string, t *table) error {
	t.head("highest rate with p99 < 100 ms, open loop", "per second", "p99 ms")
	return withServer(ctx, o, filepath.Join(dir, "knee"), "", func(s *server) error {
		best, bestP99 := 0, time.Duration(0)
		for rate := 1000; rate <= 16000; rate += 1000 {
			posted := load(ctx, s.url+hello, rate, o.span(6*time.Second))
			p99 := percentile(durations(posted), 0.99)
			if refused(posted) || p99 >= 100*time.Millisecond {
				break
			}
			best, bestP99 = rate, p99
			if err := s.waitIdle(ctx); err != nil {
				return err
			}
		}
		t.row("webhook sent -> 202", fmt.Sprint(best), milliseconds(bestP99))
		return nil
	})
}

// watchers compares ingestion with and without many readers of the live stream. They
// come and go, because a machine's speed changes within the minute.
func watchers(ctx context.Context, o options, dir string, t *table) error {
	const rate, readers, rounds = 500, 200, 5
	t.head(fmt.Sprintf("%d readers of the live stream, %d events/s, %d rounds", readers, rate, rounds), "p50 ms", "p99 ms")
	return withServer(ctx, o, filepath.Join(dir, "watchers"), "", func(s *server) error {
		load(ctx, s.url+hello, rate, 2*time.Second)
		var alone, watched []time.Duration
		var seen int64
		for range rounds {
			alone = append(alone, durations(load(ctx, s.url+hello, rate, o.span(6*time.Second)))...)
			stop, err := s.watch(ctx, readers)
			if err != nil {
				return err
			}
			watched = append(watched, durations(load(ctx, s.url+hello, rate, o.span(6*time.Second)))...)
			seen += stop()
		}
		t.row("webhook -> 202, nobody watches", milliseconds(percentile(alone, 0.5)), milliseconds(percentile(alone, 0.99)))
		t.row("webhook -> 202, watched", milliseconds(percentile(watched, 0.5)), milliseconds(percentile(watched, 0.99)))
		t.atMost("watched / not, p50", 100*float64(percentile(watched, 0.5))/float64(percentile(alone, 0.5)), 110, "%.0f", "%")
		t.plain("changes that a reader saw, on average", "%.0f", float64(seen)/readers)
		return nil
	})
}
