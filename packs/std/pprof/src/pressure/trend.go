// Package pressure tells from the memory of a container, sample by sample, when it
// will reach its limit, and when that is worth an alarm. It asks nobody and knows no
// clock but that of the samples.
package pressure

import (
	"math"
	"time"
)

// Sample is the working set of a container at a time.
type Sample struct {
	At    int64 // Unix time in milliseconds
	Bytes int64
}

// Trend is how fast a working set grows.
type Trend struct {
	Slope float64 // bytes a second
	// Rising tells that the slope is above zero by more than the samples scatter.
	Rising bool
}

const (
	// least is how many samples a trend needs, and leastSpan how long they must take:
	// a stock kubelet has a new figure every 10 to 15 seconds, others every second.
	least     = 3
	leastSpan = 8 * time.Second
	dense     = 5 * time.Second // from one sample to the next, below which a slope must be surer

	buckets = 6 // of a window, each of which gives its lowest sample to the fit
	// enough is from how many samples on only the lowest of each bucket count. Below,
	// there is too little for anything but a straight line through all of them.
	enough = 2 * buckets
)

// Trend fits a straight line by least squares, as Prometheus' predict_linear does,
// through the lowest sample of each sixth of the window.
//
// A collector draws a sawtooth: memory climbs until it is collected, then drops to
// what is really held. A line through all samples climbs or falls with the tooth at
// hand; what is held shows at the feet of the teeth, which is where one looks for a
// leak in the log of a collector. So teeth shorter than a sixth of the window are gone.
// Those that are left scatter, and a slope counts only when it is above zero by
// Student's test.
func (w Window) Trend() Trend {
	points := w.samples
	if len(points) < least || w.Span() < leastSpan {
		return Trend{}
	}
	if len(points) >= enough {
		points = lowest(points)
	}
	slope, deviation := fit(points)
	return Trend{Slope: slope, Rising: slope > 0 && slope > w.student(len(points)-2)*deviation}
}

// lowest returns the lowest sample of each bucket that has one.
func lowest(samples []Sample) []Sample {
	first, last := samples[0].At, samples[len(samples)-1].At
	width := (last-first)/buckets + 1
	var feet []Sample
	in := int64(-1)
	for _, s := range samples {
		bucket := (s.At - first) / width
		if bucket != in {
			feet, in = append(feet, s), bucket
		} else if s.Bytes < feet[len(feet)-1].Bytes {
			feet[len(feet)-1] = s
		}
	}
	return feet
}

// fit returns the slope of the line with the least squares, and its standard error.
func fit(points []Sample) (slope, deviation float64) {
	n := float64(len(points))
	if n < 3 {
		return 0, 0
	}
	var meanT, meanB float64
	seconds := func(p Sample) float64 { return float64(p.At-points[0].At) / 1000 }
	for _, p := range points {
		meanT += seconds(p) / n
		meanB += float64(p.Bytes) / n
	}
	var tt, tb float64
	for _, p := range points {
		t := seconds(p) - meanT
		tt += t * t
		tb += t * (float64(p.Bytes) - meanB)
	}
	if tt == 0 {
		return 0, 0
	}
	slope = tb / tt
	var residue float64
	for _, p := range points {
		off := float64(p.Bytes) - meanB - slope*(seconds(p)-meanT)
		residue += off * off
	}
	return slope, math.Sqrt(residue / (n - 2) / tt)
}

// student is the one-sided point of Student's distribution for 99 %, and for 99.9 %
// while samples are dense: who looks at noise every second finds a slope in it before
// long.
func (w Window) student(freedom int) float64 {
	table := []float64{31.8, 6.96, 4.54, 3.75, 3.36, 3.14, 3.00, 2.90, 2.82, 2.76}
	if w.Span() < dense*time.Duration(w.Len()-1) {
		table = []float64{318, 22.3, 10.2, 7.17, 5.89, 5.21, 4.79, 4.50, 4.30, 4.14}
	}
	if freedom < 1 {
		return math.Inf(1)
	}
	return table[min(freedom, len(table))-1]
}

// eta is how long until a limit is reached from the highest sample of late: it is the
// top of a tooth that is killed. False means never, by this trend.
func (w Window) eta(t Trend, limit int64) (time.Duration, bool) {
	if !t.Rising || limit <= 0 {
		return 0, false
	}
	left := float64(limit-w.high()) / t.Slope
	if left > maxETA.Seconds() {
		return 0, false
	}
	return time.Duration(max(left, 0) * float64(time.Second)), true
}

// maxETA is what nobody will wait for, and far below what a Duration holds.
const maxETA = 365 * 24 * time.Hour

// high is the highest sample of the last sixth of the window.
func (w Window) high() (bytes int64) {
	first, last := w.samples[0].At, w.Last().At
	for _, s := range w.samples {
		if last-s.At <= (last-first)/buckets {
			bytes = max(bytes, s.Bytes)
		}
	}
	return bytes
}
