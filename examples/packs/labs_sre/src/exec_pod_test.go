package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	squall "github.com/squall-dev/squall/sdk/go"
	"github.com/squall-dev/squall/sdk/go/squalltest"
)

const leaky = `{"pod":"leaky","namespace":"demo","port":6060,"path":"/debug/pprof/heap"}`

// cluster answers for a Pod: what each program does there, and its port.
type cluster struct {
	programs map[string]squall.KubeExecReply
	execErr  error
	proxy    squall.KubeProxyGetReply
	proxyErr error
	forward  squall.KubeProxyGetReply
}

func (c cluster) server() *squalltest.Server {
	s := squalltest.New()
	s.Config(map[string]any{})
	squalltest.Handle(s, "kube_exec", func(r squall.KubeExecRequest) (squall.KubeExecReply, error) {
		if r.Command[0] == "sh" && (len(r.Command) != 6 || r.Command[2] != fetchScript || r.Command[4] != "15") {
			return squall.KubeExecReply{}, fmt.Errorf("not the script: %q", r.Command)
		}
		reply, ok := c.programs[r.Command[0]]
		if !ok && c.execErr == nil {
			return reply, fmt.Errorf("executable file %q not found in $PATH", r.Command[0])
		}
		return reply, c.execErr
	})
	squalltest.Handle(s, "kube_proxy_get", func(squall.KubeProxyGetRequest) (squall.KubeProxyGetReply, error) {
		return c.proxy, c.proxyErr
	})
	squalltest.Handle(s, "kube_port_forward_get", func(squall.KubeProxyGetRequest) (squall.KubeProxyGetReply, error) {
		return c.forward, c.proxyErr
	})
	return s
}

func heap(size int64) *squall.Artifact {
	return &squall.Artifact{ID: "a1", Name: "heap-leaky.pb.gz", Size: size}
}

func TestExecPodFindsAWay(t *testing.T) {
	t.Parallel()
	proxied := squall.KubeProxyGetReply{Status: 200, Artifact: heap(7)}
	tests := []struct {
		name       string
		cluster    cluster
		parameters string
		via        string
		bytes      int64
		tried      string
	}{
		{
			"a shell with curl or wget is asked first",
			cluster{programs: map[string]squall.KubeExecReply{"sh": {Artifact: heap(5)}}},
			leaky, "exec", 5, "config kube_exec",
		},
		{
			"the API server serves an image without a shell",
			cluster{proxy: proxied},
			leaky, "proxy", 7, "config kube_exec kube_proxy_get",
		},
		{
			"a shell that finds no program is an image without tools",
			cluster{programs: map[string]squall.KubeExecReply{"sh": {ExitCode: 127}}, proxy: proxied},
			leaky, "proxy", 7, "config kube_exec kube_proxy_get",
		},
		{
			"curl that can not connect is no reason to give up",
			cluster{programs: map[string]squall.KubeExecReply{"sh": {ExitCode: 7}}, proxy: proxied},
			leaky, "proxy", 7, "config kube_exec kube_proxy_get",
		},
		{
			"a program that hangs does not use up the time",
			cluster{execErr: &squall.HostError{Kind: squall.ErrTimeout, Message: "no answer in time"}, proxy: proxied},
			leaky, "proxy", 7, "config kube_exec kube_proxy_get",
		},
		{
			"a forwarded port serves what listens on the loopback address alone",
			cluster{proxy: squall.KubeProxyGetReply{Status: 502}, forward: squall.KubeProxyGetReply{Status: 200, Artifact: heap(4)}},
			leaky, "port-forward", 4, "config kube_exec kube_proxy_get kube_port_forward_get",
		},
		{
			"an empty answer is no profile",
			cluster{programs: map[string]squall.KubeExecReply{"sh": {Artifact: heap(0)}}, proxy: proxied},
			leaky, "proxy", 7, "config kube_exec kube_proxy_get",
		},
		{
			"the caller's command replaces ours",
			cluster{programs: map[string]squall.KubeExecReply{"dump": {Artifact: heap(8)}}},
			`{"pod":"leaky","namespace":"demo","command":["dump"]}`, "exec", 8, "config kube_exec",
		},
		{
			"the caller's command may be missing from the image",
			cluster{proxy: proxied},
			`{"pod":"leaky","namespace":"demo","command":["dump"]}`, "proxy", 7, "config kube_exec kube_proxy_get",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := tt.cluster.server().Run(execPod, tt.parameters)
			var out profile
			if err := json.Unmarshal(got.Output, &out); err != nil || got.Code != 0 {
				t.Fatalf("code %d, output %s, %v\n%s", got.Code, got.Output, err, got.LogText())
			}
			if out.Via != tt.via || out.Bytes != tt.bytes || out.Pod != "leaky" || out.Artifact.ID != "a1" {
				t.Errorf("output %s, want via %s and %d bytes", got.Output, tt.via, tt.bytes)
			}
			if names := calls(got); names != tt.tried {
				t.Errorf("called %s, want %s", names, tt.tried)
			}
		})
	}
}

