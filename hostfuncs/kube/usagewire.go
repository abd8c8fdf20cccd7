package kube

import (
	"cmp"
	"context"
	"net/url"
	"strconv"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/squall-dev/squall/runtime/automation"
)

// summary is what is read of a kubelet's /stats/summary.
type summary struct {
	Pods []struct {
		PodRef struct {
			UID string `json:"uid"`
		} `json:"podRef"`
		Containers []struct {
			Name      string    `json:"name"`
			StartTime time.Time `json:"startTime"`
			Memory    *struct {
				Time       time.Time `json:"time"`
				WorkingSet *int64    `json:"workingSetBytes"`
			} `json:"memory"`
		} `json:"containers"`
	} `json:"pods"`
}

// usage is by the Pods' UIDs: a new Pod may have an old one's name.
func (s summary) usage() map[string]podUsage {
	all := make(map[string]podUsage, len(s.Pods))
	for _, p := range s.Pods {
		used := podUsage{}
		for _, c := range p.Containers {
			if c.Memory != nil && c.Memory.WorkingSet != nil { // one that has just started has neither
				used[c.Name] = containerUsage{*c.Memory.WorkingSet, c.Memory.Time, c.StartTime}
			}
		}
		all[p.PodRef.UID] = used
	}
	return all
}

// podMetricsList is what is read of metrics.k8s.io.
type podMetricsList struct {
	Items []struct {
		Metadata struct {
			Namespace string `json:"namespace"`
			Name      string `json:"name"`
		} `json:"metadata"`
		Timestamp  time.Time `json:"timestamp"`
		Containers []struct {
			Name  string `json:"name"`
			Usage struct {
				Memory *resource.Quantity `json:"memory"`
			} `json:"usage"`
		} `json:"containers"`
	} `json:"items"`
}

func (k *cluster) podMetrics(ctx context.Context, namespace string, req PodStatsRequest) (map[string]podUsage, error) {
	var list podMetricsList
	query := url.Values{"labelSelector": {req.LabelSelector}}
	if req.Pod != "" {
		query.Set("fieldSelector", "metadata.name="+req.Pod)
	}
	err := k.readJSON(ctx, k.podsURL("apis/metrics.k8s.io/v1beta1", namespace, query), &list)
	if apierrors.IsNotFound(err) {
		return nil, automation.Unavailable("the cluster has no metrics.k8s.io").Because(err).
			WithHint(`install metrics-server, or let the server read the kubelets: source "node"`)
	}
	if err != nil {
		return nil, err
	}
	all := make(map[string]podUsage, len(list.Items))
	for _, item := range list.Items {
		used := podUsage{}
		for _, c := range item.Containers {
			if c.Usage.Memory != nil {
				used[c.Name] = containerUsage{workingSet: c.Usage.Memory.Value(), at: item.Timestamp}
			}
		}
		all[item.Metadata.Namespace+"/"+item.Metadata.Name] = used
	}
	return all, nil
}

// podList is what is read of the API server's list of Pods: a twentieth of it.
type podList struct {
	Metadata struct {
		Continue string `json:"continue"`
	} `json:"metadata"`
	Items []struct {
		Metadata struct {
			Namespace       string            `json:"namespace"`
			Name            string            `json:"name"`
			UID             string            `json:"uid"`
			Labels          map[string]string `json:"labels"`
			OwnerReferences []struct {
				Kind       string `json:"kind"`
				Name       string `json:"name"`
				Controller bool   `json:"controller"`
			} `json:"ownerReferences"`
		} `json:"metadata"`
		Spec struct {
			NodeName       string          `json:"nodeName"`
			Resources      limits          `json:"resources"`
			Containers     []specContainer `json:"containers"`
			InitContainers []specContainer `json:"initContainers"`
		} `json:"spec"`
		Status struct {
			Phase    string            `json:"phase"`
			Statuses []containerStatus `json:"containerStatuses"`
			Inits    []containerStatus `json:"initContainerStatuses"`
		} `json:"status"`
	} `json:"items"`
}

