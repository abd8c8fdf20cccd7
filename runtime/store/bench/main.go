// Command bench fills a store with a million executions and measures what people ask
// of it: pages and exact totals of filters, the room that a row takes, and how long
// opening takes.
//
//	go run ./runtime/store/bench          a million, as recorded in runtime/README.md
//	go run ./runtime/store/bench -quick   a hundred thousand, for CI
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"time"

	"github.com/squall-dev/squall/runtime/query"
	"github.com/squall-dev/squall/runtime/store"
	"github.com/squall-dev/squall/runtime/store/sqlite"
)

// The targets.
const (
	targetFilter = 50 * time.Millisecond
	targetOpen   = time.Second
	targetRow    = 400 // bytes
)

func main() {
	quick := flag.Bool("quick", false, "a hundred thousand executions instead of a million")
	rows := flag.Int("rows", 1_000_000, "how many executions")
	rounds := flag.Int("rounds", 40, "how often each filter is asked")
	dir := flag.String("dir", "", "keep the database here, and use the one that is there")
	strict := flag.Bool("strict", false, "end with an error when a target is missed")
	flag.Parse()
	if *quick {
		*rows = 100_000
	}
	missed, err := run(context.Background(), os.Stdout, *dir, *rows, *rounds)
	if err == nil && missed > 0 && *strict {
		err = fmt.Errorf("%d targets missed", missed)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, out io.Writer, dir string, rows, rounds int) (missed int, err error) {
	if dir == "" {
		if dir, err = os.MkdirTemp("", "squall-history-*"); err != nil {
			return 0, err
		}
		defer os.RemoveAll(dir)
	}
	b := &bench{out: out, path: filepath.Join(dir, "squall.db"), rounds: rounds}
	fmt.Fprintf(out, "%d CPUs, %s/%s, %s, %d executions of ten days, each with an event, a verdict, an attempt and a log\n\n",
		runtime.NumCPU(), runtime.GOOS, runtime.GOARCH, runtime.Version(), rows)
	if err := b.fill(ctx, rows); err != nil {
		return 0, err
	}
	s, err := b.open(ctx)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	if err := b.measure(ctx, s); err != nil {
		return 0, err
	}
	if err := b.sizes(ctx, s); err != nil {
		return 0, err
	}
	err = b.prune(ctx, s, rows/10)
	fmt.Fprintf(out, "\n%d targets missed\n", b.missed)
	return b.missed, err
}

type bench struct {
	out    io.Writer
	path   string
	rounds int
	missed int
	// promised tells that what is measured now has a target.
	promised bool
}

func (b *bench) verdict(ok bool) string {
	if ok {
		return "ok"
	}
	b.missed++
	return "MISSED"
}

// open opens the database as a server that starts does.
func (b *bench) open(ctx context.Context) (*sqlite.Store, error) {
	began := time.Now()
	s, err := sqlite.Open(ctx, sqlite.Options{Path: b.path})
	if err != nil {
		return nil, err
	}
	took := time.Since(began)
	fmt.Fprintf(b.out, "%-58s %8s %8s  %8s\n", "", "", "", "target")
	fmt.Fprintf(b.out, "%-58s %8s %8.1f  %8s  %s\n\n", "open, ms", "", ms(took), fmt.Sprintf("<= %d", targetOpen.Milliseconds()), b.verdict(took <= targetOpen))
	return s, nil
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// filters are what people ask for; the program of fill makes each of them meet what
// its comment says.
func filters() []string {
	return []string{
		``, `status:failed`, `status:failed,timed_out`, `-status:succeeded`,
		`action:pack3.action7`, `action:pack3.*`, `pack:pack3`, `rule:pack3.on_alert7`, `trigger:alertmanager.*`, `actor:mira`,
		`action:nothing.*`, `status:failed action:pack3.action7`, `status:failed -pack:pack3`,
		`since:1h`, `since:24h`, `since:90h status:failed`, `since:90h pack:pack3`, `until:230h`, `since:200h until:100h action:pack3.*`,
		`trace:deploy-77`, `event:EVENT`, `id:EVENT8`,
		`budget`, `"disruption budget"`, `error:"exit code"`, `log:oomkilled`, `leaky-77`, `leaky-7`, `nowhere`,
		`budget status:failed`, `budget pack:pack3`, `budget since:24h`, `"disruption budget" -action:pack3.*`,
		`param.node:ip-10-2-77`, `param.node:ip-10-2-7*`,
	}
}

// slow are filters that only rows can answer, and a word that stands everywhere: what
// they cost grows with the history, and nothing is promised.
func slow() []string {
	return []string{`code:timeout`, `duration:>2900ms`, `attempts:>1`, `param.pod:*-77`, `pod`}
}

func (b *bench) measure(ctx context.Context, s *sqlite.Store) error {
	fmt.Fprintf(b.out, "%-58s %8s %8s  %8s       %9s\n", "filter: a page of 100, and the total", "p50 ms", "p95 ms", "target", "total")
	newest, err := s.Executions(ctx, store.ExecutionQuery{Limit: 1})
	if err != nil || len(newest) == 0 {
		return errors.Join(err, errors.New("there are no executions"))
	}
	for i, text := range append(filters(), slow()...) {
		b.promised = i < len(filters())
		text = replace(text, newest[0].Event)
		f, err := query.Parse(text, time.Now())
		if err != nil {
			return err
		}
		lists, counts, total := make([]time.Duration, b.rounds), make([]time.Duration, b.rounds), 0
		for round := range b.rounds {
			began := time.Now()
			if _, err := s.Executions(ctx, store.ExecutionQuery{Filter: f}); err != nil {
				return fmt.Errorf("%s: %w", text, err)
			}
			lists[round] = time.Since(began)
			began = time.Now()
			byStatus, err := s.CountExecutions(ctx, store.ExecutionQuery{Filter: f})
			if err != nil {
				return fmt.Errorf("%s: %w", text, err)
			}
			counts[round], total = time.Since(began), 0
			for _, n := range byStatus {
				total += n
			}
		}
		b.line("  "+text, lists, -1)
		b.line("", counts, total)
	}
	return nil
}

func (b *bench) line(name string, took []time.Duration, total int) {
	slices.Sort(took)
	p95 := took[len(took)*95/100]
	what := ""
	if total >= 0 {
		what, name = fmt.Sprint(total), name+"      total"
	}
	target, verdict := "", ""
	if b.promised {
		target, verdict = fmt.Sprintf("<= %d", targetFilter.Milliseconds()), b.verdict(p95 <= targetFilter)
	}
	fmt.Fprintf(b.out, "%-58s %8.2f %8.2f  %8s  %-6s %8s\n", name, ms(took[len(took)/2]), ms(p95), target, verdict, what)
}

// sizes tells what the tables take.
func (b *bench) sizes(ctx context.Context, s *sqlite.Store) error {
	tables, err := s.Tables(ctx)
	if err != nil {
		return err
	}
	size, err := s.Size(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(b.out, "\n%-58s %8s %8s\n", "bytes an execution", "", "bytes")
	for _, t := range tables {
		each := t.Bytes / int64(max(size.Executions, 1))
		if t.Name == "executions" {
			fmt.Fprintf(b.out, "%-58s %8s %8d  %8s  %s\n", "  the table of executions", "", each, fmt.Sprintf("<= %d", targetRow), b.verdict(each <= targetRow))
		} else if each > 0 {
			fmt.Fprintf(b.out, "%-58s %8s %8d\n", "  "+t.Name, "", each)
		}
	}
	fmt.Fprintf(b.out, "%-58s %8s %8d\n", "  all, with the pages' slack", "", size.Bytes/int64(max(size.Executions, 1)))
	return nil
}
