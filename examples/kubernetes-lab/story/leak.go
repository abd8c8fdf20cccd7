package story

import (
	"context"
	"fmt"
	"strconv"
	"time"
)

// leak starts the Pods of the run. They begin to leak at the same time.
func (r *run) leak() error {
	at := time.Now()
	if r.alerts > 1 {
		at = at.Add(time.Duration(2*r.alerts) * time.Second) // until all of them run
	}
	for _, name := range r.pods {
		if err := r.start(r.leaky(leaking{name: name, rate: r.rate, start: r.plan.Limit / 2, at: at})); err != nil {
			return err
		}
	}
	return r.settle(r.pods)
}

func (r *run) start(pod map[string]any) error {
	if err := r.cluster.Create(r.ctx, "/api/v1/namespaces/"+namespace+"/pods", pod); err != nil {
		return fmt.Errorf("start a Pod: %w", err)
	}
	return nil
}

// settle waits until Pods run.
func (r *run) settle(pods []string) error {
	for _, name := range pods {
		err := r.cluster.Until(r.ctx, time.Minute, name+" runs", func(ctx context.Context) error {
			var p pod
			if err := r.cluster.Get(ctx, r.path(name), &p); err != nil {
				return err
			}
			if !p.ready() {
				return fmt.Errorf("it does not")
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// leaking is what differs between Pods.
type leaking struct {
	name  string
	rate  float64 // MiB a second
	start int     // MiB that it has from the start
	at    time.Time
	seen  bool // by the sensor
}

func (r *run) leaky(l leaking) map[string]any {
	limit := strconv.Itoa(r.plan.Limit) + "Mi"
	labels := map[string]any{"app": "leaky"}
	if l.seen {
		labels["sensor"] = "looks"
	}
	return map[string]any{
		"apiVersion": "v1", "kind": "Pod",
		"metadata": map[string]any{"name": l.name, "namespace": namespace, "labels": labels},
		"spec": map[string]any{
			"automountServiceAccountToken": false, "enableServiceLinks": false, "terminationGracePeriodSeconds": 1,
			"containers": []any{map[string]any{
				"name": "app", "image": r.image, "imagePullPolicy": "Never",
				"args": []string{
					"-rate", fmt.Sprint(l.rate), "-pprof", r.pprof,
					"-start", strconv.Itoa(l.start), "-at", strconv.FormatInt(l.at.Unix(), 10),
				},
				"resources": map[string]any{
					"requests": map[string]any{"memory": "16Mi", "cpu": "10m"},
					"limits":   map[string]any{"memory": limit, "cpu": "1"},
				},
			}},
		},
	}
}
