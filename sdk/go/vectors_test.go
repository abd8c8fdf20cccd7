package squall_test

import (
	"bytes"
	"encoding/json"
	"os"
	"reflect"
	"testing"

	squall "github.com/squall-dev/squall/sdk/go"
	"github.com/squall-dev/squall/sdk/go/squalltest"
)

// The contract's own exchanges go through the functions: what they write is the
// request, and what they read loses nothing of the reply.
func TestKubeFunctionsKeepToTheVectors(t *testing.T) {
	t.Parallel()
	t.Run("kube_get", vectors("kube_get", squall.KubeGet[any]))
	t.Run("kube_events", vectors("kube_events", squall.KubeEvents))
	t.Run("kube_pod_stats", vectors("kube_pod_stats", squall.KubePodStats))
	t.Run("kube_logs", vectors("kube_logs", squall.KubeLogs))
	t.Run("kube_proxy_get", vectors("kube_proxy_get", squall.KubeProxyGet))
	t.Run("kube_port_forward_get", vectors("kube_port_forward_get", squall.KubePortForwardGet))
	t.Run("kube_apply", vectors("kube_apply", squall.KubeApply))
	t.Run("kube_patch", vectors("kube_patch", squall.KubePatch))
	t.Run("kube_delete", vectors("kube_delete", squall.KubeDelete))
	t.Run("kube_scale", vectors("kube_scale", squall.KubeScale))
	t.Run("kube_restart", vectors("kube_restart", squall.KubeRestart))
	t.Run("kube_cordon", vectors("kube_cordon", squall.KubeCordon))
	t.Run("kube_uncordon", vectors("kube_uncordon", squall.KubeUncordon))
	t.Run("kube_drain", vectors("kube_drain", squall.KubeDrain))
	t.Run("kube_debug", vectors("kube_debug", squall.KubeDebug))
}

func TestFilesAndActionsKeepToTheVectors(t *testing.T) {
	t.Parallel()
	t.Run("action_run", vectors("action_run", squall.ActionRun))
	t.Run("artifact_list", vectors("artifact_list", squall.ArtifactList))
	t.Run("artifact_read", vectors("artifact_read", squall.ArtifactRead))
}

// vectors runs those of a function that end well.
func vectors[Req, Reply any](name string, call func(Req) (Reply, error)) func(*testing.T) {
	return func(t *testing.T) {
		t.Parallel()
		b, err := os.ReadFile("../abi/vectors/" + name + ".json")
		if err != nil {
			t.Fatal(err)
		}
		var all []struct {
			Name    string
			Request json.RawMessage
			Reply   struct{ OK json.RawMessage }
		}
		if err := json.Unmarshal(b, &all); err != nil {
			t.Fatal(err)
		}
		tried := 0
		for _, v := range all {
			if v.Reply.OK == nil {
				continue
			}
			tried++
			s := squalltest.New()
			squalltest.Handle(s, name, func(got json.RawMessage) (any, error) {
				same(t, v.Name+": request", got, v.Request)
				return v.Reply.OK, nil
			})
			s.Run(func() int32 {
				reply, err := call(strict[Req](t, v.Request))
				if err != nil {
					t.Errorf("%s: %v", v.Name, err)
				}
				b, _ := json.Marshal(reply)
				same(t, v.Name+": reply", b, v.Reply.OK)
				return 0
			}, `{}`)
		}
		if tried == 0 {
			t.Error("no vector ends well")
		}
	}
}

func strict[T any](t *testing.T, b []byte) (v T) {
	t.Helper()
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&v); err != nil {
		t.Errorf("%s: %v", b, err)
	}
	return v
}

func same(t *testing.T, what string, got, want []byte) {
	t.Helper()
	var a, b any
	if json.Unmarshal(got, &a) != nil || json.Unmarshal(want, &b) != nil || !reflect.DeepEqual(a, b) {
		t.Errorf("%s is\n%s\nwant\n%s", what, got, want)
	}
}
