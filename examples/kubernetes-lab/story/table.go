package story

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// row is what became of one alert.
type row struct {
	Run       int       `json:"run"`
	Variant   string    `json:"variant"`
	Rate      float64   `json:"rate"`
	Pod       string    `json:"pod"`
	StartsAt  time.Time `json:"starts_at"`
	Received  time.Time `json:"received"`        // the webhook, by Squall
	Committed time.Time `json:"committed"`       // Squall's answer was there
	Started   time.Time `json:"started"`         // the action
	Opened    time.Time `json:"opened"`          // the stream into the Pod, by the API server
	Stored    time.Time `json:"stored"`          // the dump
	Killed    time.Time `json:"killed"`          // in whole seconds, rounded down by the kubelet
	Second    time.Time `json:"second,omitzero"` // the dump that is compared with the first
	Began     time.Time `json:"began,omitzero"`  // the container, in whole seconds
	Late      time.Time `json:"late,omitzero"`   // an alert of which nothing came, because it came after the kill
	Chain     float64   `json:"chain,omitempty"` // seconds that an alert took which came nonetheless
	Bytes     int64     `json:"bytes"`
	Via       string    `json:"via"`
	Execution string    `json:"execution"`
	Status    string    `json:"status"`
	Message   string    `json:"message,omitempty"`
	Verdict   string    `json:"verdict"` // ok, or what is wrong
	OK        bool      `json:"ok"`
}

// judge says whether the alert ended as its variant must.
func (r *run) judge(one *row) {
	one.Verdict = r.verdict(*one)
	one.OK = one.Verdict == ""
	switch {
	case !one.OK:
	case r.failing != "":
		one.Verdict = "ok, failed as it must: " + one.Message
	case r.slow:
		one.Verdict = "ok, " + one.raced()
	default:
		one.Verdict = "ok"
	}
}

func (r *run) verdict(one row) string {
	switch {
	case r.failing != "" && one.Status == "failed" && strings.Contains(one.Message, r.failing):
		return ""
	case r.failing != "":
		return fmt.Sprintf("the execution is %s and does not say %q: %s", one.Status, r.failing, one.Message)
	case one.Stored.IsZero():
		return fmt.Sprintf("no dump: %s: %s", one.Status, one.Message)
	case one.Via != r.want:
		return fmt.Sprintf("it came by %s, not by %s", one.Via, r.want)
	case one.Killed.IsZero():
		return "the Pod was not killed"
	case !one.Stored.Before(one.Killed):
		return "the dump came after the kill"
	case r.slow && (one.Second.IsZero() || !one.Second.Before(one.Killed)):
		return "there is no second dump from before the kill"
	case r.slow && !one.Late.IsZero() && one.Late.Before(one.Killed):
		return "the alert was there before the kill, so that nothing is shown"
	}
	return ""
}

// line is the form of the table: who, from alert to webhook, from webhook to dump, from
// dump to kill, and what came of it.
const line = "%3v %-9v %5v | %8v | %9v %8v %7v %7v | %7v | %6v  %s"

// head names the columns.
func head() string {
	return fmt.Sprintf(line+"\n", "", "", "", "alert to", "ms from", "webhook", "to", "", "dump to", "", "") +
		fmt.Sprintf(line, "run", "variant", "MiB/s", "hook, ms", "committed", "started", "opened", "stored", "kill, s", "bytes", "result")
}

// String is the row as a line. That the kill came before the dump shows as a minus.
func (one row) String() string {
	return fmt.Sprintf(line, one.Run, one.Variant, one.Rate, since(one.Received, one.StartsAt),
		since(one.Committed, one.Received), since(one.Started, one.Received), since(one.Opened, one.Received), since(one.Stored, one.Received),
		seconds(one.Killed, one.Stored), one.Bytes, strings.TrimSpace(one.Via+" "+one.Verdict))
}

func since(t, from time.Time) string {
	if t.IsZero() || from.IsZero() {
		return "-"
	}
	return fmt.Sprintf("%.1f", float64(t.Sub(from))/float64(time.Millisecond))
}

func seconds(t, from time.Time) string {
	if t.IsZero() || from.IsZero() {
		return "-"
	}
	return fmt.Sprintf("%.1f", t.Sub(from).Seconds())
}

// The target: from webhook to dump, for a profile below a megabyte.
const (
	targetMedian = 100 * time.Millisecond
	targetMost   = 250 * time.Millisecond
)

// summarize prints what the rows of each variant have in common, and returns how many
// did not end as they must.
func summarize(out io.Writer, rows []row) (wrong int) {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "variant\talerts\tok\twebhook -> dump p50\tp99\tdump -> kill, least\t")
	for _, name := range names() {
		var took, left []time.Duration
		count, good := 0, 0
		for _, one := range rows {
			if one.Variant != name {
				continue
			}
			count++
			if one.OK {
				good++
			}
			if !one.Stored.IsZero() {
				took = append(took, one.Stored.Sub(one.Received))
			}
			if !one.Stored.IsZero() && !one.Killed.IsZero() {
				left = append(left, one.Killed.Sub(one.Stored))
			}
		}
		if count == 0 {
			continue
		}
		wrong += count - good
		fmt.Fprintf(w, "%s\t%d\t%d\t%s\t%s\t%s\t%s\n", name, count, good, quantile(took, 0.5), quantile(took, 0.99), quantile(left, 0), target(name, took))
	}
	_ = w.Flush() // the terminal's errors are nobody's
	return wrong
}

// target compares with the target where that applies: one alert, nothing in between.
func target(variant string, took []time.Duration) string {
	if (variant != "shell" && variant != "bare") || len(took) == 0 {
		return ""
	}
	slices.Sort(took)
	if took[at(took, 0.5)] <= targetMedian && took[at(took, 0.99)] <= targetMost {
		return "within the target of 100 and 250 ms"
	}
	return "MISSES the target of 100 and 250 ms"
}

func quantile(of []time.Duration, q float64) string {
	if len(of) == 0 {
		return "-"
	}
	slices.Sort(of)
	return of[at(of, q)].Round(100 * time.Microsecond).String()
}

// at is the index of a quantile by the nearest rank.
func at(of []time.Duration, q float64) int {
	return max(0, min(len(of)-1, int(q*float64(len(of))+0.9999)-1))
}
