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
		if err := r.cluster.Create(r.ctx, "/api/v1/namespaces/"+namespace+"/pods", r.leaky(name, at)); err != nil {
			return fmt.Errorf("start Pod %s: %w", name, err)
		}
	}
	for _, name := range r.pods {
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

// leaky is a Pod that has used half of its memory from the start.
func (r *run) leaky(name string, at time.Time) map[string]any {
	limit := strconv.Itoa(r.plan.Limit) + "Mi"
	return map[string]any{
		"apiVersion": "v1", "kind": "Pod",
		"metadata": map[string]any{"name": name, "namespace": namespace, "labels": map[string]any{"app": "leaky"}},
		"spec": map[string]any{
			"automountServiceAccountToken": false, "enableServiceLinks": false, "terminationGracePeriodSeconds": 1,
			"containers": []any{map[string]any{
				"name": "app", "image": r.image, "imagePullPolicy": "Never",
				"args": []string{
					"-rate", fmt.Sprint(r.rate), "-pprof", r.pprof,
					"-start", strconv.Itoa(r.plan.Limit / 2), "-at", strconv.FormatInt(at.Unix(), 10),
				},
				"resources": map[string]any{
					"requests": map[string]any{"memory": "16Mi", "cpu": "10m"},
					"limits":   map[string]any{"memory": limit, "cpu": "1"},
				},
			}},
		},
	}
}
