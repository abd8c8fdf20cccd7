package main

import (
	"context"
	"runtime"
	"slices"
	"time"
)

// series are the figures of one thing, one a round.
type series []float64

func (s series) at(share float64) float64 {
	if len(s) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(s))
	return sorted[int(share*float64(len(sorted)-1)+0.5)]
}

func (s series) median() float64 {
	if n := len(s); n > 0 && n%2 == 0 {
		sorted := slices.Sorted(slices.Values(s))
		return (sorted[n/2-1] + sorted[n/2]) / 2
	}
	return s.at(0.5)
}

// over divides figures of the same rounds.
func (s series) over(other series) series {
	out := make(series, min(len(s), len(other)))
	for i := range out {
		out[i] = s[i] / other[i]
	}
	return out
}

// contender is one of several that take turns.
type contender struct {
	name   string
	call   func() ([]byte, error) // one performance
	check  func([]byte) error     // its output
	times  series                 // nanoseconds a call
	allocs series                 // a call
	err    error                  // why it left
}

// interleave lets contenders take turns and fills in their figures. A first round
// does not count: caches fill, pools grow. One that fails leaves; the others go on.
func interleave(ctx context.Context, p pace, all []*contender) error {
	for round := range p.rounds + 1 {
		for n := range all {
			c := all[(n+round)%len(all)]
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			if c.err == nil {
				c.turn(p.slice, round > 0)
			}
		}
	}
	return nil
}

// turn measures for a slice.
func (c *contender) turn(slice time.Duration, counts bool) {
	took, allocs, err := c.perform(slice)
	if err != nil {
		c.err = err
	} else if counts {
		c.times, c.allocs = append(c.times, took), append(c.allocs, allocs)
	}
}

// perform calls for about as long as a slice, but at least once.
func (c *contender) perform(slice time.Duration) (took, allocs float64, err error) {
	var before, after runtime.MemStats
	var output []byte
	runtime.GC()
	runtime.ReadMemStats(&before)
	began, calls := time.Now(), 0
	for batch := 1; ; batch *= 2 { // few looks at the clock for what is fast
		for range batch {
			if output, err = c.call(); err != nil {
				return 0, 0, err
			}
		}
		calls += batch
		if spent := time.Since(began); spent*3 >= slice*2 { // another, twice as long, would be too much
			took = float64(spent) / float64(calls)
			break
		}
	}
	runtime.ReadMemStats(&after)
	return took, float64(after.Mallocs-before.Mallocs) / float64(calls), c.check(output)
}
