package pressure

import (
	"encoding/json"
	"fmt"
	"math"
	"testing"
	"time"
)

const mib = 1 << 20

func options() Options {
	return Options{Threshold: 0.9, From: 0.5, ETA: 3 * time.Minute, Window: 5 * time.Minute}
}

// noise is the same on every run, between -1 and 1.
func noise(i int) float64 {
	x := uint32(i)*2654435761 + 12345
	x ^= x >> 15
	return float64(x%2001)/1000 - 1
}

// curve is the working set in MiB after a number of seconds.
type curve func(second float64) float64

func line(from, perSecond float64) curve {
	return func(s float64) float64 { return from + perSecond*s }
}

// teeth adds a sawtooth: memory climbs by height over a period, then is collected.
func teeth(base curve, height, period float64) curve {
	return func(s float64) float64 { return base(s) + height*math.Mod(s, period)/period }
}

func noisy(base curve, width float64) curve {
	return func(s float64) float64 { return base(s) + width*noise(int(s*10)) }
}

func filled(c curve, every, until float64) (w Window) {
	for s := 0.0; s <= until; s += every {
		w.add(Sample{At: int64(s * 1000), Bytes: int64(c(s) * mib)}, options().Window)
	}
	return w
}

func TestTrend(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name         string
		curve        curve
		every, until float64
		rising       bool
		slope, off   float64 // MiB a second, and by how much it may be off
	}{
		{"a straight leak", line(100, 1), 2, 60, true, 1, 0.001},
		{"a straight leak after three samples of a kubelet", line(100, 5), 10, 20, true, 5, 0.001},
		{"two samples tell nothing", line(100, 5), 10, 10, false, 0, 0},
		{"neither do many of a moment", line(100, 5), 1, 7, false, 0, 0},
		{"three that are not in a line tell nothing", func(s float64) float64 { return 100 + s*s }, 10, 20, false, 20, 0.001},
		{"nothing grows", line(100, 0), 2, 120, false, 0, 0.001},
		{"memory is given back", line(400, -1), 2, 120, false, -1, 0.001},
		{"noise alone", noisy(line(200, 0), 5), 2, 240, false, 0, 0.1},
		{"a leak in noise", noisy(line(200, 0.5), 5), 2, 240, true, 0.5, 0.05},
		{"a sawtooth that holds nothing", teeth(line(150, 0), 200, 23), 1, 280, false, 0, 0.15},
		{"a sawtooth, seen as a kubelet does", teeth(line(150, 0), 200, 23), 10, 280, false, 0, 0.3},
		{"a leak under a sawtooth", teeth(line(150, 0.8), 100, 23), 1, 280, true, 0.8, 0.15},
		{"a window that was cut in the middle of a tooth", teeth(line(150, 0), 200, 31), 1, 308, false, 0, 0.2},
		{"a slow leak", line(100, 0.01), 10, 290, true, 0.01, 0.001},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := filled(tt.curve, tt.every, tt.until).Trend()
			if got.Rising != tt.rising || math.Abs(got.Slope/mib-tt.slope) > tt.off {
				t.Errorf("rising %v by %.3f MiB/s, want %v by %.3f", got.Rising, got.Slope/mib, tt.rising, tt.slope)
			}
		})
	}
}

// A line through all samples of a sawtooth would be wrong by more than through its
// feet: that is why there are buckets.
func TestTheFeetOfTheTeethTellMoreThanAllSamples(t *testing.T) {
	t.Parallel()
	worse := 0
	for cut := 200.0; cut < 300; cut += 5 {
		w := filled(teeth(line(150, 0.2), 200, 41), 2, cut)
		all, _ := fit(w.samples)
		feet := w.Trend().Slope
		if math.Abs(all/mib-0.2) > math.Abs(feet/mib-0.2) {
			worse++
		}
	}
	if worse < 14 {
		t.Errorf("all samples were further off in only %d of 20 windows", worse)
	}
}

func TestETA(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		curve curve
		limit float64
		ok    bool
		eta   time.Duration
	}{
		{"what is left, by the slope", line(100, 1), 260, true, 100 * time.Second},
		{"at the limit there is no time", line(100, 5), 400, true, 0},
		{"beyond it neither", line(100, 5), 300, true, 0},
		{"never, without growth", line(100, 0), 260, false, 0},
		{"never, when it takes more than a year", line(100, 0.000001), 1e6, false, 0},
		{"no limit", line(100, 1), 0, false, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := filled(tt.curve, 2, 60)
			got, ok := w.eta(w.Trend(), int64(tt.limit*mib))
			if ok != tt.ok || (got-tt.eta).Abs() > 100*time.Millisecond {
				t.Errorf("%v, %v; want %v, %v", got, ok, tt.eta, tt.ok)
			}
		})
	}
}

