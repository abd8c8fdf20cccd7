package trigger_test

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/trigger"
	"github.com/squall-dev/squall/runtime/trigger/triggertest"
)

// cluster is a Kubernetes cluster in memory.
type cluster struct {
	mu      sync.Mutex // guards all below
	objects map[string]trigger.KubeObject
	changes []trigger.KubeChange // version n is changes[n-1]
	oldest  int
	news    chan struct{}
	hangup  chan struct{}
}

func newCluster() *cluster {
	return &cluster{objects: map[string]trigger.KubeObject{}, news: make(chan struct{}), hangup: make(chan struct{})}
}

func (c *cluster) change(kind, name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	version := strconv.Itoa(len(c.changes) + 1)
	o := trigger.KubeObject{UID: "uid-" + name, Name: name, Namespace: "shop", Version: version,
		Data: json.RawMessage(`{"metadata":{"name":"` + name + `","resourceVersion":"` + version + `"}}`)}
	c.objects[o.UID] = o
	if kind == "deleted" {
		delete(c.objects, o.UID)
	}
	c.changes = append(c.changes, trigger.KubeChange{Type: kind, Object: o})
	close(c.news)
	c.news = make(chan struct{})
}

// cut ends all watches; what has been is forgotten.
func (c *cluster) cut(forget bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if forget {
		c.oldest = len(c.changes)
	}
	close(c.hangup)
	c.hangup = make(chan struct{})
}

func (c *cluster) Snapshot(context.Context, trigger.KubeQuery) (trigger.KubeSnapshot, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := trigger.KubeSnapshot{APIVersion: "v1", Kind: "Pod", Version: strconv.Itoa(len(c.changes))}
	for _, o := range c.objects {
		all.Objects = append(all.Objects, o)
	}
	return all, nil
}

func (c *cluster) Watch(ctx context.Context, _ trigger.KubeQuery, from string, each func(trigger.KubeChange) error) error {
	next, err := strconv.Atoi(from)
	if err != nil {
		return err
	}
	c.mu.Lock()
	hangup, oldest := c.hangup, c.oldest
	c.mu.Unlock()
	if next < oldest {
		return trigger.ErrExpired
	}
	if err := each(trigger.KubeChange{Type: "opened"}); err != nil {
		return err
	}
	for {
		c.mu.Lock()
		fresh, news := c.changes[next:], c.news
		c.mu.Unlock()
		for _, change := range fresh {
			if err := each(change); err != nil {
				return err
			}
			next++
		}
		select {
		case <-news:
		case <-hangup:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func podWatch(more ...any) []automation.Wanted {
	p := map[string]any{"kind": "Pod"}
	for i := 0; i+1 < len(more); i += 2 {
		p[more[i].(string)] = more[i+1]
	}
	return []automation.Wanted{{Trigger: trigger.KubeWatchType, Parameters: p, Rules: []automation.Ref{"test.r"}}}
}

func watchesOn(c *cluster, l *triggertest.Ledger) trigger.Source {
	return trigger.NewKubeWatches(trigger.KubeWatchOptions{Cluster: c, Ingester: l, Marks: l})
}

func TestKubeWatchesAreASource(t *testing.T) {
	t.Parallel()
	triggertest.Run(t, func(*testing.T) triggertest.Subject {
		c, n := newCluster(), 0
		return triggertest.Subject{
			New:    func(l *triggertest.Ledger) trigger.Source { return watchesOn(c, l) },
			Wanted: append(podWatch(), podWatch("namespaces", []any{"shop"}, "events", []any{"added"})...),
			Raise:  func() { n++; c.change("added", "pod-"+strconv.Itoa(n)) },
		}
	})
}

func TestKubeWatchesTellWhatHappened(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		wanted []automation.Wanted
		do     func(c *cluster, restart func())
		want   string // "type name old-version;"
	}{
		{"objects that are there already raise nothing", podWatch(), func(*cluster, func()) {}, ""},
		{"unless that is asked for, and then once", podWatch("initial", true), func(_ *cluster, restart func()) { restart() }, "added first -;"},
		{"a change tells how it was before", podWatch(), func(c *cluster, _ func()) {
			c.change("modified", "first")
			c.change("deleted", "first")
		}, "modified first 1;deleted first 2;"},
		{"only what is asked for", podWatch("events", []any{"deleted"}), func(c *cluster, _ func()) {
			c.change("modified", "first")
			c.change("deleted", "first")
		}, "deleted first 2;"},
		{"a connection that is cut goes on", podWatch(), func(c *cluster, _ func()) {
			c.cut(false)
			c.change("added", "second")
		}, "added second -;"},
		{"what the cluster has forgotten is found by comparing", podWatch(), func(c *cluster, _ func()) {
			c.change("added", "second")
			synctest.Wait()
			c.cut(false) // nobody watches for a second
			synctest.Wait()
			c.change("modified", "second")
			c.change("deleted", "first")
			c.change("added", "third")
			c.cut(true)
		}, "added second -;modified second 2;added third -;deleted first 1;"},
		{"the same after a restart, without what was in memory", podWatch(), func(c *cluster, restart func()) {
			c.change("added", "second")
			synctest.Wait()
			c.cut(false)
			synctest.Wait()
			c.change("deleted", "second")
			c.cut(true)
			restart()
		}, "added second -;deleted second -;"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c, l := newCluster(), triggertest.NewLedger()
				c.change("added", "first")
				stop := runOn(t, c, l, tt.wanted)
				tt.do(c, func() { stop(); stop = runOn(t, c, l, tt.wanted) })
				time.Sleep(3 * time.Second)
				synctest.Wait()
				stop()
				if got := told(t, l); !sameParts(got, tt.want) {
					t.Errorf("got  %s\nwant %s", got, tt.want)
				}
			})
		})
	}
}

