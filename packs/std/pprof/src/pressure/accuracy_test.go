package pressure

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// around is memory that scatters evenly about a line, by width to each side.
func around(base curve, width float64, seed int) curve {
	r := rand.New(rand.NewPCG(uint64(seed), 7))
	return func(s float64) float64 { return base(s) + width*(2*r.Float64()-1) }
}

// Of 200 containers of 500 MiB in which nothing grows, so many are taken for leaking
// within an hour.
func TestNoiseSeldomAlarms(t *testing.T) {
	t.Parallel()
	tests := []struct {
		every, level, width float64 // seconds, MiB, MiB
		most                int
	}{
		{2, 350, 5, 1}, {2, 350, 20, 3}, {2, 420, 10, 3},
		{10, 350, 10, 1}, {10, 350, 20, 5}, {10, 420, 10, 5},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprintf("%g MiB of 500, give or take %g, every %g s", tt.level, tt.width, tt.every), func(t *testing.T) {
			t.Parallel()
			alarmed := 0
			for seed := range 200 {
				if len(raised(around(line(tt.level, 0), tt.width, seed), tt.every, 3600)) > 0 {
					alarmed++
				}
			}
			if alarmed > tt.most {
				t.Errorf("%d of 200, want at most %d", alarmed, tt.most)
			}
		})
	}
}

// Of 200 containers that leak from 200 to 500 MiB, all are known, and on average so
// many seconds before the end; 180 is what is asked for.
func TestALeakIsKnownInTime(t *testing.T) {
	t.Parallel()
	tests := []struct {
		every, slope, width float64 // seconds, MiB a second, MiB
		least               float64
	}{
		{2, 0.5, 10, 175}, {2, 2, 10, 115}, {2, 4, 10, 58}, {2, 8, 10, 27},
		{10, 0.5, 10, 170}, {10, 2, 10, 110}, {10, 4, 10, 44}, {10, 8, 2, 16}, {10, 8, 10, 10},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprintf("%g MiB/s, give or take %g MiB, every %g s", tt.slope, tt.width, tt.every), func(t *testing.T) {
			t.Parallel()
			end, left := 300/tt.slope, 0.0
			for seed := range 200 {
				alarms := raised(around(line(200, tt.slope), tt.width, seed), tt.every, end)
				if len(alarms) == 0 {
					t.Fatal("one was not known before its end")
				}
				var at float64
				if _, err := fmt.Sscanf(alarms[0], "%g:", &at); err != nil {
					t.Fatal(err)
				}
				left += (end - at) / 200
			}
			if left < tt.least {
				t.Errorf("%.1f s before the end, want %g", left, tt.least)
			}
		})
	}
}
