package torture

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// failpoint is a place where the server is made to die.
type failpoint struct {
	name string
	once bool // it is reached at the first start of a data directory only
}

// failpointList is every place, in the order of a server's life. A run of the whole
// scenario must reach these and no others.
func failpointList() []failpoint {
	var all []failpoint
	add := func(once bool, names ...string) {
		for _, n := range names {
			all = append(all, failpoint{"before " + n, once}, failpoint{"after " + n, once})
		}
	}
	add(true, "mkdir data", "syncdir above", "create database", "syncdir data")
	add(true, "create journal", "write journal", "sync journal", "remove journal", "create log") // SQLite's change to its log
	add(true, "mkdir artifact", "create token", "write token", "sync token", "rename token")
	add(true, "create key", "write key", "sync key", "rename key")
	add(false, "write log", "sync log", "commit", "publish", "answer", "run")
	add(false, "create artifact", "write artifact", "sync artifact", "rename artifact", "syncdir artifact")
	add(false, "write database", "sync database", "truncate database")
	return all
}

// checkpointOften makes a checkpoint part of a short run.
const checkpointOften = 60

// failpoints lets the server die at each point alone, and at pairs of them one
// after the other: the second death meets what the first has left behind.
func failpoints(ctx context.Context, r *run) error {
	all := failpointList()
	if err := r.allReached(ctx, all); err != nil {
		return err
	}
	for i, f := range all {
		if err := r.die(ctx, fmt.Sprintf("alone%d", i), f); err != nil {
			return err
		}
	}
	again := slices.DeleteFunc(slices.Clone(all), func(f failpoint) bool { return f.once })
	pairs := r.pairs(all, again)
	for i, p := range pairs {
		if err := r.die(ctx, fmt.Sprintf("pair%d", i), p[0], p[1]); err != nil {
			return err
		}
	}
	r.note("%d points alone, %d pairs of %d", len(all), len(pairs), len(all)*len(again))
	return nil
}

// pairs draws as many as there are rounds, or takes all when there are enough.
func (r *run) pairs(first, second []failpoint) (pairs [][2]failpoint) {
	for _, a := range first {
		for _, b := range second {
			pairs = append(pairs, [2]failpoint{a, b})
		}
	}
	r.random.Shuffle(len(pairs), func(i, j int) { pairs[i], pairs[j] = pairs[j], pairs[i] })
	return pairs[:min(r.Rounds, len(pairs))]
}

// allReached compares the list with what a server reaches that may live.
func (r *run) allReached(ctx context.Context, all []failpoint) error {
	b, err := r.newBench("list")
	if err != nil {
		return err
	}
	defer b.close()
	file := filepath.Join(b.dir, "reached")
	s, err := b.start(ctx, plan{Reached: file, CheckpointPages: checkpointOften})
	if err != nil {
		return err
	}
	limit, cancel := context.WithTimeout(ctx, 2*time.Second)
	b.load(limit, s)
	cancel()
	if err := s.stop(); err != nil {
		return err
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("read which points were reached: %w", err)
	}
	reached := strings.Split(strings.TrimSpace(string(text)), "\n")
	p := r.promise("points", "the list of points is what a server reaches in its life")
	for _, f := range all {
		r.check(p, slices.Contains(reached, f.name), "%s is not reached", f.name)
	}
	for _, name := range reached {
		r.check(p, ignored(name) || slices.ContainsFunc(all, func(f failpoint) bool { return f.name == name }), "%s is not in the list", name)
	}
	return nil
}

// ignored are points of an orderly end, where nothing is at stake any more.
func ignored(name string) bool {
	return strings.HasSuffix(name, "remove log") || strings.HasSuffix(name, "remove artifact") || strings.HasSuffix(name, "truncate log")
}

// most is how often a point that comes again and again may be passed before the
// server dies there.
const mostPassed = 12

// die starts servers on one data directory that die one after the other, and then
// verifies.
func (r *run) die(ctx context.Context, name string, points ...failpoint) error {
	b, err := r.newBench(name)
	if err != nil {
		return err
	}
	defer b.close()
	var said []string
	died := r.promise("deaths", "the server dies where it should: each point is reached")
	for _, f := range points {
		p := plan{Point: f.name, Hit: 1, CheckpointPages: checkpointOften}
		if !f.once && !strings.HasSuffix(f.name, "truncate database") { // that one is rare
			p.Hit = 1 + r.random.Int64N(mostPassed)
		}
		said = append(said, fmt.Sprintf("%s (%d)", f.name, p.Hit))
		code, err := b.untilDead(ctx, p)
		if err != nil {
			return err
		}
		r.check(died, code == exitPoint, "%s: exit code %d", strings.Join(said, ", "), code)
	}
	before := Broken(r.promises)
	if err := b.verify(ctx); err != nil {
		return fmt.Errorf("after the death at %s: %w", strings.Join(said, ", then at "), err)
	}
	if Broken(r.promises) > before {
		r.note("broken after the death at %s, in %s", strings.Join(said, ", then at "), b.dir)
		return nil
	}
	return os.RemoveAll(b.dir)
}

// untilDead loads a server until it dies, and returns its exit code.
func (b *bench) untilDead(ctx context.Context, p plan) (int, error) {
	s, err := b.start(ctx, p)
	if errors.Is(err, errEarly) {
		return s.code, nil
	}
	if err != nil {
		return 0, err
	}
	limit, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	b.load(limit, s)
	s.kill() // it lives when it did not come to the point
	<-s.exited
	return s.code, context.Cause(ctx)
}
