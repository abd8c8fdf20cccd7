package trigger

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
)

const (
	// mostStored bounds the objects that a mark knows. It is written with every
	// event; a watch on more can not tell after a restart what was deleted meanwhile
	// if the cluster has forgotten too.
	mostStored = 500
	// mostKept bounds the objects kept in memory, for old_object.
	mostKept = 2000
	// mostAtOnce is how many events of a new list are stored together.
	mostAtOnce = 100
	// markEvery is how old a mark may be when nothing is raised.
	markEvery = time.Minute
)

// kubeStream is a watch in one namespace. All but the last fields belong to the
// goroutine that runs it.
type kubeStream struct {
	watch *kubeWatch
	query KubeQuery
	key   string

	loaded   bool
	begun    bool // there was a mark when the server started
	known    bool // all that rules have heard of is in mark.Seen
	unstored bool // the last thing to store was refused
	mark     kubeMark
	marked   time.Time
	old      map[string]KubeObject // by uid; bounded

	// Guarded by the source's mutex.
	failures int
	err      error
	retry    time.Time
}

// kubeMark is what is stored of a stream.
type kubeMark struct {
	Version string `json:"version"` // to go on from; empty: list again
	Group   string `json:"group,omitempty"`
	API     string `json:"api_version,omitempty"`
	Kind    string `json:"kind"`
	// Seen are the objects that rules have heard of, by uid: what is in a new list
	// and not here was added. nil when there are too many.
	Seen map[string]seenObject `json:"seen"`
}

type seenObject struct {
	Version   string `json:"v"`
	Namespace string `json:"ns,omitempty"`
	Name      string `json:"n"`
}

// run follows the objects until ctx is done.
func (s *KubeWatches) run(ctx context.Context, k *kubeStream) {
	for ctx.Err() == nil {
		err := s.follow(ctx, k)
		if ctx.Err() != nil {
			return
		}
		pause := time.Second // a cluster ends every watch after some minutes
		if err != nil {
			pause = s.failed(k, err)
		}
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
		}
	}
}

// follow goes on from the mark, after a list where there is none.
func (s *KubeWatches) follow(ctx context.Context, k *kubeStream) error {
	if err := s.load(ctx, k); err != nil {
		return err
	}
	if k.mark.Version == "" {
		if err := s.list(ctx, k); err != nil {
			return err
		}
		s.works(k)
	}
	err := s.o.Cluster.Watch(ctx, k.query, k.mark.Version, func(c KubeChange) error { return s.change(ctx, k, c) })
	if errors.Is(err, ErrExpired) {
		k.mark.Version, err = "", nil // list at the next turn
	}
	return err
}

func (s *KubeWatches) load(ctx context.Context, k *kubeStream) error {
	if k.loaded {
		return nil
	}
	marks, err := s.o.Marks.Marks(ctx, watchSource)
	if err != nil {
		return fmt.Errorf("read the marks of watches: %w", err)
	}
	for _, m := range marks {
		if m.Key != k.key {
			continue
		}
		if err := json.Unmarshal(m.Value, &k.mark); err != nil {
			return fmt.Errorf("read the mark of a watch: %w", err)
		}
		k.begun, k.known = true, k.mark.Seen != nil
	}
	k.loaded, k.old = true, map[string]KubeObject{}
	return nil
}

// list compares all objects with those that rules have heard of.
func (s *KubeWatches) list(ctx context.Context, k *kubeStream) error {
	all, err := s.o.Cluster.Snapshot(ctx, k.query)
	if err != nil {
		return err
	}
	k.mark.Group, k.mark.API, k.mark.Kind = all.Group, all.APIVersion, all.Kind
	changes := k.differences(all)
	quiet := !k.known && (k.begun || !k.watch.params.initial)
	if quiet {
		for _, c := range changes {
			k.note(c)
		}
		changes = nil
	}
	for chunk := range slices.Chunk(changes, mostAtOnce) {
		if err := s.store(ctx, k, "", chunk...); err != nil {
			return err
		}
	}
	if err := s.store(ctx, k, all.Version); err != nil {
		return err
	}
	k.known = true
	return nil
}

// differences are the changes that lead from what is known to a list.
func (k *kubeStream) differences(all KubeSnapshot) []KubeChange {
	var changes []KubeChange
	there := map[string]bool{}
	for _, o := range all.Objects {
		there[o.UID] = true
		switch seen, ok := k.mark.Seen[o.UID]; {
		case !ok:
			changes = append(changes, KubeChange{"added", o})
		case seen.Version != o.Version:
			changes = append(changes, KubeChange{"modified", o})
		case len(k.old) < mostKept:
			k.old[o.UID] = o
		}
	}
	for _, uid := range slices.Sorted(maps.Keys(k.mark.Seen)) {
		if !there[uid] {
			changes = append(changes, KubeChange{"deleted", k.last(uid)})
		}
	}
	return changes
}

