package torture

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"github.com/squall-dev/squall/runtime/daemon"
	"github.com/squall-dev/squall/runtime/disk"
)

// trouble is a disk that refuses: from the n-th operation on, once or until it is
// lifted.
type trouble struct {
	mu    sync.Mutex
	left  int // operations until it refuses; negative: never
	err   error
	once  bool
	hits  int
	class string // of the first operation that was refused
	data  string
}

func (t *trouble) arm(n int, err error, once bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.left, t.err, t.once, t.hits, t.class = n, err, once, 0, ""
}

// lift ends it and reports what was refused first, and how often.
func (t *trouble) lift() (class string, hits int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.left = -1
	return t.class, t.hits
}

// layer refuses what a disk may refuse. Removing always works: it needs no room.
func (t *trouble) layer(op disk.Op, do func() error) error {
	if op.Kind == disk.Remove {
		return do()
	}
	if err := t.decide(op); err != nil {
		return err
	}
	return do()
}

func (t *trouble) decide(op disk.Op) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.left < 0 {
		return nil
	}
	if t.left > 1 {
		t.left--
		return nil
	}
	if t.hits++; t.hits == 1 {
		t.class = string(op.Kind) + " " + classOf(op, t.data)
	}
	if t.once {
		t.left = -1
	}
	return fmt.Errorf("%s %s: %w", op.Kind, op.Path, t.err)
}

// sickness is one way in which a disk refuses.
type sickness struct {
	err  error
	once bool
}

func (s sickness) String() string {
	if s.once {
		return fmt.Sprintf("%v, once", s.err)
	}
	return fmt.Sprintf("%v, until lifted", s.err)
}

func sicknesses() []sickness {
	return []sickness{{syscall.ENOSPC, false}, {syscall.EIO, true}, {syscall.ENOSPC, true}, {syscall.EIO, false}}
}

// lanes is how many servers are troubled at the same time: most of the time they
// wait before they try again.
const lanes = 12

// diskTrouble refuses the n-th operation on the disk for every n of a scenario, in a
// server that stays up all the time, and for every n of a first start. A round adds
// a way to refuse.
func diskTrouble(ctx context.Context, r *run) error {
	if err := r.troubledStarts(ctx); err != nil {
		return err
	}
	errs := make([]error, lanes)
	var all sync.WaitGroup
	for lane := range lanes {
		all.Go(func() { errs[lane] = r.troubledLane(ctx, lane) })
	}
	all.Wait()
	return errors.Join(errs...)
}

// troubledLane troubles one server with every n that falls to it.
func (r *run) troubledLane(ctx context.Context, lane int) (err error) {
	b, err := r.newBench(fmt.Sprintf("lane%d", lane))
	if err != nil {
		return err
	}
	defer b.close()
	t := &trouble{left: -1, data: filepath.Join(b.dir, "data")}
	s, err := b.serveHere(ctx, disk.Faults{Layer: t.layer, CheckpointPages: checkpointOften})
	if err != nil {
		return err
	}
	for n := 1 + lane; err == nil; n += lanes {
		reached := false
		for i := range min(r.Rounds, len(sicknesses())) {
			how := sicknesses()[(n/lanes+i)%len(sicknesses())]
			hits := b.trouble(ctx, s, t, n, how)
			reached = reached || hits > 0
			err = context.Cause(ctx)
		}
		if !reached && n > 40 { // the scenario was over before
			break
		}
	}
	if err = errors.Join(err, s.stop()); err != nil {
		return err
	}
	b.politeness()
	return b.verify(ctx)
}

// trouble plays the scenario while the disk refuses, then lifts that and looks
// whether the server recovers.
func (b *bench) trouble(ctx context.Context, s *here, t *trouble, n int, how sickness) int {
	t.arm(n, how.err, how.once)
	for range keepEvery + 1 {
		b.post(ctx, s.url)
	}
	if api, err := b.client(s.url); err == nil { // else the disk refused to give the token
		b.alter(ctx, api)
	}
	class, hits := t.lift()
	if hits == 0 {
		return 0
	}
	b.sum("troubles: "+class, 1)
	recovers := b.promise("troubles", "when the disk works again, so does the server, without hands")
	status := 0
	for deadline := time.Now().Add(10 * time.Second); ctx.Err() == nil; pause(ctx, 20*time.Millisecond) {
		status, _ = b.post(ctx, s.url)
		if status == http.StatusAccepted || time.Now().After(deadline) {
			break
		}
	}
	b.check(recovers, status == http.StatusAccepted, "after the %d-th operation (%s: %v) events are answered %d", n, class, how, status)
	return hits
}

// troubledStarts refuses the n-th operation of a first start.
func (r *run) troubledStarts(ctx context.Context) error {
	p := r.promise("starts", "a first start that met a bad disk can be repeated")
	for n := 1; ; n++ {
		b, err := r.newBench(fmt.Sprintf("start%d", n))
		if err != nil {
			return err
		}
		t := &trouble{data: filepath.Join(b.dir, "data")}
		how := sicknesses()[n%len(sicknesses())]
		t.arm(n, how.err, how.once)
		s, err := b.serveHere(ctx, disk.Faults{Layer: t.layer})
		class, hits := t.lift()
		if err == nil {
			_ = s.stop() // it may tell of what was refused
		}
		if hits == 0 {
			b.close()
			return context.Cause(ctx)
		}
		if s, err = b.serveHere(ctx, disk.Faults{}); err == nil {
			err = b.welcome(ctx, s.url)
			err = errors.Join(err, s.stop())
		}
		r.check(p, err == nil, "operation %d (%s, %v): %v", n, class, how, err)
		b.close()
		if err := context.Cause(ctx); err != nil {
			return err
		}
	}
}

// welcome asks a server with the token of its data directory.
func (b *bench) welcome(ctx context.Context, url string) error {
	api, err := b.client(url)
	if err == nil {
		_, err = api.Me(ctx)
	}
	return err
}

// here is a server in this process.
type here struct {
	url  string
	stop func() error // as SIGTERM, and waits
}

// serveHere starts a server in this process.
func (b *bench) serveHere(ctx context.Context, faults disk.Faults) (*here, error) {
	ready := make(chan daemon.Started, 1)
	d, err := daemon.New(ctx, daemon.Options{
		Config: configOf(b.dir), Faults: faults, Ready: func(s daemon.Started) { ready <- s },
		Logger: slog.New(slog.NewTextHandler(b.Logs, &slog.HandlerOptions{Level: slog.LevelError})),
	})
	if err != nil {
		return nil, fmt.Errorf("start a server here: %w", err)
	}
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() { done <- d.Run(ctx) }()
	select {
	case s := <-ready:
		return &here{url: s.URL, stop: func() error { cancel(); return <-done }}, nil
	case err := <-done:
		cancel()
		if err == nil {
			err = errEarly
		}
		return nil, err
	}
}
