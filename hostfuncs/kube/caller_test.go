package kube_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/squall-dev/squall/hostfuncs"
	"github.com/squall-dev/squall/hostfuncs/hostfuncstest"
	"github.com/squall-dev/squall/hostfuncs/kube"
	"github.com/squall-dev/squall/hostfuncs/kube/kubetest"
	"github.com/squall-dev/squall/runtime/automation"
)

func newClient(t *testing.T, s *kubetest.Server) *kube.Client {
	t.Helper()
	c, err := kube.New(kube.Options{Kubeconfig: s.Kubeconfig, Backoff: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// caller may do everything in namespace "ns", and keep artifacts.
func caller(sink hostfuncs.ArtifactSink) hostfuncs.Caller {
	return hostfuncs.Caller{
		Artifacts: sink,
		Grants: automation.Capabilities{
			Kubernetes: []automation.KubernetesCapability{
				{Contexts: []string{"prod"}, Verbs: []string{"exec", "list", "proxy"}, Resources: []string{"*"}, Namespaces: []string{"ns"}},
			},
			Artifacts: []automation.ArtifactCapability{{}},
		},
	}
}

// unbounded may do everything everywhere.
func unbounded() hostfuncs.Caller {
	who := caller(&hostfuncstest.Sink{})
	who.Grants.Kubernetes[0].Namespaces = nil
	return who
}

// wantError checks kind, a piece of the message and a piece of the hint.
func wantError(t *testing.T, err error, kind error, message, hint string) {
	t.Helper()
	if !errors.Is(err, kind) {
		t.Fatalf("error is %v, want one of kind %v", err, kind)
	}
	if !strings.Contains(err.Error(), message) {
		t.Errorf("error %q does not say %q", err, message)
	}
	if got := automation.HintOf(err); !strings.Contains(got, hint) {
		t.Errorf("hint %q does not say %q", got, hint)
	}
}
