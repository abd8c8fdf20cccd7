package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

const mib = 1 << 20

// memory is that of a server with nothing to do, and with much that waits.
func memory(ctx context.Context, o options, dir string, t *table) error {
	t.head("resident memory", "", "")
	shipped := o
	shipped.packs = filepath.Join(dir, "none")
	compiled := func(s *server) error { return s.calm() } // once in the life of a data directory
	if err := withServer(ctx, shipped, filepath.Join(dir, "idle"), "", compiled); err != nil {
		return err
	}
	err := withServer(ctx, shipped, filepath.Join(dir, "idle"), "", func(s *server) error {
		idle, err := s.resident()
		t.atMost("idle, shipped packs loaded", idle/mib, 80, "%.1f", "MiB")
		return err
	})
	if err != nil {
		return err
	}
	return withServer(ctx, o, filepath.Join(dir, "queue"), "workers: 1\n", func(s *server) error {
		if _, err := s.api.Run(ctx, "core.sleep", map[string]any{"seconds": 600}); err != nil {
			return fmt.Errorf("occupy the only worker: %w", err)
		}
		const filled, waiting = 20_000, 40_000 // first the caches of a fixed size fill up
		s.queue(ctx, filled)
		before, err := s.resident()
		if err != nil {
			return err
		}
		s.queue(ctx, waiting)
		after, err := s.resident()
		t.atMost("1,000 queued executions more", (after-before)/mib/(waiting/1000), 2, "%.2f", "MiB")
		return err
	})
}

// starts measures how long a server takes that has all it needs on its disk.
func starts(ctx context.Context, o options, dir string, t *table) error {
	t.head("start of the process to ready", "", "")
	many := o
	many.packs = filepath.Join(dir, "packs")
	for i := range 20 {
		if err := copyPack(filepath.Join(o.packs, "hello"), many.packs, fmt.Sprintf("hello%02d", i)); err != nil {
			return err
		}
	}
	for _, again := range []bool{false, true} {
		err := withServer(ctx, many, filepath.Join(dir, "start"), "", func(s *server) error {
			if again {
				t.atMost("20 packs, compiled before", float64(s.ready.Milliseconds()), 500, "%.0f", "ms")
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	if o.history == "" {
		return nil
	}
	return withServer(ctx, o, o.history, "", func(s *server) error {
		t.atMost("a history of a million executions", float64(s.ready.Milliseconds()), 1000, "%.0f", "ms")
		return nil
	})
}

// copyPack makes a pack of another name.
func copyPack(from, into, name string) error {
	to := filepath.Join(into, name)
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		return err
	}
	for _, pattern := range []string{"pack.yaml", "rules/*.yaml", "actions/*.yaml"} {
		files, err := filepath.Glob(filepath.Join(to, pattern))
		if err != nil {
			return err
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				return err
			}
			if err := os.WriteFile(file, bytes.ReplaceAll(text, []byte("hello"), []byte(name)), 0o600); err != nil {
				return err
			}
		}
	}
	return nil
}

func size(_ context.Context, o options, _ string, t *table) error {
	info, err := os.Stat(o.binary)
	if err != nil {
		return err
	}
	t.head("size", "", "")
	t.atMost("binary", float64(info.Size())/mib, 70, "%.1f", "MiB")
	return nil
}

// queue sends so many events whose executions have to wait.
func (s *server) queue(ctx context.Context, n int64) {
	for sent := int64(0); sent < n; {
		sent += through(ctx, s.url+hello, connections, 200*time.Millisecond).count
	}
}
