package story

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// apiServer is the component that the watch hangs on.
const apiServer = "kube-apiserver"

// watching is a watch whose API server crashes, and what rules must have heard.
type watching struct {
	*run
	want []string // "modified leaky-watch-1-a 2", in any order
}

// watch lets rules watch Pods, kills the API server and starts it again, and changes
// Pods before, in the gap and after. Every change must be one event.
func (r *run) watch() ([]row, error) {
	w := &watching{run: r}
	var gaps []string
	err := w.before()
	for i := 0; err == nil && i < 2; i++ {
		var gap time.Duration
		gap, err = w.crash(i)
		gaps = append(gaps, fmt.Sprintf("%.1f", gap.Seconds()))
	}
	if err != nil {
		return nil, err
	}
	one := row{Run: r.number, Variant: r.name, Rate: r.rate, OK: true}
	one.Verdict = fmt.Sprintf("ok, %d changes are %d events with an execution each; heard again %s s after the API server took changes",
		len(w.want), len(w.want), strings.Join(gaps, " and "))
	return []row{one}, nil
}

// pod is a Pod that no scheduler takes: nobody but the story changes it.
func (w *watching) pod(name string) string {
	return fmt.Sprintf("leaky-watch-%d-%s", w.number, name)
}

func (w *watching) add(ctx context.Context, name string) error {
	err := w.cluster.Create(ctx, "/api/v1/namespaces/"+namespace+"/pods", map[string]any{
		"apiVersion": "v1", "kind": "Pod",
		"metadata": map[string]any{"name": w.pod(name), "namespace": namespace, "labels": map[string]any{"watched": "yes", "turn": "0"}},
		"spec": map[string]any{
			"schedulerName": "nobody", "automountServiceAccountToken": false,
			"containers": []any{map[string]any{"name": "app", "image": w.image}},
		},
	})
	if err == nil {
		w.pods = append(w.pods, w.pod(name)) // to be deleted in the end
		w.want = append(w.want, "added "+w.pod(name)+" 0")
	}
	return err
}

func (w *watching) modify(name string, turn int) error {
	label := map[string]any{"turn": fmt.Sprint(turn)}
	if err := w.cluster.Patch(w.ctx, w.path(w.pod(name)), map[string]any{"metadata": map[string]any{"labels": label}}); err != nil {
		return err
	}
	w.want = append(w.want, fmt.Sprintf("modified %s %d", w.pod(name), turn))
	return nil
}

func (w *watching) remove(name string, turn int) error {
	if err := w.cluster.Delete(w.ctx, w.path(w.pod(name))); err != nil {
		return err
	}
	w.want = append(w.want, fmt.Sprintf("deleted %s %d", w.pod(name), turn))
	return nil
}

func (w *watching) before() error {
	for _, name := range []string{"changed", "same", "gone-0", "gone-1"} {
		if err := w.add(w.ctx, name); err != nil {
			return err
		}
	}
	if err := w.modify("changed", 1); err != nil {
		return err
	}
	return w.heard()
}

// crash ends the API server, and changes Pods as soon as it is back, before the watch
// is, and then again. It returns how long rules heard nothing although there was
// something to hear of.
func (w *watching) crash(turn int) (gap time.Duration, err error) {
	if err := w.cluster.Crash(apiServer); err != nil {
		return 0, err
	}
	if turn == 0 { // so long that Squall says so; the second time, only until it is up again
		if err := w.watchIs("failing"); err != nil {
			return 0, errors.Join(err, w.cluster.Revive(apiServer))
		}
	}
	if err := w.cluster.Revive(apiServer); err != nil {
		return 0, err
	}
	err = w.cluster.Until(w.ctx, time.Minute, "the API server takes changes", func(ctx context.Context) error {
		return w.add(ctx, fmt.Sprintf("fresh-%d", turn))
	})
	if err != nil {
		return 0, err
	}
	back := time.Now()
	if err := errors.Join(w.modify("changed", 10*turn+2), w.remove(fmt.Sprintf("gone-%d", turn), 0)); err != nil {
		return 0, err
	}
	if err := w.heard(); err != nil {
		return 0, err
	}
	gap = time.Since(back)
	if err := errors.Join(w.watchIs("running"), w.modify("changed", 10*turn+3), w.remove(fmt.Sprintf("fresh-%d", turn), 0)); err != nil {
		return 0, err
	}
	return gap, w.heard()
}

// watchIs waits until Squall says that of its watch.
func (w *watching) watchIs(state string) error {
	return w.cluster.Until(w.ctx, time.Minute, "the watch is "+state, func(ctx context.Context) error {
		var list struct {
			Items []struct{ Kind, State, Error string }
		}
		if err := w.server.get(ctx, "/api/v1/sources", &list); err != nil {
			return err
		}
		for _, s := range list.Items {
			if s.Kind == "watch" && s.State != state {
				return fmt.Errorf("it is %s: %s", s.State, s.Error)
			}
		}
		return nil
	})
}

// heard waits until there is an event for every change. One too many, or one of
// something that did not happen, is an error at once.
func (w *watching) heard() error {
	var wrong error
	err := w.cluster.Until(w.ctx, time.Minute, "every change is an event", func(ctx context.Context) error {
		got, err := w.events(ctx)
		if err != nil {
			return err
		}
		missing := slices.Clone(w.want)
		for _, one := range got {
			i := slices.Index(missing, one)
			if i < 0 {
				wrong = fmt.Errorf("%w: the event %q is one too many, of %q", errStory, one, got)
				return nil
			}
			missing = slices.Delete(missing, i, i+1)
		}
		if len(missing) > 0 {
			return fmt.Errorf("there is no event of %q", missing)
		}
		return nil
	})
	return errors.Join(wrong, err)
}

// events are those about Pods of this run.
func (w *watching) events(ctx context.Context) (all []string, err error) {
	var list struct{ Items []struct{ ID string } }
	if err := w.server.get(ctx, "/api/v1/events?limit=200&trigger=core.kubernetes.watch", &list); err != nil {
		return nil, err
	}
	for _, e := range list.Items {
		var event struct {
			Payload struct {
				Type   string
				Object struct {
					Metadata struct {
						Name              string
						Labels            map[string]string
						DeletionTimestamp string
					}
				}
			}
			Executions []struct{ ID string }
		}
		if err := w.server.get(ctx, "/api/v1/events/"+e.ID, &event); err != nil {
			return nil, err
		}
		m := event.Payload.Object.Metadata
		// The API server marks a Pod before it deletes it, which is a change that only a
		// watch that is there hears of.
		marked := event.Payload.Type == "modified" && m.DeletionTimestamp != ""
		if marked || !strings.HasPrefix(m.Name, w.pod("")) {
			continue
		}
		one := event.Payload.Type + " " + m.Name + " " + m.Labels["turn"]
		if n := len(event.Executions); n != 1 {
			one += fmt.Sprintf(" with %d executions", n)
		}
		all = append(all, one)
	}
	return all, nil
}