func TestExecPodSaysWhatItTried(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name       string
		cluster    cluster
		parameters string
		want       string
	}{
		{
			"every way is listed with its reason",
			cluster{
				programs: map[string]squall.KubeExecReply{"sh": {ExitCode: 7, Stderr: "curl: (7) refused\nmore"}},
				proxy:    squall.KubeProxyGetReply{Status: 503, Body: "no route"},
				forward:  squall.KubeProxyGetReply{Status: 404},
			},
			leaky,
			"no profile of demo/leaky: exec curl or wget: exit code 7: curl: (7) refused; " +
				"proxy to port 6060: the Pod answered with status 503: no route; " +
				"port-forward to port 6060: the Pod answered with status 404",
		},
		{
			"an image with a shell and no program says so",
			cluster{programs: map[string]squall.KubeExecReply{"sh": {ExitCode: 127}}, proxyErr: refused("nothing listens")},
			leaky,
			"no profile of demo/leaky: exec curl or wget: the container has no curl or wget (exit code 127); " +
				"proxy to port 6060, port-forward to port 6060: nothing listens - look again",
		},
		{
			"one reason for all ways is told once, with its hint",
			cluster{execErr: refused("no such Pod"), proxyErr: refused("no such Pod")},
			leaky,
			"no profile of demo/leaky: exec curl or wget, proxy to port 6060, port-forward to port 6060: no such Pod - look again",
		},
		{
			"the caller's command has the last word",
			cluster{programs: map[string]squall.KubeExecReply{"dump": {ExitCode: 3, Stderr: "disk full"}}},
			`{"pod":"leaky","namespace":"demo","command":["dump"]}`,
			"no profile of demo/leaky: exec dump: the command failed with exit code 3: disk full",
		},
		{
			"nothing more is tried when somebody cancels",
			cluster{execErr: &squall.HostError{Kind: squall.ErrCanceled, Message: "canceled"}},
			leaky,
			"no profile of demo/leaky: exec curl or wget: canceled",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := tt.cluster.server().Run(execPod, tt.parameters)
			if got.Code != 1 || got.Message() != tt.want {
				t.Errorf("code %d, message\n%s\nwant 1 and\n%s", got.Code, got.Message(), tt.want)
			}
		})
	}
}

func TestExecPodAsksTheConfiguredAddressOnly(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		reply squall.HTTPReply
		code  int32
	}{
		{"its profile is kept", squall.HTTPReply{Status: 200, Artifact: heap(9)}, 0},
		{"its refusal is the failure", squall.HTTPReply{Status: 404}, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := cluster{}.server()
			s.Config(map[string]any{"pprof_url": "http://127.0.0.1:6060/debug/pprof/heap"})
			squalltest.Handle(s, "http_send", func(r squall.HTTPRequest) (squall.HTTPReply, error) {
				if r.URL != "http://127.0.0.1:6060/debug/pprof/heap" || r.Artifact.MediaType != squall.MediaTypePprof {
					t.Errorf("request %+v", r)
				}
				return tt.reply, nil
			})
			got := s.Run(execPod, leaky)
			if got.Code != tt.code || calls(got) != "config http_send" {
				t.Errorf("code %d, called %s; want %d and http_send only\n%s", got.Code, calls(got), tt.code, got.LogText())
			}
		})
	}
}

func TestExecPodStreamsIntoAProfileArtifact(t *testing.T) {
	t.Parallel()
	s := cluster{}.server()
	squalltest.Handle(s, "kube_exec", func(r squall.KubeExecRequest) (squall.KubeExecReply, error) {
		want := squall.NewArtifact{Name: "heap-leaky.pb.gz", MediaType: "application/vnd.google.pprof"}
		if r.StdoutArtifact == nil || *r.StdoutArtifact != want {
			t.Errorf("artifact %v, want %v", r.StdoutArtifact, want)
		}
		if r.Namespace != "demo" || r.Pod != "leaky" || r.Container != "app" {
			t.Errorf("asked for %s/%s, container %s", r.Namespace, r.Pod, r.Container)
		}
		if address := r.Command[len(r.Command)-1]; address != "http://127.0.0.1:7070/p" {
			t.Errorf("address %s", address)
		}
		return squall.KubeExecReply{Artifact: heap(1)}, nil
	})
	s.Run(execPod, `{"pod":"leaky","namespace":"demo","container":"app","port":7070,"path":"/p"}`)
}

func refused(message string) error {
	return &squall.HostError{Kind: squall.ErrNotFound, Message: message, Hint: "look again"}
}

func calls(r squalltest.Result) string {
	var names []string
	for _, c := range r.Calls {
		names = append(names, c.Name)
	}
	return strings.Join(names, " ")
}
