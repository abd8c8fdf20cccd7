package pressure

import "time"

// Options say what is worth an alarm. Shares are of the limit, from 0 to 1.
type Options struct {
	Threshold float64       // from this share on, whatever the trend
	From      float64       // from this share on a trend counts; a program that starts climbs too
	ETA       time.Duration // a trend that reaches the limit within it is an alarm
	Window    time.Duration
}

// Watch is what is remembered of one life of a container: a restart begins another.
type Watch struct {
	Life    string   `json:"l"`
	Window  Window   `json:"w"`
	Episode *Episode `json:"e,omitempty"`
}

// Size is a bound of the bytes that the watch takes as JSON.
func (w Watch) Size() int {
	const around, episode = 20, 90
	n := around + len(w.Life) + len(w.Window.appendTo(nil))
	if w.Episode != nil {
		n += episode
	}
	return n
}

// Episode is a time of pressure, from the first alarm until all is calm.
type Episode struct {
	Began  int64   `json:"b"`           // the sample of the first alarm
	Raised int     `json:"r"`           // alarms so far
	ETA    float64 `json:"s,omitempty"` // seconds, of the last alarm that had one
	Calm   int     `json:"c,omitempty"` // samples in a row without pressure
}

// Why there is an alarm.
const (
	ByTrend     = "trend"
	ByThreshold = "threshold"
)

// Alarm is pressure that was not told before.
type Alarm struct {
	Reason     string
	Began      int64 // names the episode
	Escalation int   // 0 for the first of an episode
	Percent    float64
	Slope      float64       // bytes a second; 0 without a trend
	ETA        time.Duration // if HasETA
	HasETA     bool
	Samples    int
	Span       time.Duration
}

const (
	// calmAfter is how many samples without pressure end an episode.
	calmAfter = 3
	// margin is how far below the threshold calm begins.
	margin = 0.05
	// maxAlarms bounds those of one episode; leastETA is what needs no further one.
	maxAlarms = 5
	leastETA  = 5.0
)

// See takes a sample in and tells whether it is an alarm. What has been seen already
// changes nothing.
func (w *Watch) See(life string, s Sample, limit int64, o Options) (Alarm, bool) {
	if w.Life != life {
		*w = Watch{Life: life}
	}
	if limit <= 0 || !w.Window.add(s, o.Window) {
		return Alarm{}, false
	}
	trend := w.Window.Trend()
	a := Alarm{Percent: 100 * float64(s.Bytes) / float64(limit), Samples: w.Window.Len(), Span: w.Window.Span()}
	if trend.Rising {
		a.Slope = trend.Slope
	}
	a.ETA, a.HasETA = w.Window.eta(trend, limit)
	switch {
	case a.HasETA && a.ETA <= o.ETA && a.Percent >= 100*o.From:
		a.Reason = ByTrend
	case a.Percent >= 100*o.Threshold:
		a.Reason = ByThreshold
	}
	return a, w.judge(&a, s, o)
}

// judge decides whether pressure is news: the first of an episode is, and then each
// time that only half the time is left.
func (w *Watch) judge(a *Alarm, s Sample, o Options) bool {
	if a.Reason == "" {
		w.calm(*a, o)
		return false
	}
	if w.Episode == nil {
		w.Episode = &Episode{Began: s.At}
	}
	e := w.Episode
	e.Calm = 0
	if e.Raised > 0 && !e.worse(*a, o) {
		return false
	}
	a.Began, a.Escalation = e.Began, e.Raised
	e.Raised++
	if a.HasETA {
		e.ETA = max(a.ETA.Seconds(), leastETA)
	}
	return true
}

// worse tells whether time has halved since the last alarm, or is running for the
// first time.
func (e *Episode) worse(a Alarm, o Options) bool {
	if !a.HasETA || a.ETA > o.ETA || e.Raised >= maxAlarms {
		return false
	}
	return e.ETA == 0 || e.ETA > leastETA && a.ETA.Seconds() <= e.ETA/2
}

// calm ends an episode when memory has stayed well below what began it.
func (w *Watch) calm(a Alarm, o Options) {
	if w.Episode == nil {
		return
	}
	near := a.Percent >= 100*(o.Threshold-margin) || a.HasETA && a.ETA <= 2*o.ETA && a.Percent >= 100*(o.From-margin)
	if near {
		w.Episode.Calm = 0
		return
	}
	if w.Episode.Calm++; w.Episode.Calm >= calmAfter {
		w.Episode = nil
	}
}
