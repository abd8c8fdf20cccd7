package pressure

import (
	"errors"
	"strconv"
	"strings"
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

// MarshalJSON writes a list: a time in milliseconds, then pairs of tenths of a second
// since the sample before, and kibibytes more than in it. It is written and read by
// hand: a sensor does so for every container at every look.
func (w Window) MarshalJSON() ([]byte, error) { return w.appendTo(nil), nil }

func (w Window) appendTo(b []byte) []byte {
	b = append(b, '[')
	t, kib := int64(0), int64(0)
	for i, s := range w.samples {
		start := w.samples[0].At
		if i == 0 {
			b = strconv.AppendInt(b, start, 10)
		}
		tenths, size := (s.At-start)/100, s.Bytes>>10
		b = strconv.AppendInt(append(b, ','), tenths-t, 10)
		b = strconv.AppendInt(append(b, ','), size-kib, 10)
		t, kib = tenths, size
	}
	return append(b, ']')
}

var errWindow = errors.New("a window is no list of an odd number of whole numbers")

// UnmarshalJSON reads what MarshalJSON wrote.
func (w *Window) UnmarshalJSON(b []byte) error {
	w.samples = nil
	list, isList := strings.CutPrefix(string(b), "[")
	list, ends := strings.CutSuffix(list, "]")
	if !isList || !ends {
		return errWindow
	}
	if strings.TrimSpace(list) == "" {
		return nil
	}
	flat := make([]int64, 0, 2*maxSamples+1)
	for word := range strings.SplitSeq(list, ",") {
		n, err := strconv.ParseInt(strings.TrimSpace(word), 10, 64)
		if err != nil || len(flat) > 2*maxSamples {
			return errWindow
		}
		flat = append(flat, n)
	}
	if len(flat)%2 == 0 {
		return errWindow
	}
	t, kib := int64(0), int64(0)
	for i := 1; i < len(flat); i += 2 {
		t, kib = t+flat[i], kib+flat[i+1]
		w.samples = append(w.samples, Sample{At: flat[0] + t*100, Bytes: kib << 10})
	}
	return nil
}