// last is an object as it was last seen; only its name where that is forgotten.
func (k *kubeStream) last(uid string) KubeObject {
	if o, ok := k.old[uid]; ok {
		return o
	}
	seen := k.mark.Seen[uid]
	data, err := json.Marshal(map[string]any{"kind": k.mark.Kind, "metadata": map[string]any{
		"uid": uid, "namespace": seen.Namespace, "name": seen.Name, "resourceVersion": seen.Version}})
	if err != nil { // texts
		data = []byte("{}")
	}
	return KubeObject{UID: uid, Version: seen.Version, Namespace: seen.Namespace, Name: seen.Name, Data: data}
}

// change deals with one change of a watch.
func (s *KubeWatches) change(ctx context.Context, k *kubeStream, c KubeChange) error {
	switch {
	case c.Type == "opened":
	case slices.Contains(k.watch.params.events, c.Type):
		if err := s.store(ctx, k, c.Object.Version, c); err != nil {
			return err
		}
	case time.Since(k.marked) >= markEvery:
		k.note(c)
		if err := s.store(ctx, k, c.Object.Version); err != nil {
			return err
		}
	default:
		k.note(c)
		k.mark.Version = c.Object.Version
	}
	if !k.unstored {
		s.works(k)
	}
	return nil
}

// store makes changes durable together with the version that they lead to. Nothing is
// remembered of them unless that succeeds.
func (s *KubeWatches) store(ctx context.Context, k *kubeStream, version string, changes ...KubeChange) error {
	var events []automation.Event
	mark := k.mark
	mark.Version, mark.Seen = version, maps.Clone(k.mark.Seen)
	if mark.Seen == nil {
		mark.Seen = map[string]seenObject{}
	}
	for _, c := range changes {
		if slices.Contains(k.watch.params.events, c.Type) {
			ev, err := k.event(c)
			if err != nil {
				return err
			}
			events = append(events, ev)
		}
		mark.note(c)
	}
	accepted, err := s.o.Ingester.IngestAll(ctx, events, k.stored(mark))
	if k.unstored = err != nil; err != nil {
		return err
	}
	for _, c := range changes {
		k.note(c)
	}
	k.mark, k.marked = mark, time.Now()
	s.raised(k, accepted)
	return nil
}

func (k *kubeStream) stored(mark kubeMark) automation.Mark {
	if len(mark.Seen) > mostStored {
		mark.Seen = nil
	}
	value, err := json.Marshal(mark)
	if err != nil { // texts
		value = []byte("{}")
	}
	return automation.Mark{Source: watchSource, Key: k.key, Value: value, At: time.Now()}
}

// note remembers a change in memory.
func (k *kubeStream) note(c KubeChange) {
	k.mark.note(c)
	_, kept := k.old[c.Object.UID]
	switch {
	case c.Type == "deleted":
		delete(k.old, c.Object.UID)
	case c.Type != "bookmark" && (kept || len(k.old) < mostKept):
		k.old[c.Object.UID] = c.Object
	}
}

func (m *kubeMark) note(c KubeChange) {
	if m.Seen == nil {
		m.Seen = map[string]seenObject{}
	}
	switch c.Type {
	case "deleted":
		delete(m.Seen, c.Object.UID)
	case "added", "modified":
		m.Seen[c.Object.UID] = seenObject{c.Object.Version, c.Object.Namespace, c.Object.Name}
	}
}

// event is a change as rules see it.
func (k *kubeStream) event(c KubeChange) (automation.Event, error) {
	var old any
	if before, ok := k.old[c.Object.UID]; ok {
		old = before.Data
	}
	payload, err := json.Marshal(map[string]any{
		"type": c.Type, "object": c.Object.Data, "old_object": old,
		"resource": map[string]any{"group": k.mark.Group, "version": k.mark.API, "kind": k.mark.Kind,
			"namespace": c.Object.Namespace, "name": c.Object.Name},
	})
	if err != nil {
		return automation.Event{}, fmt.Errorf("encode a change of %s: %w", c.Object.Name, err)
	}
	name := strings.TrimPrefix(c.Object.Namespace+"/"+c.Object.Name, "/")
	return automation.Event{
		Trigger: KubeWatchType, Parameters: k.watch.wanted.Parameters, Payload: payload,
		Summary: short(k.mark.Kind + " " + name + " " + c.Type),
	}, nil
}

func (s *KubeWatches) raised(k *kubeStream, accepted []automation.Accepted) {
	if len(accepted) == 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.o.Meter.SourceRaised(watchSource, len(accepted))
	now, status := time.Now(), &k.watch.status
	status.Events += int64(len(accepted))
	status.Runs++
	status.LastEvent, status.LastRun = accepted[len(accepted)-1].Event, &now
}

func (s *KubeWatches) works(k *kubeStream) {
	s.mu.Lock()
	defer s.mu.Unlock()
	k.failures, k.err = 0, nil
}

// failed notes why nothing goes on, and says how long to wait.
func (s *KubeWatches) failed(k *kubeStream, err error) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	pause := min(time.Second<<min(k.failures, 10), longestRetry)
	k.failures++
	k.err, k.retry = err, time.Now().Add(pause)
	s.o.Meter.SourceFailed(watchSource)
	s.o.Logger.Warn("watch does not work; trying again", "watch", k.key, "in", pause, "err", err)
	return pause
}
