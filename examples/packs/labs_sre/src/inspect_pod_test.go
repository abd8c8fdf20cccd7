package main

import (
	"encoding/json"
	"strings"
	"testing"

	squall "github.com/squall-dev/squall/sdk/go"
	"github.com/squall-dev/squall/sdk/go/squalltest"
)

const inspected = `{"pod":"bare","namespace":"demo","container":"app","image":"tools:1"}`

func TestInspectPod(t *testing.T) {
	t.Parallel()
	const status = "== comm\nleaky\n== status\nName:\tleaky\nVmRSS:\t   2048 kB\nRssAnon:\t    1024 kB\n"
	tests := []struct {
		name    string
		debug   squall.KubeDebugReply
		report  string
		output  string // part of it
		message string // of the failure
	}{
		{
			"what the kernel shows becomes figures", squall.KubeDebugReply{Container: "c", State: "running"}, status,
			`"process":"leaky","resident_bytes":2097152,"anonymous_bytes":1048576,"refused":[]`, "",
		},
		{
			"what it does not show is told", squall.KubeDebugReply{Container: "c", State: "running"}, status + "== smaps\n== refused smaps\n",
			`"refused":["smaps"]`, "",
		},
		{
			"an image that can not be pulled is named", squall.KubeDebugReply{State: "waiting", Reason: "ErrImagePull", Message: "no such host"}, "",
			"", "the ephemeral container with tools:1 is waiting: ErrImagePull: no such host",
		},
		{
			"a report of nothing is a failure", squall.KubeDebugReply{Container: "c", State: "running"}, "",
			"", "the container saw no process that has memory",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := squalltest.New()
			squalltest.Handle(s, "kube_debug", func(r squall.KubeDebugRequest) (squall.KubeDebugReply, error) {
				if r.Image != "tools:1" || r.Target != "app" {
					t.Errorf("request %+v", r)
				}
				return tt.debug, nil
			})
			squalltest.Handle(s, "kube_exec", func(r squall.KubeExecRequest) (squall.KubeExecReply, error) {
				if r.Container != "c" || r.StdoutArtifact != nil {
					t.Errorf("request %+v", r)
				}
				return squall.KubeExecReply{Stdout: tt.report}, nil
			})
			squalltest.Handle(s, "artifact_create", func(a squall.NewArtifact) (squall.Artifact, error) {
				return squall.Artifact{ID: "a1", Name: a.Name}, nil
			})
			got := s.Run(inspectPod, inspected)
			if tt.message != "" {
				if got.Code != 1 || got.Message() != tt.message {
					t.Errorf("code %d, message %q, want %q", got.Code, got.Message(), tt.message)
				}
				return
			}
			var f findings
			if err := json.Unmarshal(got.Output, &f); err != nil || f.Artifact.Name != "process-bare.txt" {
				t.Fatalf("output %s, %v\n%s", got.Output, err, got.LogText())
			}
			if !strings.Contains(string(got.Output), tt.output) {
				t.Errorf("output %s lacks %s", got.Output, tt.output)
			}
		})
	}
}
