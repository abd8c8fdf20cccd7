package main

import (
	"context"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// How much the heap may grow, in percent of what is in use, before the collector runs.
// The server uses little and makes much that is dead at once, so that a small heap is
// collected many times a second for nothing. It may grow fourfold as long as that is
// little memory, and once, as is the runtime's default, when it is much.
const (
	leastGrowth = 100
	mostGrowth  = 400
	growthBytes = 128 << 20
)

// growth is the percentage for a heap of which so many bytes are in use.
func growth(live uint64) int {
	return int(min(max(growthBytes*100/max(live, 1), leastGrowth), mostGrowth))
}

// tuneGarbage sets the growth every second for what the last collection left, until
// ctx ends.
func tuneGarbage(ctx context.Context) {
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	every := time.NewTicker(time.Second)
	defer every.Stop()
	for set := 0; ; {
		metrics.Read(live)
		if percent := growth(live[0].Value.Uint64()); percent != set {
			debug.SetGCPercent(percent)
			set = percent
		}
		select {
		case <-every.C:
		case <-ctx.Done():
			return
		}
	}
}