type specContainer struct {
	Name      string `json:"name"`
	Resources limits `json:"resources"`
}

type containerStatus struct {
	Name     string `json:"name"`
	Restarts int    `json:"restartCount"`
	State    struct {
		Running *struct {
			StartedAt time.Time `json:"startedAt"`
		} `json:"running"`
	} `json:"state"`
}

type limits struct {
	Limits struct {
		Memory *resource.Quantity `json:"memory"`
	} `json:"limits"`
}

func (l limits) memory() int64 {
	if l.Limits.Memory == nil {
		return 0
	}
	return l.Limits.Memory.Value()
}

// knownPod is what is kept of a Pod.
type knownPod struct {
	namespace, name, uid, node, owner string
	labels                            map[string]string
	limits                            map[string]int64 // by container
	restarts                          map[string]int
	started                           map[string]time.Time
}

// runningPods reads Pods that are on a node and have not ended.
func (k *cluster) runningPods(ctx context.Context, namespace string, req PodStatsRequest) (all []knownPod, err error) {
	which := "status.phase=Running"
	if req.Pod != "" {
		which += ",metadata.name=" + req.Pod
	}
	query := url.Values{"labelSelector": {req.LabelSelector}, "limit": {strconv.Itoa(5 * pageSize)}, "fieldSelector": {which}}
	for {
		var page podList
		if err := k.readJSON(ctx, k.podsURL("api/v1", namespace, query), &page); err != nil {
			return nil, err
		}
		all = append(all, page.pods()...)
		if page.Metadata.Continue == "" {
			return all, nil
		}
		query.Set("continue", page.Metadata.Continue)
	}
}

func (l podList) pods() (all []knownPod) {
	for _, item := range l.Items {
		m := item.Metadata
		p := knownPod{
			namespace: m.Namespace, name: m.Name, uid: m.UID, node: item.Spec.NodeName, labels: m.Labels,
			limits: map[string]int64{}, restarts: map[string]int{}, started: map[string]time.Time{},
		}
		for _, o := range m.OwnerReferences {
			if o.Controller {
				p.owner = o.Kind + "/" + o.Name
			}
		}
		for _, c := range append(item.Spec.Containers, item.Spec.InitContainers...) {
			p.limits[c.Name] = cmp.Or(c.Resources.memory(), item.Spec.Resources.memory())
		}
		for _, s := range append(item.Status.Statuses, item.Status.Inits...) {
			p.restarts[s.Name] = s.Restarts
			if s.State.Running != nil {
				p.started[s.Name] = s.State.Running.StartedAt
			}
		}
		if p.node != "" {
			all = append(all, p)
		}
	}
	return all
}

// with joins a Pod with what its containers use. When one was started is what the Pod's
// status says: kubelets take the time of its cgroup, which may change without a restart.
func (p knownPod) with(used podUsage) (all []ContainerStats) {
	for name, u := range used {
		if at, ok := p.started[name]; ok {
			u.startedAt = at
		}
		all = append(all, ContainerStats{
			Namespace: p.namespace, Pod: p.name, UID: p.uid, Container: name, Node: p.node, Owner: p.owner,
			WorkingSet: u.workingSet, Limit: p.limits[name], At: u.at.UTC(), StartedAt: u.startedAt.UTC(), Restarts: p.restarts[name],
			labels: p.labels,
		})
	}
	return all
}

func (k *cluster) podsURL(group, namespace string, query url.Values) *url.URL {
	u := k.base.JoinPath(group, "pods")
	if namespace != "" {
		u = k.base.JoinPath(group, "namespaces", namespace, "pods")
	}
	for key, values := range query {
		if values[0] == "" {
			delete(query, key)
		}
	}
	u.RawQuery = query.Encode()
	return u
}
