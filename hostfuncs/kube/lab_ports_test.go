package kube_test

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/squall-dev/squall/hostfuncs"
	"github.com/squall-dev/squall/hostfuncs/hostfuncstest"
	"github.com/squall-dev/squall/hostfuncs/kube"
	"github.com/squall-dev/squall/runtime/automation"
)

func artifact(name string) *hostfuncs.ArtifactSpec { return &hostfuncs.ArtifactSpec{Name: name} }

func TestLabPorts(t *testing.T) {
	t.Parallel()
	l := inLab(t, "lab-ports")
	l.pod("anywhere", bareImage, idle)
	l.pod("loopback", bareImage, `["-rate", "0.01", "-pprof", "127.0.0.1:6060"]`)
	heap := func(pod string) kube.ProxyRequest {
		return kube.ProxyRequest{Namespace: l.namespace, Pod: pod, Port: 6060, Path: "/debug/pprof/heap", TimeoutSeconds: 20}
	}
	forward := func(c *kube.Client) func(kube.ProxyRequest) (kube.ProxyResponse, error) {
		return func(r kube.ProxyRequest) (kube.ProxyResponse, error) {
			return c.PortForwardGet(t.Context(), unbounded(), kube.PortForwardRequest{ProxyRequest: r})
		}
	}
	spdy := l.as("create-alone", `[{apiGroups: [""], resources: [pods/portforward], verbs: [create]}]`)
	ways := []struct {
		name string
		send func(kube.ProxyRequest) (kube.ProxyResponse, error)
		pods []string
	}{
		{"proxy", func(r kube.ProxyRequest) (kube.ProxyResponse, error) {
			return l.ProxyGet(t.Context(), unbounded(), r)
		}, []string{"anywhere"}},
		{"port-forward over WebSocket", forward(l.Client), []string{"anywhere", "loopback"}},
		{"port-forward over SPDY", forward(spdy), []string{"anywhere", "loopback"}},
	}
	for _, way := range ways {
		for _, pod := range way.pods {
			t.Run(way.name+" reaches "+pod, func(t *testing.T) {
				t.Parallel()
				got, err := way.send(heap(pod))
				if err != nil || got.Status != 200 {
					t.Fatalf("%+v, %v", got, err)
				}
				profile, err := base64.StdEncoding.DecodeString(got.BodyBase64)
				if err != nil || len(profile) < 100 || string(profile[:2]) != "\x1f\x8b" {
					t.Errorf("%d bytes that are no profile, %v", len(profile), err)
				}
			})
		}
		t.Run(way.name+" hands on the Pod's own refusal", func(t *testing.T) {
			t.Parallel()
			r := heap("anywhere")
			r.Path = "/nothing/here"
			if got, err := way.send(r); err != nil || got.Status != 404 {
				t.Errorf("%+v, %v", got, err)
			}
		})
		t.Run(way.name+" tells of a port at which nobody listens", func(t *testing.T) {
			t.Parallel()
			r := heap("anywhere")
			r.Port = 6061
			_, err := way.send(r)
			wantError(t, err, automation.ErrUnavailable, "port 6061", "listens")
		})
		t.Run(way.name+" tells of a Pod that is not there", func(t *testing.T) {
			t.Parallel()
			_, err := way.send(heap("gone"))
			wantError(t, err, automation.ErrNotFound, "gone", "")
		})
	}
	t.Run("the proxy can not reach the loopback address, and says so", func(t *testing.T) {
		t.Parallel()
		_, err := l.ProxyGet(t.Context(), unbounded(), heap("loopback"))
		wantError(t, err, automation.ErrUnavailable, "connection refused", "127.0.0.1")
	})
	t.Run("a body becomes an artifact", func(t *testing.T) {
		t.Parallel()
		r, who := heap("anywhere"), unbounded()
		r.Artifact, who.Artifacts = artifact("heap.pb.gz"), &hostfuncstest.Sink{}
		if got, err := l.ProxyGet(t.Context(), who, r); err != nil || got.Artifact == nil || got.Artifact.Size < 100 {
			t.Errorf("%+v, %v", got, err)
		}
	})
	t.Run("who may not is refused", func(t *testing.T) {
		t.Parallel()
		c := l.as("nobody", "[]")
		_, err := c.ProxyGet(t.Context(), unbounded(), heap("anywhere"))
		wantNo(t, err, "pods/proxy")
		_, err = forward(c)(heap("anywhere"))
		wantNo(t, err, "pods/portforward")
	})
}

func TestLabDebug(t *testing.T) {
	t.Parallel()
	l := inLab(t, "lab-debug")
	l.pod("bare", bareImage, idle)
	req := kube.DebugRequest{Namespace: l.namespace, Pod: "bare", Image: toolsImage, Target: "app", Command: []string{"sleep", "100"}, TimeoutSeconds: 30}
	t.Run("a container with tools sees the processes of the other", func(t *testing.T) {
		got, err := l.Debug(t.Context(), unbounded(), req)
		if err != nil || got.State != "running" {
			t.Fatalf("%+v, %v", got, err)
		}
		look := l.command("bare", "cat", "/proc/1/comm")
		look.Container = got.Container
		if seen, err := l.Exec(t.Context(), unbounded(), look); err != nil || seen.Stdout != "leaky\n" {
			t.Errorf("%+v, %v", seen, err)
		}
	})
	t.Run("one that ends tells its exit code", func(t *testing.T) {
		r := req
		r.Command = []string{"sh", "-c", "exit 5"}
		got, err := l.Debug(t.Context(), unbounded(), r)
		if err != nil || got.State == "terminated" && got.ExitCode != 5 {
			t.Fatalf("%+v, %v", got, err)
		}
		if got.State == "terminated" {
			return
		}
		pod := kube.GetRequest{ObjectRef: kube.ObjectRef{Resource: "pods", Namespace: l.namespace, Name: "bare"}, Fields: []string{"status.ephemeralContainerStatuses"}}
		l.until("it has ended", func() error { // it was caught while it still ran
			now, err := l.Get(t.Context(), unbounded(), pod)
			if err == nil && !strings.Contains(string(now.Object), `"exitCode":5`) {
				err = errNotYet
			}
			return err
		})
	})
	t.Run("an image that is not there is a result with a reason", func(t *testing.T) {
		r := req
		r.Image, r.TimeoutSeconds = "10.77.0.1:1/none:lab", 15 // where no registry listens
		got, err := l.Debug(t.Context(), unbounded(), r)
		if err != nil || got.State != "waiting" || !strings.Contains(got.Reason, "Pull") && !strings.Contains(got.Reason, "Image") {
			t.Errorf("%+v, %v", got, err)
		}
	})
	t.Run("who may not is refused", func(t *testing.T) {
		c := l.as("reader", `[{apiGroups: [""], resources: [pods], verbs: [get]}]`)
		_, err := c.Debug(t.Context(), unbounded(), req)
		wantNo(t, err, "pods/ephemeralcontainers")
	})
}
