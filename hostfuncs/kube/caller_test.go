package kube_test

import (
	"encoding/json"
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
	c, err := kube.New(kube.Options{Kubeconfig: s.Kubeconfig, Backoff: time.Millisecond, Poll: time.Millisecond, Now: now})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func now() time.Time { return time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC) }

// caller may do everything in namespace "ns", and keep artifacts.
func caller(sink hostfuncs.ArtifactSink) hostfuncs.Caller {
	return hostfuncs.Caller{
		Artifacts: sink,
		Grants: automation.Capabilities{
			Kubernetes: []automation.KubernetesCapability{
				{Contexts: []string{"prod"}, Verbs: verbs(), Resources: []string{"*"}, Namespaces: []string{"ns"}},
			},
			Artifacts: []automation.ArtifactCapability{{}},
		},
	}
}

func verbs() []string {
	return []string{"exec", "list", "get", "logs", "proxy", "port_forward", "apply", "patch", "delete",
		"scale", "restart", "cordon", "drain", "events", "debug", "stats"}
}

// call asks a function as a guest does, in a dry run or not.
func call(t *testing.T, c *kube.Client, name string, dry bool, request string) (map[string]any, automation.HostCall) {
	t.Helper()
	set, err := hostfuncs.NewSet(c.Funcs())
	if err != nil {
		t.Fatal(err)
	}
	who := unbounded()
	who.DryRun = dry
	envelope, record := set[name].Call(t.Context(), who, []byte(request))
	var reply struct{ OK map[string]any }
	if err := json.Unmarshal(envelope, &reply); err != nil {
		t.Fatalf("%s: %v", envelope, err)
	}
	return reply.OK, record
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
