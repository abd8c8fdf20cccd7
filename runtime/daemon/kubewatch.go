package daemon

import (
	"context"
	"errors"

	"github.com/squall-dev/squall/hostfuncs/kube"
	"github.com/squall-dev/squall/packs"
	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/trigger"
)

// watchedCluster lets triggers watch a cluster, as far as the packs of their rules
// are granted to list what is watched.
type watchedCluster struct {
	client   *kube.Client
	registry *packs.Registry
}

var _ trigger.KubeCluster = watchedCluster{}

func (w watchedCluster) request(q trigger.KubeQuery) kube.WatchRequest {
	r := kube.WatchRequest{Context: q.Context, Resource: q.Resource, Namespace: q.Namespace, LabelSelector: q.LabelSelector, FieldSelector: q.FieldSelector}
	for _, rule := range q.Rules {
		p, _ := w.registry.Snapshot().Pack(rule.Pack()) // one that is gone is granted nothing
		r.Grants = append(r.Grants, p.Capabilities)
	}
	return r
}

// Snapshot lists what is watched.
func (w watchedCluster) Snapshot(ctx context.Context, q trigger.KubeQuery) (trigger.KubeSnapshot, error) {
	all, err := w.client.Snapshot(ctx, w.request(q))
	if err != nil {
		return trigger.KubeSnapshot{}, err
	}
	out := trigger.KubeSnapshot{Group: all.Group, APIVersion: all.APIVersion, Kind: all.Kind, Version: all.Version}
	for _, o := range all.Objects {
		out.Objects = append(out.Objects, trigger.KubeObject(o))
	}
	return out, nil
}

// Watch follows what is watched.
func (w watchedCluster) Watch(ctx context.Context, q trigger.KubeQuery, from string, each func(trigger.KubeChange) error) error {
	err := w.client.Watch(ctx, w.request(q), from, func(c kube.Change) error {
		return each(trigger.KubeChange{Type: c.Type, Object: trigger.KubeObject(c.Object)})
	})
	if errors.Is(err, kube.ErrExpired) {
		return trigger.ErrExpired
	}
	return err
}

// checkTrigger tells what is wrong with the parameters of a trigger that the server
// itself raises.
func checkTrigger(ref automation.Ref, parameters map[string]any) error {
	if err := trigger.CheckTimer(ref, parameters); err != nil {
		return err
	}
	return trigger.CheckKubeWatch(ref, parameters)
}
