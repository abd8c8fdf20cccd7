package kube_test

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"github.com/squall-dev/squall/hostfuncs"
	"github.com/squall-dev/squall/hostfuncs/hostfuncstest"
	"github.com/squall-dev/squall/hostfuncs/kube"
	"github.com/squall-dev/squall/runtime/automation"
)

// A real API server lets an identity with "create" alone have SPDY but no WebSocket, so
// the rights choose the transport.
func TestLabExec(t *testing.T) {
	t.Parallel()
	l := inLab(t, "lab-exec")
	l.pod("shell", leakyImage, idle)
	l.pod("bare", bareImage, idle)
	const rule = `[{apiGroups: [""], resources: [pods/exec], verbs: %s}]`
	transports := map[string]*kube.Client{
		"WebSocket": l.as("both", strings.Replace(rule, "%s", "[get, create]", 1)),
		"SPDY":      l.as("create-alone", strings.Replace(rule, "%s", "[create]", 1)),
	}
	for name, c := range transports {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l.execResults(t, c)
			l.execErrors(t, c)
			l.execArtifact(t, c)
		})
	}
	t.Run("with get alone it is refused", func(t *testing.T) {
		t.Parallel()
		c := l.as("get-alone", strings.Replace(rule, "%s", "[get]", 1))
		_, err := c.Exec(t.Context(), unbounded(), l.command("shell", "true"))
		wantNo(t, err, "pods/exec")
	})
}

func (l lab) command(pod string, argv ...string) kube.ExecRequest {
	return kube.ExecRequest{Namespace: l.namespace, Pod: pod, Command: argv, TimeoutSeconds: 30}
}

func (l lab) execResults(t *testing.T, c *kube.Client) {
	input := l.command("shell", "cat")
	input.Stdin = word(100_000)
	tests := []struct {
		name           string
		req            kube.ExecRequest
		code           int
		stdout, stderr string
	}{
		{"output and errors arrive apart", l.command("shell", "sh", "-c", "echo out; echo err >&2"), 0, "out\n", "err\n"},
		{"the exit code is the command's", l.command("shell", "sh", "-c", "exit 3"), 3, "", ""},
		{"a signal is an exit code", l.command("shell", "sh", "-c", "kill -9 $$"), 137, "", ""},
		{"stdin is read to its end", input, 0, word(100_000), ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := c.Exec(t.Context(), unbounded(), tt.req)
			if err != nil {
				t.Fatal(err)
			}
			if got.ExitCode != tt.code || got.Stdout != tt.stdout || got.Stderr != tt.stderr {
				t.Errorf("code %d, %d bytes of stdout, stderr %q", got.ExitCode, len(got.Stdout), got.Stderr)
			}
		})
	}
}

func (l lab) execErrors(t *testing.T, c *kube.Client) {
	nowhere := l.command("shell", "true")
	nowhere.Container = "nope"
	hanging := l.command("shell", "sleep", "30")
	hanging.TimeoutSeconds = 0.5
	tests := []struct {
		name          string
		req           kube.ExecRequest
		kind          error
		message, hint string
	}{
		{"a container that is not there", nowhere, automation.ErrNotFound, "nope", ""},
		{"a program that is not there", l.command("bare", "sh", "-c", "true"), automation.ErrNotFound, "no such program", "kube_proxy_get"},
		{"a Pod that is not there", l.command("gone", "true"), automation.ErrNotFound, `pods "gone" not found`, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := c.Exec(t.Context(), unbounded(), tt.req)
			wantError(t, err, tt.kind, tt.message, tt.hint)
		})
	}
	t.Run("a command that does not end in time", func(t *testing.T) {
		_, err := c.Exec(t.Context(), unbounded(), hanging)
		if err == nil || errors.Is(err, automation.ErrNotFound) {
			t.Errorf("err = %v", err)
		}
	})
}

func (l lab) execArtifact(t *testing.T, c *kube.Client) {
	t.Run("50 MB of output are whole", func(t *testing.T) {
		sink := &hostfuncstest.Sink{Discard: true}
		req := l.command("shell", "dd", "if=/dev/zero", "bs=1000000", "count=50")
		req.StdoutArtifact = &hostfuncs.ArtifactSpec{Name: "zeros", MediaType: "application/octet-stream"}
		who := unbounded()
		who.Artifacts = sink
		got, err := c.Exec(t.Context(), who, req)
		if err != nil {
			t.Fatal(err)
		}
		if got.ExitCode != 0 || got.Artifact == nil || got.Artifact.Size != 50_000_000 {
			t.Fatalf("code %d, artifact %+v", got.ExitCode, got.Artifact)
		}
		if want := sumOfZeros(50_000_000); got.Artifact.SHA256 != want {
			t.Errorf("hash %s, want %s", got.Artifact.SHA256, want)
		}
	})
}

func sumOfZeros(n int) string {
	sum := sha256.Sum256(make([]byte, n))
	return hex.EncodeToString(sum[:])
}
