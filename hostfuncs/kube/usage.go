package kube

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/squall-dev/squall/runtime/automation"
)

const (
	usageAge    = 500 * time.Millisecond // of figures: several packs ask as one
	podsAge     = 5 * time.Second        // of which Pods there are, and their limits
	nodesAtOnce = 8
	nodeTimeout = 5 * time.Second // one node that hangs must not hold up the others
	// refusedFor is how long a refusal of the kubelets is believed, when there is
	// another way: asking again each second would fill the API server's audit log.
	refusedFor = time.Minute
	maxStats   = 32 << 20 // bytes of one answer; a node of 500 Pods has below one million
)

// usage reads what Pods use, for all callers of one cluster.
type usage struct {
	now     func() time.Time
	nodes   *recent[map[string]podUsage] // by node; what it says, by the Pod's UID
	metrics *recent[map[string]podUsage] // by namespace and selector; by "namespace/name"
	pods    *recent[[]knownPod]          // by namespace and selector
	slots   chan struct{}                // of requests to nodes
	refused atomic.Int64                 // when the kubelets were last forbidden, in Unix nanoseconds
}

// podUsage is what the containers of a Pod use, by their name.
type podUsage map[string]containerUsage

type containerUsage struct {
	workingSet int64
	at         time.Time
	startedAt  time.Time // zero when the source does not say
}

func newUsage(now func() time.Time) *usage {
	return &usage{
		now: now, slots: make(chan struct{}, nodesAtOnce),
		nodes:   newRecent[map[string]podUsage](now, usageAge),
		metrics: newRecent[map[string]podUsage](now, usageAge),
		pods:    newRecent[[]knownPod](now, podsAge),
	}
}

// read answers a request, without asking what the caller may see. It completes
// right with what the server's identity needs for the step at hand.
func (u *usage) read(ctx context.Context, k *cluster, req PodStatsRequest, right *rbac) (reading, error) {
	source := req.Source
	if source == "" && u.now().Sub(time.Unix(0, u.refused.Load())) < refusedFor {
		source = sourceMetrics
	}
	pods, err := u.podsOf(ctx, k, req, right)
	if err != nil {
		return reading{}, err
	}
	if source == sourceMetrics {
		return u.fromMetrics(ctx, k, req, pods, right)
	}
	*right = rbac{resource: "nodes/proxy", verbs: "get"}
	r, err := u.fromNodes(ctx, k, pods)
	if req.Source != "" || !apierrors.IsForbidden(err) {
		return r, err
	}
	other, second := u.fromMetrics(ctx, k, req, pods, &rbac{})
	if second != nil { // what is better than nothing is not there: tell of the first
		return r, automation.Denied("read the memory of Pods: %v", err).Because(second).
			WithHint("%s; or, which is much less of a right, for metrics.k8s.io: %s", right.hint(), metricsRight("").hint())
	}
	u.refused.Store(u.now().UnixNano())
	return other, nil
}

// podsOf lists the Pods that are asked for.
func (u *usage) podsOf(ctx context.Context, k *cluster, req PodStatsRequest, right *rbac) (all []knownPod, err error) {
	if req.Pod != "" { // whether it is still the same life must not be told from memory
		*right = rbac{resource: "pods", verbs: "list", namespace: req.Namespaces[0]}
		return k.runningPods(ctx, req.Namespaces[0], req)
	}
	for _, namespace := range req.scopes() {
		*right = rbac{resource: "pods", verbs: "list", namespace: namespace}
		some, err := u.pods.get(ctx, req.key(namespace), func() ([]knownPod, error) {
			return k.runningPods(ctx, namespace, req)
		})
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	return all, nil
}

// fromNodes asks each node that has one of the Pods. A node that fails is noted and
// the others count; but what one identity is forbidden on one node is so on all.
func (u *usage) fromNodes(ctx context.Context, k *cluster, pods []knownPod) (reading, error) {
	r := reading{source: sourceNode}
	names := nodesOf(pods)
	found := make([]map[string]podUsage, len(names))
	errs := make([]error, len(names))
	var all sync.WaitGroup
	for i, name := range names {
		all.Go(func() { found[i], errs[i] = u.node(ctx, k, name) })
	}
	all.Wait()
	byNode, silent := map[string]map[string]podUsage{}, 0
	for i, name := range names {
		byNode[name] = found[i]
		if err := errs[i]; err != nil {
			silent++
			if apierrors.IsForbidden(err) || apierrors.IsUnauthorized(err) || silent == len(names) {
				return reading{}, err
			}
			r.failed(name, err)
		}
	}
	if err := ctx.Err(); err != nil {
		return reading{}, err
	}
	for _, p := range pods {
		r.containers = append(r.containers, p.with(byNode[p.node][p.uid])...)
	}
	return r, nil
}

func nodesOf(pods []knownPod) []string {
	names := make([]string, 0, len(pods))
	for _, p := range pods {
		names = append(names, p.node)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// node reads what one kubelet says.
func (u *usage) node(ctx context.Context, k *cluster, name string) (map[string]podUsage, error) {
	return u.nodes.get(ctx, name, func() (map[string]podUsage, error) {
		select {
		case u.slots <- struct{}{}:
			defer func() { <-u.slots }()
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		ctx, cancel := context.WithTimeout(ctx, nodeTimeout)
		defer cancel()
		var s summary
		address := k.base.JoinPath("api/v1/nodes", name, "proxy/stats/summary")
		address.RawQuery = "only_cpu_and_memory=true"
		if err := k.readJSON(ctx, address, &s); err != nil {
			return nil, err
		}
		return s.usage(), nil
	})
}

// fromMetrics asks metrics.k8s.io.
func (u *usage) fromMetrics(ctx context.Context, k *cluster, req PodStatsRequest, pods []knownPod, right *rbac) (reading, error) {
	used := map[string]podUsage{}
	for _, namespace := range req.scopes() {
		*right = metricsRight(namespace)
		some, err := u.metrics.get(ctx, req.key(namespace), func() (map[string]podUsage, error) {
			return k.podMetrics(ctx, namespace, req)
		})
		if err != nil {
			return reading{}, err
		}
		for key, usage := range some {
			used[key] = usage
		}
	}
	r := reading{source: sourceMetrics}
	for _, p := range pods {
		r.containers = append(r.containers, p.with(used[p.namespace+"/"+p.name])...)
	}
	return r, nil
}

func metricsRight(namespace string) rbac {
	return rbac{group: "metrics.k8s.io", resource: "pods", verbs: "list", namespace: namespace}
}

// readJSON decodes the answer to a GET request.
func (k *cluster) readJSON(ctx context.Context, u *url.URL, into any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return err
	}
	req.Header.Set("Accept", "application/json")
	resp, err := k.http.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return statusOf(resp)
	}
	body := &io.LimitedReader{R: resp.Body, N: maxStats}
	if err := json.NewDecoder(body).Decode(into); err != nil {
		if body.N <= 0 {
			err = errors.New("the answer is too large")
		}
		return fmt.Errorf("read %s: %w", u.Path, err)
	}
	_, err = io.Copy(io.Discard, body) // what follows the value; else the connection is not used again
	return err
}
