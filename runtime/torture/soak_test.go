package torture

import (
	"io"
	"math"
	"testing"
	"time"
)

func TestALineThroughSamplesFindsWhatGrows(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		value func(i int) float64
		kept  bool
	}{
		{"what is flat is flat", func(int) float64 { return 100 }, true},
		{"noise is no growth", func(i int) float64 { return 100 + 20*math.Sin(float64(i)) }, true},
		{"a fall is no growth", func(i int) float64 { return 1000 - float64(5*i) }, true},
		{"a slow leak in noise is growth", func(i int) float64 { return 100 + 20*math.Sin(float64(i)) + float64(i)/2 }, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := newRun(Options{Out: io.Discard}, kind{name: "soak"})
			var samples []sample
			for i := range 100 {
				samples = append(samples, sample{at: float64(i), memory: tt.value(i)})
			}
			r.flat("memory", "MiB", samples, func(s sample) float64 { return s.memory }, 0.15, 5)
			if r.broken() == tt.kept {
				t.Errorf("%+v", r.promises)
			}
		})
	}
}

// A few seconds are enough to see that all samples are taken, not whether something
// grows.
func TestSoak(t *testing.T) {
	t.Parallel()
	r := someRun(t, "soak")
	r.For = 5 * time.Second
	if err := soak(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	grows := 0
	for _, p := range r.promises {
		switch {
		case p.Unit == "samples":
			grows++
			if p.Checked < 10 {
				t.Errorf("%s: %d samples", p.Text, p.Checked)
			}
		case !p.Kept():
			t.Errorf("%s: %v", p.Text, p.Broken)
		}
	}
	if grows != 5 {
		t.Errorf("%d things were watched", grows)
	}
}
