package story

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/squall-dev/squall/examples/kubernetes-lab/cluster"
)

// namespace is that of the leaking service, as the shipped rule and rights name it.
const namespace = "dm-demo-app"

// errStory is a story that did not go as it should: the lab works, and waiting longer
// would not help.
var errStory = errors.New("the story went wrong")

// run is one telling of the story.
type run struct {
	*teller
	variant
	ctx     context.Context // of this run alone, which ends before the teller's
	number  int
	rate    float64
	pods    []string
	fault   func() error // what went wrong in between
	pending []chan error // what is to be undone
}

func (r *run) path(pod string) string { return "/api/v1/namespaces/" + namespace + "/pods/" + pod }

// tell lets Pods leak, follows what comes of it and returns a row for each.
func (r *run) tell() ([]row, error) {
	defer r.end()
	if err := r.prepare(); err != nil {
		return nil, err
	}
	if r.variant.tell != nil {
		return r.variant.tell(r)
	}
	for i := range max(r.alerts, 1) {
		r.pods = append(r.pods, fmt.Sprintf("leaky-%s-%d-%d", r.name, r.number, i))
	}
	r.prepareBetween()
	if err := r.leak(); err != nil {
		return nil, err
	}
	var firing delivery
	err := r.cluster.Until(r.ctx, r.patience(), "the alert has been sent", func(context.Context) (err error) {
		firing, err = r.service.find("firing", r.pods)
		if errors.Is(err, errStory) {
			return nil // below
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	if len(firing.Pods) < len(r.pods) {
		return nil, fmt.Errorf("%w: a webhook brought %d alerts of %d", errStory, len(firing.Pods), len(r.pods))
	}
	if err := r.fault(); err != nil {
		return nil, fmt.Errorf("between alert and webhook: %w", err)
	}
	return r.follow(firing)
}

// prepare makes monitoring and kubelet as the variant wants them.
func (r *run) prepare() error {
	looks := cluster.Eager
	if r.slow {
		looks = cluster.Stock
	}
	if err := r.cluster.Housekeeping(r.ctx, looks); err != nil {
		return err
	}
	if err := r.monitoring.keep(r.ctx, r.pace()); err != nil {
		return fmt.Errorf("set the monitoring's pace: %w", err)
	}
	return nil
}

// prepareBetween arms what is to happen between the alert and Squall.
func (r *run) prepareBetween() {
	var mu sync.Mutex
	var fault error
	r.fault = func() error {
		mu.Lock()
		defer mu.Unlock()
		return fault
	}
	if r.between == nil {
		r.service.meanwhile("", nil)
		return
	}
	r.service.meanwhile(r.pods[0], func() {
		err := r.between(r)
		mu.Lock()
		defer mu.Unlock()
		fault = err
	})
}

// patience is how long the leak may take to reach the limit, and twice that.
func (r *run) patience() time.Duration {
	return time.Minute + 2*time.Duration(float64(r.plan.Limit)/r.rate*float64(time.Second))
}

// follow waits for the executions, the end of the Pods and the second webhook.
func (r *run) follow(firing delivery) ([]row, error) {
	var event struct {
		ReceivedAt time.Time `json:"received_at"`
	}
	if err := r.server.get(r.ctx, "/api/v1/events/"+firing.Event, &event); err != nil {
		return nil, err
	}
	if len(firing.Executions) != len(r.pods) {
		return nil, fmt.Errorf("%w: the webhook started %d executions, not %d", errStory, len(firing.Executions), len(r.pods))
	}
	var rows []row
	for i, id := range firing.Executions {
		x, err := r.execution(id)
		if err != nil {
			return nil, err
		}
		one := row{Run: r.number, Variant: r.name, Rate: r.rate, Pod: x.Parameters.Pod, Received: event.ReceivedAt, Committed: firing.Answered}
		if i < len(firing.StartsAt) {
			one.StartsAt = firing.startOf(x.Parameters.Pod)
		}
		if err := r.fill(&one, x); err != nil {
			return nil, err
		}
		rows = append(rows, one)
	}
	for i := range rows {
		if err := r.killed(&rows[i]); err != nil {
			return nil, err
		}
		r.judge(&rows[i])
		if !rows[i].OK {
			r.explain(rows[i].Execution)
		}
	}
	return rows, r.resolved()
}

// explain prints what the action said on its way.
func (r *run) explain(execution string) {
	var log struct{ Items []struct{ Text string } }
	if err := r.server.get(r.ctx, "/api/v1/executions/"+execution+"/log", &log); err != nil {
		r.say("  %v", err)
	}
	for _, line := range log.Items {
		r.say("  %s: %s", execution, line.Text)
	}
}

func (d delivery) startOf(pod string) time.Time {
	for i, name := range d.Pods {
		if name == pod {
			return d.StartsAt[i]
		}
	}
	return time.Time{}
}

func (r *run) execution(id string) (x execution, err error) {
	err = r.cluster.Until(r.ctx, 2*time.Minute, "the execution has ended", func(ctx context.Context) error {
		x = execution{} // or lists would keep what was there
		if err := r.server.get(ctx, "/api/v1/executions/"+id, &x); err != nil || x.ended() {
			return err
		}
		return errors.New("it runs")
	})
	return x, err
}

// fill takes the times of an execution from Squall and the API server.
func (r *run) fill(to *row, x execution) error {
	to.Execution, to.Status, to.Message, to.Via = x.ID, x.Status, x.Message, x.Output.Via
	if len(x.AttemptList) > 0 {
		to.Started = x.AttemptList[len(x.AttemptList)-1].StartedAt
	}
	streams, err := r.cluster.Streams(namespace, x.Parameters.Pod)
	if err != nil {
		return err
	}
	for _, s := range streams {
		if s.User == "system:serviceaccount:squall:squall" && s.Status < 400 && to.Opened.IsZero() && s.Answered.After(to.Received) {
			to.Opened = s.Answered
		}
	}
	if len(x.Artifacts) == 0 {
		return nil
	}
	a := x.Artifacts[0]
	to.Stored, to.Bytes = a.CreatedAt, a.Size
	if r.want == "inspect" {
		to.Via = "inspect"
		return nil
	}
	return r.check(a)
}

// check reads a profile from Squall and looks whether it shows the leak.
func (r *run) check(a artifact) error {
	content, err := r.server.read(r.ctx, "/api/v1/artifacts/"+a.ID+"/content")
	if err != nil {
		return err
	}
	return shows(content, "main.(*store).open")
}

// shows looks whether a profile is whole and names the function that leaks.
func shows(profile []byte, function string) error {
	unzipped, err := gzip.NewReader(bytes.NewReader(profile))
	if err != nil {
		return fmt.Errorf("%w: what was stored is no profile: %w", errStory, err)
	}
	plain, err := io.ReadAll(unzipped) // to the end, where its checksum is
	if err != nil {
		return fmt.Errorf("%w: the profile is not whole: %w", errStory, err)
	}
	if !bytes.Contains(plain, []byte(function)) {
		return fmt.Errorf("%w: the profile does not name %s, which leaks", errStory, function)
	}
	return nil
}

// killed waits until the kernel has killed the Pod's container.
func (r *run) killed(to *row) error {
	err := r.cluster.Until(r.ctx, r.patience(), "the kernel has killed "+to.Pod, func(ctx context.Context) error {
		var p pod
		err := r.cluster.Get(ctx, r.path(to.Pod), &p)
		if errors.Is(err, cluster.ErrNotFound) && r.failing != "" {
			return nil // it was deleted: nothing is left to be killed
		}
		if err != nil {
			return err
		}
		for _, s := range p.Status.ContainerStatuses {
			for _, state := range []containerState{s.LastState, s.State} {
				if t := state.Terminated; t != nil && t.Reason == "OOMKilled" {
					to.Killed = t.FinishedAt
					return nil
				}
			}
		}
		return errors.New("it lives")
	})
	return err
}

// resolved waits for the webhook that says that all is well again, and looks whether
// Squall has recorded it.
func (r *run) resolved() error {
	var last delivery
	err := r.cluster.Until(r.ctx, time.Minute, "the alert is resolved", func(context.Context) (err error) {
		last, err = r.service.find("resolved", r.pods[:1])
		return err
	})
	if err != nil {
		return err
	}
	var event struct{ ID string }
	if err := r.server.get(r.ctx, "/api/v1/events/"+last.Event, &event); err != nil {
		return err
	}
	if event.ID != last.Event {
		return fmt.Errorf("%w: the resolved webhook was not recorded", errStory)
	}
	return nil
}

// end undoes what the run did.
func (r *run) end() {
	r.service.meanwhile("", nil)
	for _, ended := range r.pending {
		if err := <-ended; err != nil {
			r.say("undo what happened in between: %v", err)
		}
	}
	for _, name := range r.pods {
		if err := r.cluster.Delete(context.WithoutCancel(r.ctx), r.path(name)); err != nil && !errors.Is(err, cluster.ErrNotFound) {
			r.say("delete Pod %s: %v", name, err)
		}
	}
}
