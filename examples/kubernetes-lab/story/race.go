package story

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"
)

// race lets a Pod leak that is gone before an alert could tell of it, under the eyes of
// the sensor of pack pprof. Another Pod is over the threshold all the time: its alert
// shows that the monitoring works, and how long it takes.
func (r *run) race() ([]row, error) {
	name := fmt.Sprintf("leaky-race-%d-0", r.number)
	steady := fmt.Sprintf("leaky-race-%d-1", r.number)
	r.pods = []string{name, steady}
	begin := time.Now()
	for _, l := range []leaking{
		{name: steady, rate: 0.01, start: r.plan.Limit * 8 / 10},
		{name: name, rate: r.rate, start: r.plan.Limit / 2, seen: true},
	} {
		if err := r.start(r.leaky(l)); err != nil {
			return nil, err
		}
	}
	if err := r.settle(r.pods); err != nil {
		return nil, err
	}
	one := row{Run: r.number, Variant: r.name, Rate: r.rate, Pod: name}
	if err := r.noticed(&one); err != nil {
		return nil, err
	}
	if err := r.killed(&one); err != nil {
		return nil, err
	}
	if err := r.alerted(&one, steady, begin); err != nil {
		return nil, err
	}
	r.judge(&one)
	if !one.OK {
		r.explain(one.Execution)
	}
	return []row{one}, nil
}

// noticed waits until the sensor's rule has captured what it can, and checks it.
func (r *run) noticed(to *row) error {
	var p pod
	if err := r.cluster.Get(r.ctx, r.path(to.Pod), &p); err != nil {
		return err
	}
	if s := p.Status.ContainerStatuses; len(s) == 1 && s[0].State.Running != nil {
		to.Began = s[0].State.Running.StartedAt
	}
	id, err := r.capture(to.Pod)
	if err != nil {
		return err
	}
	x, err := r.execution(id)
	if err != nil {
		return err
	}
	var event struct {
		ReceivedAt time.Time `json:"received_at"`
	}
	if err := r.server.get(r.ctx, "/api/v1/events/"+x.Event, &event); err != nil {
		return err
	}
	to.Received = event.ReceivedAt
	var heaps []artifact // the first one of the capture tells of goroutines
	for _, a := range x.Artifacts {
		if strings.HasPrefix(a.Name, "heap-") {
			heaps = append(heaps, a)
		}
	}
	x.Artifacts = heaps
	if err := r.fill(to, x); err != nil || len(heaps) < 2 {
		return err
	}
	to.Second = heaps[1].CreatedAt
	return r.grew(heaps[1], heaps[0])
}

// capture waits for the first execution of pprof.capture about a Pod. A sensor that
// has not seen it when the Pod is dead will not any more.
func (r *run) capture(pod string) (id string, err error) {
	err = r.cluster.Until(r.ctx, r.patience(), "the sensor has noticed", func(ctx context.Context) error {
		var list struct{ Items []struct{ ID string } }
		q := url.QueryEscape("action:pprof.capture param.pod:" + pod)
		if err := r.server.get(ctx, "/api/v1/executions?q="+q, &list); err != nil {
			return err
		}
		if len(list.Items) == 0 {
			return errors.New("no execution of pprof.capture; see squall sensor get pprof.memory")
		}
		id = list.Items[len(list.Items)-1].ID // the oldest
		return nil
	})
	return id, err
}

// grew checks that both profiles show the leak, and the difference that it grew.
func (r *run) grew(second, base artifact) error {
	if err := r.check(second); err != nil {
		return err
	}
	var graph struct {
		Strings   []string
		Functions []struct{ Name int }
		Top       []struct {
			Function  int
			SelfDelta int64 `json:"self_delta"`
		}
	}
	if err := r.server.get(r.ctx, "/api/v1/artifacts/"+second.ID+"/flame?base="+base.ID, &graph); err != nil {
		return err
	}
	if len(graph.Top) > 0 {
		first := graph.Top[0]
		if name := graph.Strings[graph.Functions[first.Function].Name]; strings.HasSuffix(name, "(*store).open") && first.SelfDelta > 0 {
			return nil
		}
	}
	return fmt.Errorf("%w: the difference of the profiles does not begin with what leaks", errStory)
}

// alerted waits for the alert about the Pod that is over the threshold all the time,
// and looks whether one about the leak came and when.
func (r *run) alerted(to *row, steady string, begin time.Time) error {
	err := r.cluster.Until(r.ctx, 4*time.Minute, "the monitoring tells of the Pod that stays over the threshold", func(context.Context) error {
		d, err := r.service.find("firing", []string{steady})
		if err == nil {
			to.Chain = d.Sent.Sub(begin).Seconds()
		}
		return err
	})
	if err != nil {
		return err
	}
	if d, err := r.service.find("firing", []string{to.Pod}); err == nil {
		to.Late = d.Sent
	}
	return nil
}

// raced tells of a race that was won.
func (one row) raced() string {
	alert := fmt.Sprintf("none within the %.0f s that one took which was due all along", one.Chain)
	if !one.Late.IsZero() {
		alert = fmt.Sprintf("%s s after the kill; one that was due all along took %.0f s", seconds(one.Late, one.Killed), one.Chain)
	}
	return fmt.Sprintf("seen %s s after the start, second dump %s s later, %s s before the kill; alert: %s",
		seconds(one.Received, one.Began), seconds(one.Second, one.Stored), seconds(one.Killed, one.Second), alert)
}
