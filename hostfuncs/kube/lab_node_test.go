package kube_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/squall-dev/squall/hostfuncs/kube"
	"github.com/squall-dev/squall/runtime/automation"
)

// Not parallel: while the only node is cordoned, no other test could start a Pod. Tests
// that are parallel begin after those that are not.
func TestLabNode(t *testing.T) {
	l := inLab(t, "lab-node")
	const node = "lab-node"
	unschedulable := func(want bool) {
		t.Helper()
		got, err := l.get("nodes", node)
		if err == nil {
			t.Fatal("a node was found in a namespace")
		}
		list, err := l.List(t.Context(), unbounded(), kube.ListRequest{Resource: "nodes", Fields: []string{"spec.unschedulable"}})
		if err != nil || list.Count != 1 || strings.Contains(string(list.Items[0]), "true") != want {
			t.Errorf("%+v, %s, %v; want unschedulable %v", got, list.Items, err, want)
		}
	}
	t.Cleanup(func() {
		if _, err := l.Uncordon(context.WithoutCancel(t.Context()), unbounded(), kube.CordonRequest{Node: node}); err != nil {
			t.Error(err)
		}
	})
	for _, want := range []bool{true, false} { // whether it is the first time
		got, err := l.Cordon(t.Context(), unbounded(), kube.CordonRequest{Node: node})
		if err != nil || got.Changed != want || !got.Unschedulable {
			t.Errorf("cordon: %+v, %v", got, err)
		}
	}
	unschedulable(true)
	if got, err := l.Uncordon(t.Context(), unbounded(), kube.CordonRequest{Node: node}); err != nil || !got.Changed || got.Unschedulable {
		t.Errorf("uncordon: %+v, %v", got, err)
	}
	unschedulable(false)

	l.deployment("guarded", 2)
	l.apply(fmt.Sprintf(`
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: guarded, namespace: %s}
spec: {minAvailable: 1, selector: {matchLabels: {app: guarded}}}`, l.namespace))
	l.ready("poddisruptionbudgets", "guarded", func(o object) bool { return o.Status.ObservedGeneration > 0 })

	t.Run("a drain keeps to the disruption budget", func(t *testing.T) {
		got, err := l.Drain(t.Context(), unbounded(), kube.DrainRequest{Node: node, TimeoutSeconds: 5})
		if err != nil {
			t.Fatal(err)
		}
		if got.Complete || len(got.Evicted) != 1 || len(got.Remaining) != 1 || !strings.Contains(got.Remaining[0].Reason, "disruption budget") {
			t.Errorf("%+v", got)
		}
	})
	t.Run("without the budget it comes to an end", func(t *testing.T) {
		if _, err := l.Delete(t.Context(), unbounded(), kube.DeleteRequest{ObjectRef: l.ref("poddisruptionbudgets", "guarded")}); err != nil {
			t.Fatal(err)
		}
		got, err := l.Drain(t.Context(), unbounded(), kube.DrainRequest{Node: node, TimeoutSeconds: 30})
		if err != nil || !got.Complete || len(got.Evicted) != 1 || len(got.Remaining) != 0 {
			t.Errorf("%+v, %v", got, err)
		}
	})
	t.Run("a Pod that nothing makes anew is not evicted unasked", func(t *testing.T) {
		if _, err := l.Uncordon(t.Context(), unbounded(), kube.CordonRequest{Node: node}); err != nil {
			t.Fatal(err)
		}
		l.pod("alone", bareImage, idle)
		_, err := l.Drain(t.Context(), unbounded(), kube.DrainRequest{Node: node, TimeoutSeconds: 5})
		wantError(t, err, automation.ErrConflict, "lab-node/alone has no controller", "force")
		unschedulable(false)
		got, err := l.Drain(t.Context(), unbounded(), kube.DrainRequest{Node: node, Force: true, TimeoutSeconds: 30})
		if err != nil || !got.Complete {
			t.Errorf("%+v, %v", got, err)
		}
	})
	t.Run("who may not is refused", func(t *testing.T) {
		_, err := l.as("nobody", "[]").Cordon(t.Context(), unbounded(), kube.CordonRequest{Node: node})
		wantNo(t, err, "nodes")
	})
}
