package torture

import (
	"io"
	"math"
	"os"
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

func TestSoak(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a while")
	}
	all, err := Run(t.Context(), Options{
		Dir: t.TempDir(), Only: []string{"soak"}, For: 12 * time.Second, Command: []string{os.Args[0]}, Out: lines{t}, Logs: os.Stderr,
	})
	if err != nil || Broken(all) > 0 {
		t.Errorf("%d broken, %v", Broken(all), err)
	}
}
