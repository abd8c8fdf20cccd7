package pressure

import (
	"encoding/json"
	"errors"
	"time"
)

const (
	// maxSamples bounds a window: a sensor's cursor holds 64 KiB for all containers.
	maxSamples = 20
	// recent is how many of the latest samples are never merged.
	recent = 6
)

// Window is the latest samples of a container, oldest first. It holds at most
// [maxSamples], however often one asks: the further back, the fewer there are.
type Window struct{ samples []Sample }

// Len is how many samples there are.
func (w Window) Len() int { return len(w.samples) }

// Last is the latest sample.
func (w Window) Last() Sample {
	if len(w.samples) == 0 {
		return Sample{}
	}
	return w.samples[len(w.samples)-1]
}

// Span is the time from the first sample to the last.
func (w Window) Span() time.Duration {
	if len(w.samples) == 0 {
		return 0
	}
	return time.Duration(w.Last().At-w.samples[0].At) * time.Millisecond
}

// add takes a sample in, and lets those go that are older than the length. A sample
// that is not newer than the last is the same figure, read again.
func (w *Window) add(s Sample, length time.Duration) (fresh bool) {
	if len(w.samples) > 0 && s.At <= w.Last().At {
		return false
	}
	kept := w.samples[:0:0]
	for _, old := range w.samples {
		if s.At-old.At <= length.Milliseconds() {
			kept = append(kept, old)
		}
	}
	w.samples = append(kept, s)
	if len(w.samples) > maxSamples {
		w.merge()
	}
	return true
}

// merge makes one of the two older neighbours that are closest in time: the lower, as
// it is the feet of the teeth that count. Of equals the earlier stays, so that the gap
// grows behind it and not the start that is lost.
func (w *Window) merge() {
	at := 0
	for i := range len(w.samples) - recent - 1 {
		if w.samples[i+1].At-w.samples[i].At < w.samples[at+1].At-w.samples[at].At {
			at = i
		}
	}
	higher := at
	if w.samples[at+1].Bytes >= w.samples[at].Bytes {
		higher = at + 1
	}
	w.samples = append(w.samples[:higher:higher], w.samples[higher+1:]...)
}

// MarshalJSON writes a time in milliseconds, then pairs: tenths of a second since the
// sample before, and kibibytes more than in it.
func (w Window) MarshalJSON() ([]byte, error) {
	if len(w.samples) == 0 {
		return []byte("[]"), nil
	}
	start := w.samples[0].At
	flat, t, kib := []int64{start}, int64(0), int64(0)
	for _, s := range w.samples {
		tenths, size := (s.At-start)/100, s.Bytes>>10
		flat = append(flat, tenths-t, size-kib)
		t, kib = tenths, size
	}
	return json.Marshal(flat)
}

var errWindow = errors.New("a window is no list of an odd number of whole numbers")

// UnmarshalJSON reads what MarshalJSON wrote.
func (w *Window) UnmarshalJSON(b []byte) error {
	var flat []int64
	if err := json.Unmarshal(b, &flat); err != nil || len(flat) > 0 && len(flat)%2 == 0 || len(flat) > 2*maxSamples+1 {
		return errWindow
	}
	w.samples = nil
	if len(flat) == 0 {
		return nil
	}
	t, kib := int64(0), int64(0)
	for i := 1; i < len(flat); i += 2 {
		t, kib = t+flat[i], kib+flat[i+1]
		w.samples = append(w.samples, Sample{At: flat[0] + t*100, Bytes: kib << 10})
	}
	return nil
}
