package kube

import (
	"cmp"
	"context"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	pkgfields "k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/squall-dev/squall/hostfuncs"
	"github.com/squall-dev/squall/runtime/automation"
)

// EventsRequest asks what the cluster has noted about one object.
type EventsRequest struct {
	ObjectRef
	UID   string `json:"uid,omitempty" doc:"only of the object with this UID, not of one that had its name before"`
	Limit int    `json:"limit,omitempty" doc:"the newest ones; 100 when 0, at most 500"`
}

// EventsResponse holds the notes, the newest first. The cluster forgets them, by
// default after an hour.
type EventsResponse struct {
	Events    []ObjectEvent `json:"events"`
	Truncated bool          `json:"truncated" doc:"there are older ones"`
}

// ObjectEvent is one note.
type ObjectEvent struct {
	Type      string    `json:"type" doc:"Normal or Warning"`
	Reason    string    `json:"reason" doc:"such as BackOff or FailedScheduling"`
	Message   string    `json:"message"`
	Count     int64     `json:"count" doc:"how often it happened"`
	FirstSeen time.Time `json:"first_seen"`
	LastSeen  time.Time `json:"last_seen"`
	Source    string    `json:"source,omitempty" doc:"such as kubelet or default-scheduler"`
}

func (r EventsRequest) describe() string { return "events of " + r.ObjectRef.String() }

func (r EventsRequest) check() error {
	const most = 500
	if r.Limit < 0 || r.Limit > most {
		return automation.Invalid("limit is %d", r.Limit).WithHint("give a number from 1 to %d", most)
	}
	return nil
}

// Events returns what the cluster has noted about an object, also after it is gone.
func (c *Client) Events(ctx context.Context, who hostfuncs.Caller, req EventsRequest) (EventsResponse, error) {
	if err := req.check(); err != nil {
		return EventsResponse{}, err
	}
	var all []ObjectEvent
	t := task{ref: req.ObjectRef, verb: verbEvents, rights: "list", needs: "events"}
	err := c.on(ctx, who, t, func(ctx context.Context, k *cluster, f found) (err error) {
		// Of objects without a namespace they are in whichever one their author chose.
		from := k.resource(schema.GroupVersionResource{Version: "v1", Resource: "events"}, req.Namespace)
		all, err = listEvents(ctx, from, req.selector(f))
		return err
	})
	if err != nil {
		return EventsResponse{}, err
	}
	slices.SortStableFunc(all, func(a, b ObjectEvent) int {
		return cmp.Or(b.LastSeen.Compare(a.LastSeen), cmp.Compare(a.Reason, b.Reason))
	})
	return bounded(all, cmp.Or(req.Limit, 100)), nil
}

func (r EventsRequest) selector(f found) string {
	wanted := pkgfields.Set{"involvedObject.name": r.Name, "involvedObject.kind": f.kind.Kind}
	if r.Namespace != "" {
		wanted["involvedObject.namespace"] = r.Namespace
	}
	if r.UID != "" {
		wanted["involvedObject.uid"] = r.UID
	}
	return wanted.AsSelector().String()
}

func listEvents(ctx context.Context, from lister, selector string) (all []ObjectEvent, err error) {
	err = everyPage(ctx, from, metav1.ListOptions{FieldSelector: selector}, func(u *unstructured.Unstructured) {
		all = append(all, eventOf(u))
	})
	return all, err
}

// eventOf reads both forms of events: older authors count and newer ones keep series.
func eventOf(u *unstructured.Unstructured) ObjectEvent {
	o := u.Object
	e := ObjectEvent{
		Type: textAt(o, "type"), Reason: textAt(o, "reason"), Message: textAt(o, "message"),
		Source: cmp.Or(textAt(o, "reportingComponent"), textAt(o, "source", "component")),
	}
	e.Count, _, _ = unstructured.NestedInt64(o, "count")
	if e.Count == 0 {
		e.Count, _, _ = unstructured.NestedInt64(o, "series", "count")
	}
	e.Count = max(e.Count, 1)
	first := timeAt(o, "eventTime")
	e.FirstSeen = earliest(timeAt(o, "firstTimestamp"), first, u.GetCreationTimestamp().Time)
	e.LastSeen = latest(timeAt(o, "lastTimestamp"), timeAt(o, "series", "lastObservedTime"), first, e.FirstSeen)
	return e
}

// earliest returns the first of times that is known.
func earliest(times ...time.Time) time.Time { return cmp.Or(times...).UTC() }

func latest(times ...time.Time) (last time.Time) {
	for _, t := range times {
		if t.After(last) {
			last = t
		}
	}
	return last.UTC()
}

// bounded keeps as many as were asked for and fit into a reply.
func bounded(all []ObjectEvent, limit int) EventsResponse {
	r := EventsResponse{Events: []ObjectEvent{}}
	room := hostfuncs.MaxReplyBytes
	for _, e := range all {
		if room -= len(e.Message) + len(e.Reason) + 300; room < 0 || len(r.Events) == limit {
			r.Truncated = true
			break
		}
		r.Events = append(r.Events, e)
	}
	return r
}

func textAt(object map[string]any, path ...string) string {
	s, _, _ := unstructured.NestedString(object, path...)
	return s
}

func timeAt(object map[string]any, path ...string) time.Time {
	t, _ := time.Parse(time.RFC3339Nano, textAt(object, path...)) // zero when absent
	return t
}
