package kube_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/squall-dev/squall/hostfuncs/kube"
	"github.com/squall-dev/squall/hostfuncs/kube/kubetest"
	"github.com/squall-dev/squall/runtime/automation"
)

func podWith(uid, name string) map[string]any {
	pod := kubetest.Pod("shop", name, nil)
	pod["metadata"].(map[string]any)["uid"] = uid
	return pod
}

func watchClient(t *testing.T) (*kubetest.Server, *kube.Client) {
	t.Helper()
	server := kubetest.New(t)
	client, err := kube.New(kube.Options{Kubeconfig: server.Kubeconfig})
	if err != nil {
		t.Fatal(err)
	}
	return server, client
}

func mayList(namespaces ...string) []automation.Capabilities {
	return []automation.Capabilities{{Kubernetes: []automation.KubernetesCapability{
		{Verbs: []string{"list"}, Resources: []string{"pods"}, Namespaces: namespaces}}}}
}

func TestWatchTellsWhatHappensAfterASnapshot(t *testing.T) {
	t.Parallel()
	server, client := watchClient(t)
	server.Change("pods", "ADDED", podWith("u1", "leaky"))
	r := kube.WatchRequest{Resource: "Pod", Namespace: "shop", Grants: mayList("shop")}
	all, err := client.Snapshot(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	if len(all.Objects) != 1 || all.Objects[0].UID != "u1" || all.Kind != "Pod" || all.APIVersion != "v1" || all.Version != "2" {
		t.Fatalf("snapshot = %+v", all)
	}
	if strings.Contains(string(all.Objects[0].Data), "managedFields") {
		t.Error("managedFields are passed on")
	}
	server.Change("pods", "MODIFIED", podWith("u1", "leaky"))
	server.Change("pods", "DELETED", podWith("u1", "leaky"))
	var seen []string
	err = client.Watch(t.Context(), r, all.Version, func(c kube.Change) error {
		if seen = append(seen, c.Type); c.Type == "deleted" {
			server.HangUp()
		}
		return nil
	})
	if got := strings.Join(seen, " "); err != nil || got != "opened modified deleted" {
		t.Errorf("%q, %v", got, err)
	}
}

func TestWatchSaysWhenAVersionIsForgotten(t *testing.T) {
	t.Parallel()
	server, client := watchClient(t)
	server.Change("pods", "ADDED", podWith("u1", "leaky"))
	server.Forget()
	err := client.Watch(t.Context(), kube.WatchRequest{Resource: "pods"}, "1", func(kube.Change) error { return nil })
	if !errors.Is(err, kube.ErrExpired) {
		t.Errorf("error = %v", err)
	}
}

func TestWatchAsksEveryGrant(t *testing.T) {
	t.Parallel()
	_, client := watchClient(t)
	r := kube.WatchRequest{Resource: "pods", Namespace: "shop", Grants: append(mayList("shop"), mayList("other")...)}
	if _, err := client.Snapshot(t.Context(), r); !errors.Is(err, automation.ErrDenied) {
		t.Errorf("snapshot: %v", err)
	}
	if err := client.Watch(t.Context(), r, "1", nil); !errors.Is(err, automation.ErrDenied) {
		t.Errorf("watch: %v", err)
	}
}

func TestWatchEndsWithItsContextAndWithItsReader(t *testing.T) {
	t.Parallel()
	server, client := watchClient(t)
	server.Change("pods", "ADDED", podWith("u1", "leaky"))
	full := errors.New("full")
	r := kube.WatchRequest{Resource: "pods"}
	if err := client.Watch(t.Context(), r, "1", func(c kube.Change) error {
		if c.Type == "added" {
			return full
		}
		return nil
	}); !errors.Is(err, full) {
		t.Errorf("error = %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	_ = client.Watch(ctx, r, "1", func(kube.Change) error { cancel(); return nil })
}
