package trigger

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
)

// KubeWatchType is the trigger type of watches on objects of a Kubernetes cluster.
const KubeWatchType automation.Ref = "core.kubernetes.watch"

// watchSource names the marks of watches, and their kind in the status.
const watchSource = "watch"

// ErrExpired is what a [KubeCluster] answers when it has forgotten a version.
var ErrExpired = errors.New("the version to go on from is too old")

// KubeQuery is which objects are watched.
type KubeQuery struct {
	Context, Resource, Namespace, LabelSelector, FieldSelector string
	// Rules hear of the objects; their packs must be allowed to.
	Rules []automation.Ref
}

// KubeObject is an object as it was at one time.
type KubeObject struct {
	UID, Version, Namespace, Name string
	Data                          json.RawMessage
}

// KubeSnapshot is all objects at one time.
type KubeSnapshot struct {
	Group, APIVersion, Kind string
	Version                 string
	Objects                 []KubeObject
}

// KubeChange is what happened to an object: added, modified, deleted; or bookmark,
// which only brings a newer version; or opened, which brings nothing and comes first.
type KubeChange struct {
	Type   string
	Object KubeObject
}

// KubeCluster is where objects are.
type KubeCluster interface {
	Snapshot(ctx context.Context, q KubeQuery) (KubeSnapshot, error)
	// Watch calls each for every change after a version, until the cluster ends the
	// watch or each fails. It answers [ErrExpired] when the version is forgotten.
	Watch(ctx context.Context, q KubeQuery, from string, each func(KubeChange) error) error
}

// KubeWatchOptions are what watches are made of. The first three are required.
type KubeWatchOptions struct {
	Cluster  KubeCluster
	Ingester Ingester
	Marks    Marks
	Meter    Meter // nil counts nothing
	Logger   *slog.Logger
}

// KubeWatches raises an event for what happens to objects of a cluster. An event and
// the version it came with are stored in one transaction, so that a restart goes on
// where the last one stopped.
type KubeWatches struct {
	o    KubeWatchOptions
	wake chan struct{}

	mu    sync.Mutex            // guards parts and what stands in them under "guarded"
	parts map[string]*kubeWatch // by key
}

// kubeWatch is one trigger that rules want: a stream for each of its namespaces.
type kubeWatch struct {
	key     string
	wanted  automation.Wanted
	params  watchParameters
	invalid error
	streams []*kubeStream

	status automation.SourceStatus // guarded: the numbers only
}

// NewKubeWatches makes a source. It starts nothing.
func NewKubeWatches(o KubeWatchOptions) *KubeWatches {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Meter == nil {
		o.Meter = noMeter{}
	}
	o.Logger = o.Logger.With("component", "watches")
	return &KubeWatches{o: o, wake: make(chan struct{}, 1), parts: map[string]*kubeWatch{}}
}

// Sync says which watches are wanted from now on. One whose rules change begins
// anew, from its mark: another pack may not be allowed to hear of the objects.
func (s *KubeWatches) Sync(wanted []automation.Wanted) {
	s.mu.Lock()
	defer s.mu.Unlock()
	kept := map[string]*kubeWatch{}
	for _, w := range wanted {
		if w.Trigger != KubeWatchType {
			continue
		}
		key := timerKey(w)
		old := s.parts[key]
		if old != nil && slices.Equal(old.wanted.Rules, w.Rules) {
			kept[key] = old
			continue
		}
		kept[key] = newKubeWatch(key, w)
		if old != nil {
			kept[key].status = old.status
		}
	}
	s.parts = kept
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

func newKubeWatch(key string, w automation.Wanted) *kubeWatch {
	k := &kubeWatch{key: key, wanted: w}
	if k.params, k.invalid = parseWatch(w.Parameters); k.invalid != nil {
		return k
	}
	for _, namespace := range k.params.namespaces {
		q := k.params.query
		q.Namespace, q.Rules = namespace, w.Rules
		k.streams = append(k.streams, &kubeStream{watch: k, query: q, key: key + " " + namespace})
	}
	return k
}

// Run keeps the watches that are wanted running until ctx is done. A watch that is no
// longer wanted has ended before another with the same marks begins.
func (s *KubeWatches) Run(ctx context.Context) error {
	running := map[*kubeWatch]func(){} // stops and waits
	for {
		s.mu.Lock()
		wanted := make(map[*kubeWatch]bool, len(s.parts))
		for _, k := range s.parts {
			wanted[k] = k.invalid == nil && ctx.Err() == nil
		}
		s.mu.Unlock()
		for k, end := range running {
			if !wanted[k] {
				end()
				delete(running, k)
			}
		}
		for k, want := range wanted {
			if want && running[k] == nil {
				running[k] = s.begin(ctx, k)
			}
		}
		select {
		case <-ctx.Done():
			for _, end := range running {
				end()
			}
			return nil
		case <-s.wake:
		}
	}
}

// begin runs the streams of a watch and returns what ends them.
func (s *KubeWatches) begin(ctx context.Context, k *kubeWatch) func() {
	ctx, stop := context.WithCancel(ctx)
	var all sync.WaitGroup
	for _, stream := range k.streams {
		all.Go(func() { s.run(ctx, stream) })
	}
	return func() { stop(); all.Wait() }
}

// Status says how each watch is doing.
func (s *KubeWatches) Status() []automation.SourceStatus {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := []automation.SourceStatus{}
	for _, k := range s.parts {
		all = append(all, k.report())
	}
	slices.SortFunc(all, func(a, b automation.SourceStatus) int { return strings.Compare(a.ID, b.ID) })
	return all
}

// report is as bad as the worst stream.
func (k *kubeWatch) report() automation.SourceStatus {
	r := k.status
	r.Kind, r.ID, r.Trigger, r.Parameters, r.Rules = watchSource, k.key, k.wanted.Trigger, k.wanted.Parameters, k.wanted.Rules
	r.State, r.Description = automation.SourceRunning, k.params.describe()
	if k.invalid != nil {
		r.State, r.Description = automation.SourceInvalid, ""
		r.Error, r.Hint = k.invalid.Error(), automation.HintOf(k.invalid)
		return r
	}
	for _, stream := range k.streams {
		if stream.err != nil && stream.failures > r.Failures {
			r.State, r.Failures = automation.SourceFailing, stream.failures
			r.Error, r.Hint, r.Next = stream.err.Error(), automation.HintOf(stream.err), []time.Time{stream.retry}
		}
	}
	return r
}

// watchParameters are a trigger's parameters, read.
type watchParameters struct {
	query      KubeQuery
	namespaces []string // one empty: all of them
	events     []string
	initial    bool
}

func (p watchParameters) describe() string {
	where := "all namespaces"
	if p.namespaces != nil && p.namespaces[0] != "" {
		where = strings.Join(p.namespaces, ", ")
	}
	text := fmt.Sprintf("%s in %s: %s", p.query.Resource, where, strings.Join(p.events, ", "))
	for _, selector := range []string{p.query.LabelSelector, p.query.FieldSelector} {
		if selector != "" {
			text += ", " + selector
		}
	}
	return text
}