// sameParts: the objects of a list have no order.
func sameParts(a, b string) bool {
	x, y := strings.Split(a, ";"), strings.Split(b, ";")
	slices.Sort(x)
	slices.Sort(y)
	return slices.Equal(x, y)
}

func runOn(t *testing.T, c *cluster, l *triggertest.Ledger, wanted []automation.Wanted) func() {
	s := watchesOn(c, l)
	s.Sync(wanted)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	synctest.Wait()
	return func() { cancel(); <-done }
}

func told(t *testing.T, l *triggertest.Ledger) string {
	text := ""
	for _, ev := range l.Events() {
		var p struct {
			Type     string
			Resource struct{ Kind, Name, Namespace string }
			Old      *struct {
				Metadata struct{ ResourceVersion string }
			} `json:"old_object"`
		}
		if err := json.Unmarshal(ev.Payload, &p); err != nil {
			t.Fatal(err)
		}
		if p.Resource.Kind != "Pod" || p.Resource.Namespace != "shop" {
			t.Errorf("resource = %+v", p.Resource)
		}
		old := "-"
		if p.Old != nil {
			old = p.Old.Metadata.ResourceVersion
		}
		text += p.Type + " " + p.Resource.Name + " " + old + ";"
	}
	return text
}

func TestWatchesThatMeanNothingAreRefused(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		p    map[string]any
		ok   bool
	}{
		{"a kind", map[string]any{"kind": "Deployment", "apiVersion": "apps/v1"}, true},
		{"a resource and namespaces", map[string]any{"resource": "deployments.apps", "namespaces": []any{"a", "b"}}, true},
		{"neither kind nor resource", map[string]any{}, false},
		{"both", map[string]any{"kind": "Pod", "resource": "pods"}, false},
		{"an unknown event", map[string]any{"kind": "Pod", "events": []any{"changed"}}, false},
		{"an unknown parameter", map[string]any{"kind": "Pod", "namespace": "shop"}, false},
		{"a namespace that is a number", map[string]any{"kind": "Pod", "namespaces": []any{7}}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if err := trigger.CheckKubeWatch(trigger.KubeWatchType, tt.p); (err == nil) != tt.ok {
				t.Errorf("error = %v", err)
			}
		})
	}
}

func FuzzWatchParameters(f *testing.F) {
	f.Add([]byte(`{"kind":"Pod","namespaces":["a"],"events":["added"]}`))
	f.Add([]byte(`{"resource":7,"namespaces":{},"initial":"yes"}`))
	f.Fuzz(func(_ *testing.T, data []byte) {
		var p map[string]any
		if json.Unmarshal(data, &p) == nil {
			_ = trigger.CheckKubeWatch(trigger.KubeWatchType, p) // must not panic
		}
	})
}