// raised runs a curve through a watch and lists its alarms as "second:reason:escalation".
func raised(c curve, every, until float64) (all []string) {
	var w Watch
	for s := 0.0; s <= until; s += every {
		a, ok := w.See("1", Sample{At: int64(s * 1000), Bytes: int64(c(s) * mib)}, 500*mib, options())
		if ok {
			all = append(all, fmt.Sprintf("%g:%s:%d", s, a.Reason, a.Escalation))
		}
	}
	return all
}

func TestEpisodes(t *testing.T) {
	t.Parallel()
	hump := func(s float64) float64 { // 92 %, 87 %, 92 %, then calm, then 92 % again
		switch {
		case s < 20, s >= 40 && s < 60, s >= 200:
			return 460
		case s < 40:
			return 435
		}
		return 300
	}
	tests := []struct {
		name         string
		curve        curve
		every, until float64
		want         []string
	}{
		{"a leak alarms when little time is left, and again each time it halves", line(100, 1), 10, 390,
			[]string{"220:trend:0", "320:trend:1", "360:trend:2", "380:trend:3", "390:trend:4"}},
		{"a fast one too", line(200, 8), 2, 36, []string{"8:trend:0", "24:trend:1", "32:trend:2", "36:trend:3"}},
		{"a program that starts is no leak", func(s float64) float64 { return math.Min(200, 10*s) }, 2, 300, nil},
		{"what stays high alarms once", line(460, 0), 2, 600, []string{"0:threshold:0"}},
		{"near the threshold the episode goes on; well below it ends", hump, 2, 300, []string{"0:threshold:0", "200:threshold:0"}},
		{"of a sawtooth below the threshold only the first tooth looks like a leak", teeth(line(150, 0), 200, 23), 1, 600, []string{"12:trend:0"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := raised(tt.curve, tt.every, tt.until); fmt.Sprint(got) != fmt.Sprint(tt.want) {
				t.Errorf("alarms %v, want %v", got, tt.want)
			}
		})
	}
}

func TestASampleThatWasSeenChangesNothing(t *testing.T) {
	t.Parallel()
	var w Watch
	if _, ok := w.See("1", Sample{1000, 480 * mib}, 500*mib, options()); !ok {
		t.Fatal("no alarm")
	}
	for _, at := range []int64{1000, 500} {
		if _, ok := w.See("1", Sample{at, 490 * mib}, 500*mib, options()); ok || w.Window.Len() != 1 || w.Episode.Calm != 0 {
			t.Errorf("the same figure counted again: %+v", w)
		}
	}
}

func TestARestartIsAnotherLife(t *testing.T) {
	t.Parallel()
	var w Watch
	for s := range int64(10) {
		w.See("1", Sample{s * 1000, (480 + s) * mib}, 500*mib, options())
	}
	if _, ok := w.See("2", Sample{11000, 20 * mib}, 500*mib, options()); ok || w.Episode != nil || w.Window.Len() != 1 {
		t.Errorf("the old life shows: %+v", w)
	}
	if a, ok := w.See("2", Sample{12000, 480 * mib}, 500*mib, options()); !ok || a.Escalation != 0 || a.Began != 12000 {
		t.Errorf("its alarm: %+v, %v", a, ok)
	}
}

func TestAWindowIsBoundedAndKeepsTheFeet(t *testing.T) {
	t.Parallel()
	w := filled(teeth(line(100, 0), 100, 20), 1, 290)
	if w.Len() != maxSamples || w.Last().At != 290_000 || w.Span() < 4*time.Minute {
		t.Errorf("%d samples over %s, the last at %d", w.Len(), w.Span(), w.Last().At)
	}
	feet := 0
	for _, s := range w.samples {
		if s.Bytes == 100*mib {
			feet++
		}
	}
	if feet < 8 {
		t.Errorf("only %d of the feet are left: %v", feet, w.samples)
	}
	w.add(Sample{At: 1_000_000, Bytes: 1}, time.Minute)
	if w.Len() != 1 {
		t.Errorf("%d samples are older than the window", w.Len()-1)
	}
}

func TestAWatchComesBackAsItWas(t *testing.T) {
	t.Parallel()
	want := Watch{Life: "1", Window: filled(line(100, 1.5), 0.5, 30), Episode: &Episode{Began: 7, Raised: 2, ETA: 12.5}}
	b, err := json.Marshal(want)
	if err != nil || len(b) > 400 || want.Size() < len(b) {
		t.Fatalf("%d bytes, %v", len(b), err)
	}
	var got Watch
	if err := json.Unmarshal(b, &got); err != nil {
		t.Fatal(err)
	}
	again, _ := json.Marshal(got)
	if string(again) != string(b) || got.Window.Last() != want.Window.Last() || *got.Episode != *want.Episode {
		t.Errorf("got %s\nwant %s", again, b)
	}
	for _, broken := range []string{`[1,2]`, `{"a":1}`, `["x"]`, `[1.5,2,3]`} {
		if json.Unmarshal([]byte(broken), &got.Window) == nil {
			t.Errorf("%s was read", broken)
		}
	}
}
