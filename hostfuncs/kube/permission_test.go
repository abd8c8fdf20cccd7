package kube

import (
	"net/url"
	"testing"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
)

func mustParse(t *testing.T, s string) *url.URL {
	t.Helper()
	u, err := url.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func TestAllowed(t *testing.T) {
	t.Parallel()
	entry := func(verbs, resources, namespaces, names []string) automation.KubernetesCapability {
		return automation.KubernetesCapability{Verbs: verbs, Resources: resources, Namespaces: namespaces, Names: names}
	}
	inContexts := func(e automation.KubernetesCapability, contexts ...string) automation.KubernetesCapability {
		e.Contexts = contexts
		return e
	}
	list := func(s ...string) []string { return s }
	pod := target{verb: "exec", resource: "pods", namespace: "ns", name: "leaky-1"}
	elsewhere := target{context: "prod-eu", verb: "exec", resource: "pods", namespace: "ns", name: "leaky-1"}
	everywhere := target{verb: "list", resource: "pods"}
	deployment := target{verb: "list", group: "apps", resource: "deployments", namespace: "ns"}
	pairs := func(p ...string) automation.KubernetesCapability {
		return automation.KubernetesCapability{Verbs: list("exec", "list"), Resources: list("pods"), Pods: p}
	}
	until := func(d time.Duration) automation.KubernetesCapability {
		e := pairs("ns/leaky-1")
		e.Until = time.Now().Add(d)
		return e
	}
	tests := []struct {
		name  string
		want  target
		entry automation.KubernetesCapability
		ok    bool
	}{
		{"all that is asked for is there", pod, entry(list("exec"), list("pods"), list("ns"), list("leaky-*")), true},
		{"empty lists allow every namespace and name", pod, entry(list("exec"), list("pods"), nil, nil), true},
		{"empty verbs allow nothing", pod, entry(nil, list("pods"), nil, nil), false},
		{"empty resources allow nothing", pod, entry(list("exec"), nil, nil, nil), false},
		{"another verb", pod, entry(list("list"), list("pods"), nil, nil), false},
		{"another resource", pod, entry(list("exec"), list("nodes"), nil, nil), false},
		{"another namespace", pod, entry(list("exec"), list("pods"), list("ns2"), nil), false},
		{"another name", pod, entry(list("exec"), list("pods"), nil, list("other-*")), false},
		{"a pattern of namespaces", pod, entry(list("exec"), list("pods"), list("n?"), nil), true},
		{"a pattern that is broken matches nothing", pod, entry(list("exec"), list("pods"), list("[ns"), nil), false},
		{"all namespaces, unrestricted", everywhere, entry(list("list"), list("pods"), nil, nil), true},
		{"all namespaces, by a star", everywhere, entry(list("list"), list("pods"), list("*"), nil), true},
		{"all namespaces, by a narrower pattern", everywhere, entry(list("list"), list("pods"), list("n*"), nil), false},
		{"a built-in resource by its plain name", deployment, entry(list("list"), list("deployments"), nil, nil), true},
		{"a resource by its group", deployment, entry(list("list"), list("deployments.apps"), nil, nil), true},
		{"a resource of another group", deployment, entry(list("list"), list("deployments.example.com"), nil, nil), false},
		{"another cluster, when none is allowed", elsewhere, entry(list("exec"), list("pods"), nil, nil), false},
		{"another cluster, by its name", elsewhere, inContexts(entry(list("exec"), list("pods"), nil, nil), "prod-*"), true},
		{"the server's own cluster, beside others", pod, inContexts(entry(list("exec"), list("pods"), nil, nil), "prod-*"), true},
		{"a Pod by its pair", pod, pairs("other/x", "ns/leaky-1"), true},
		{"a pair of patterns", pod, pairs("n*/leaky-*"), true},
		{"another Pod of the namespace", pod, pairs("ns/leaky-2"), false},
		{"the Pod's name in another namespace", pod, pairs("other/leaky-1"), false},
		{"a namespace and a name of two pairs", pod, pairs("ns/x", "other/leaky-1"), false},
		{"a star that is none", pod, pairs(`ns/\*`), false},
		{"Pods of a namespace, to be looked at one by one", target{verb: "list", resource: "pods", namespace: "ns"}, pairs("ns/leaky-1"), true},
		{"Pods of all namespaces", everywhere, pairs("ns/leaky-1"), false},
		{"a right that has not ended", pod, until(time.Hour), true},
		{"a right that has ended", pod, until(-time.Second), false},
		{"a name of two parts does not match by accident", target{verb: "list", group: "example.com", resource: "pods", namespace: "ns"}, entry(list("list"), list("pods"), nil, nil), false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := tt.want.check(automation.Capabilities{Kubernetes: []automation.KubernetesCapability{tt.entry}})
			if (got == nil) != tt.ok {
				t.Errorf("got %v", got)
			}
			if got != nil && automation.KindOf(got) != "denied" {
				t.Errorf("kind %s", automation.KindOf(got))
			}
		})
	}
}
