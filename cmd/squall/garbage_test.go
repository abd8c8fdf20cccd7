package main

import "testing"

func TestTheHeapMayGrowFourfoldOnlyWhileItIsSmall(t *testing.T) {
	t.Parallel()
	const mib = 1 << 20
	for name, c := range map[string]struct {
		live uint64
		want int
	}{
		"before the first collection":          {0, 400},
		"a server with nothing to do":          {12 * mib, 400},
		"the last that may grow fourfold":      {32 * mib, 400},
		"between":                              {64 * mib, 200},
		"as much as it may grow":               {128 * mib, 100},
		"a heap that would not fit five times": {2048 * mib, 100},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := growth(c.live); got != c.want {
				t.Errorf("growth(%d MiB) = %d, want %d", c.live/mib, got, c.want)
			}
		})
	}
}
