package main

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/squall-dev/squall/packs/std/pprof/pressure"
	squall "github.com/squall-dev/squall/sdk/go"
)

// memory is the sensor's cursor: what is remembered of each container.
type memory struct {
	Watches map[string]pressure.Watch `json:"w"` // by namespace/pod/container
}

// maxCursor is below what the server keeps of a cursor, 64 KiB.
const maxCursor = 60 << 10

// idle is the pause while nothing is configured. What fails is tried again sooner, by
// the sensor's poll_interval.
const idle = time.Minute

// look reads the figures and raises what is news. An error changes nothing: the next
// look goes on from the same memory.
func look(m memory) ([]squall.Found, memory, time.Duration, error) {
	c, err := readConfig()
	if err != nil {
		return nil, m, 0, err
	}
	if len(c.Namespaces) == 0 {
		return nil, m, idle, nil
	}
	reply, err := squall.KubePodStats(c.request())
	if err != nil {
		return nil, m, 0, err
	}
	warn(reply)
	found, next := observe(m, reply.Containers, c.options())
	return found, next.within(reply.Containers, maxCursor), seconds(c.Interval), nil
}

func warn(r squall.KubePodStatsReply) {
	for _, f := range r.Failures {
		squall.Warnf("node %s tells nothing: %s", f.Node, f.Error)
	}
	if r.Truncated {
		squall.Warnf("there are more containers than one answer holds: choose namespaces or labels")
	}
}

// observe shows each container's figure to its watch.
func observe(m memory, containers []squall.KubeContainerStats, o pressure.Options) (found []squall.Found, next memory) {
	next = memory{maps.Clone(m.Watches)}
	if next.Watches == nil {
		next.Watches = map[string]pressure.Watch{}
	}
	newest := int64(0)
	for _, c := range containers {
		if c.Limit <= 0 {
			continue
		}
		key, at := name(c), c.At.UnixMilli()
		w := next.Watches[key]
		alarm, raised := w.See(life(c), pressure.Sample{At: at, Bytes: c.WorkingSet}, c.Limit, o)
		next.Watches[key] = w
		newest = max(newest, at)
		if raised {
			found = append(found, event(c, alarm))
		}
	}
	for key, w := range next.Watches { // gone; or its node is silent for a while
		if newest-w.Window.Last().At > o.Window.Milliseconds() {
			delete(next.Watches, key)
		}
	}
	return found, next
}

func name(c squall.KubeContainerStats) string { return c.Namespace + "/" + c.Pod + "/" + c.Container }

// life changes when a container starts anew, also under the name of another.
func life(c squall.KubeContainerStats) string {
	uid := c.UID[:min(len(c.UID), 8)]
	if c.StartedAt.IsZero() {
		return fmt.Sprintf("%s.%d", uid, c.Restarts)
	}
	return fmt.Sprintf("%s@%d", uid, c.StartedAt.Unix())
}

// finding is the payload of memory_pressure.
type finding struct {
	Namespace  string    `json:"namespace"`
	Pod        string    `json:"pod"`
	UID        string    `json:"uid"`
	Container  string    `json:"container"`
	Node       string    `json:"node"`
	Owner      string    `json:"owner"`
	Restarts   int       `json:"restarts"`
	Reason     string    `json:"reason"`
	WorkingSet int64     `json:"working_set"`
	Limit      int64     `json:"limit"`
	Percent    float64   `json:"percent"`
	Slope      float64   `json:"slope_bytes_per_second"`
	ETA        *float64  `json:"eta_seconds,omitempty"`
	Samples    int       `json:"samples"`
	Span       float64   `json:"span_seconds"`
	SampledAt  time.Time `json:"sampled_at"`
	Episode    string    `json:"episode"`
	Escalation int       `json:"escalation"`
}

// event is what is raised. Its key names the episode by the container's life and the
// first alarm's sample, which the kubelet dated: whoever sees it again finds the same.
func event(c squall.KubeContainerStats, a pressure.Alarm) squall.Found {
	f := finding{
		Namespace: c.Namespace, Pod: c.Pod, UID: c.UID, Container: c.Container, Node: c.Node, Owner: c.Owner, Restarts: c.Restarts,
		Reason: a.Reason, WorkingSet: c.WorkingSet, Limit: c.Limit, Percent: tenths(a.Percent), Slope: tenths(a.Slope),
		Samples: a.Samples, Span: tenths(a.Span.Seconds()), SampledAt: c.At,
		Episode: fmt.Sprintf("%s/%s@%d", c.Container, life(c), a.Began), Escalation: a.Escalation,
	}
	if a.HasETA {
		eta := tenths(a.ETA.Seconds())
		f.ETA = &eta
	}
	squall.Infof("%s: %.1f %% of its limit, %s", name(c), a.Percent, prospect(a))
	return squall.Found{Trigger: "memory_pressure", Payload: f, Key: fmt.Sprintf("%s/%s#%d", c.UID, f.Episode, a.Escalation)}
}

func prospect(a pressure.Alarm) string {
	if !a.HasETA {
		return "without a clear trend"
	}
	return fmt.Sprintf("which it will reach in %s", a.ETA.Round(time.Second))
}

func tenths(x float64) float64 { return float64(int64(x*10+0.5)) / 10 }

// within forgets the containers that are furthest from their limit, as many as do not
// fit into the cursor. containers come with those nearest to it first.
func (m memory) within(containers []squall.KubeContainerStats, room int) memory {
	order := make([]string, 0, len(m.Watches))
	listed := map[string]bool{}
	for _, c := range containers {
		order, listed[name(c)] = append(order, name(c)), true
	}
	for _, key := range slices.Sorted(maps.Keys(m.Watches)) {
		if !listed[key] {
			order = append(order, key)
		}
	}
	kept, left := memory{map[string]pressure.Watch{}}, 0
	for _, key := range order {
		w, ok := m.Watches[key]
		if !ok {
			continue
		}
		if room -= w.Size() + len(key) + 4; room < 0 {
			left++
			continue
		}
		kept.Watches[key] = w
	}
	if left > 0 {
		squall.Warnf("%d containers that are further from their limits are not remembered: choose namespaces or labels", left)
	}
	return kept
}
