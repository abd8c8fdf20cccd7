package kube_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/squall-dev/squall/hostfuncs"
	"github.com/squall-dev/squall/hostfuncs/hostfuncstest"
	"github.com/squall-dev/squall/hostfuncs/kube"
	"github.com/squall-dev/squall/hostfuncs/kube/kubetest"
	"github.com/squall-dev/squall/runtime/automation"
)

func logs() kube.LogsRequest { return kube.LogsRequest{Namespace: "ns", Pod: "leaky"} }

// writing serves a log.
func writing(t *testing.T, log http.HandlerFunc) (*kubetest.Server, *kube.Client) {
	s := kubetest.New(t)
	s.Log = log
	return s, newClient(t, s)
}

func TestLogsAsksForWhatIsWanted(t *testing.T) {
	t.Parallel()
	since := time.Date(2026, 1, 2, 3, 4, 5, 0, time.FixedZone("", 3600))
	tests := []struct {
		name string
		set  func(*kube.LogsRequest)
		want string
	}{
		{"all of it", func(*kube.LogsRequest) {}, ""},
		{"of a container", func(r *kube.LogsRequest) { r.Container = "main" }, "container=main"},
		{"of its last life", func(r *kube.LogsRequest) { r.Previous = true }, "previous=true"},
		{"the last lines, of some seconds", func(r *kube.LogsRequest) { r.TailLines, r.SinceSeconds = number(0), 60 }, "sinceSeconds=60&tailLines=0"},
		{"since a time, with times", func(r *kube.LogsRequest) { r.SinceTime, r.Timestamps = &since, true }, "sinceTime=2026-01-02T02%3A04%3A05Z&timestamps=true"},
		{"what is to come", func(r *kube.LogsRequest) { r.Follow = true }, "follow=true"},
	}
	_, c := writing(t, func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, r.Header.Get("X-Pod"), " ", r.URL.RawQuery)
	})
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			req := logs()
			tt.set(&req)
			got, err := c.Logs(t.Context(), caller(nil), req)
			if err != nil || got.Log != "leaky "+tt.want || got.Truncated || got.TimedOut {
				t.Errorf("%+v, %v", got, err)
			}
		})
	}
}

func TestLogsEndWhereTheyAreToEnd(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name      string
		length    int
		max       int64
		follow    bool
		size      int64
		truncated bool
	}{
		{"a log as long as allowed", 100, 100, false, 100, false},
		{"a longer one", 101, 100, false, 100, true},
		{"a longer one that is followed", 101, 100, true, 100, true},
		{"one longer than a reply", 3 << 20, 0, false, hostfuncs.MaxReplyBytes, true},
		{"one for which more is allowed than a reply holds", 3 << 20, 2 << 20, false, hostfuncs.MaxReplyBytes, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, c := writing(t, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, strings.Repeat("x", tt.length)) })
			req := logs()
			req.MaxBytes, req.Follow = tt.max, tt.follow
			got, err := c.Logs(t.Context(), caller(nil), req)
			if err != nil || got.Size != tt.size || int64(len(got.Log)) != tt.size || got.Truncated != tt.truncated {
				t.Errorf("%d bytes, truncated %v, %v", got.Size, got.Truncated, err)
			}
		})
	}
}

func TestLogsIntoAnArtifact(t *testing.T) {
	t.Parallel()
	_, c := writing(t, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, strings.Repeat("x", 3<<20)) })
	for _, limit := range []int64{0, 2 << 20} {
		sink := &hostfuncstest.Sink{}
		req := logs()
		req.Artifact, req.MaxBytes = &hostfuncs.ArtifactSpec{Name: "pod.log", MediaType: "text/plain"}, limit
		got, err := c.Logs(t.Context(), caller(sink), req)
		want := int64(3 << 20)
		if limit != 0 {
			want = limit
		}
		if err != nil || got.Artifact == nil || got.Artifact.Size != want || got.Log != "" || got.Truncated != (limit != 0) || sink.Open() != 0 {
			t.Errorf("limit %d: %+v, %v", limit, got, err)
		}
	}
}

// endless writes a line and then nothing, as a quiet container does.
func endless(w http.ResponseWriter, r *http.Request) {
	fmt.Fprintln(w, "a line")
	_ = http.NewResponseController(w).Flush()
	<-r.Context().Done()
}

func TestLogsAreFollowedForATime(t *testing.T) {
	t.Parallel()
	_, c := writing(t, endless)
	for _, spec := range []*hostfuncs.ArtifactSpec{nil, {Name: "pod.log"}} {
		req := logs()
		req.Follow, req.TimeoutSeconds, req.Artifact = true, 2, spec // connecting counts too
		got, err := c.Logs(t.Context(), caller(&hostfuncstest.Sink{}), req)
		if err != nil || !got.TimedOut || got.Size != int64(len("a line\n")) || (got.Artifact != nil) != (spec != nil) {
			t.Errorf("%+v, %v", got, err)
		}
	}
}

func TestLogsStopWithTheExecution(t *testing.T) {
	t.Parallel()
	_, c := writing(t, endless)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	req := logs()
	req.Follow = true
	_, err := c.Logs(ctx, caller(nil), req)
	wantError(t, err, context.DeadlineExceeded, "time is up", "")
}

func TestLogsErrors(t *testing.T) {
	t.Parallel()
	bad := func(message string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusBadRequest)
			fmt.Fprintf(w, `{"kind":"Status","apiVersion":"v1","status":"Failure","code":400,"reason":"BadRequest","message":%q}`, message)
		}
	}
	now := time.Now()
	tests := []struct {
		name          string
		log           http.HandlerFunc
		set           func(*kube.LogsRequest)
		kind          error
		message, hint string
	}{
		{"no Pod of the name", nil, func(*kube.LogsRequest) {}, automation.ErrNotFound, `"leaky" not found`, ""},
		{"a container that has not been restarted", bad(`previous terminated container "main" in pod "leaky" not found`), func(*kube.LogsRequest) {}, automation.ErrNotFound, "previous terminated", "not been restarted"},
		{"a container that has not started", bad(`container "main" in pod "leaky" is waiting to start: ImagePullBackOff`), func(*kube.LogsRequest) {}, automation.ErrUnavailable, "ImagePullBackOff", "kube_events"},
		{"several containers", bad(`a container name must be specified for pod leaky, choose one of: [main proxy]`), func(*kube.LogsRequest) {}, automation.ErrInvalid, "[main proxy]", ""},
		{"two beginnings", nil, func(r *kube.LogsRequest) { r.SinceSeconds, r.SinceTime = 1, &now }, automation.ErrInvalid, "since_time", "one of the two"},
		{"the past, followed", nil, func(r *kube.LogsRequest) { r.Follow, r.Previous = true, true }, automation.ErrInvalid, "exclude", ""},
		{"fewer than no lines", nil, func(r *kube.LogsRequest) { r.TailLines = number(-1) }, automation.ErrInvalid, "negative", ""},
		{"another namespace", nil, func(r *kube.LogsRequest) { r.Namespace = "bank" }, automation.ErrDenied, "read the logs of pods leaky", "verbs: [logs]"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := kubetest.New(t)
			if tt.log != nil {
				s.Log = tt.log
			}
			req := logs()
			tt.set(&req)
			_, err := newClient(t, s).Logs(t.Context(), caller(nil), req)
			wantError(t, err, tt.kind, tt.message, tt.hint)
		})
	}
}

// several is a Pod of two containers, of which the API server wants to know one.
func several(t *testing.T, s *kubetest.Server) {
	pod := kubetest.Pod("ns", "leaky", nil)
	pod["metadata"].(map[string]any)["annotations"] = map[string]any{"kubectl.kubernetes.io/default-container": "main"}
	s.Objects = map[string][]map[string]any{"pods": {pod}}
	s.Refuse = func(r *http.Request) *metav1.Status {
		q := r.URL.Query()
		if strings.HasSuffix(r.URL.Path, "/leaky") || q.Get("container") != "" || q.Has("tty") {
			return nil
		}
		if strings.HasSuffix(r.URL.Path, "/log") || strings.HasSuffix(r.URL.Path, "/exec") {
			return kubetest.Failure(400, metav1.StatusReasonBadRequest, "a container name must be specified for pod leaky, choose one of: [proxy main]")
		}
		return nil
	}
}

func TestTheDefaultContainerIsTheOneOfThePodsAnnotation(t *testing.T) {
	t.Parallel()
	transports(t, func(t *testing.T, s *kubetest.Server) {
		several(t, s)
		s.Log = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.URL.RawQuery) })
		s.Exec = func(c *kubetest.Command) (int, error) {
			fmt.Fprint(c.Stdout, c.Container)
			return 0, nil
		}
		c := newClient(t, s)
		log, err := c.Logs(t.Context(), caller(nil), logs())
		if err != nil || log.Log != "container=main" {
			t.Errorf("%+v, %v", log, err)
		}
		ran, err := c.Exec(t.Context(), caller(nil), request("ls"))
		if err != nil || ran.Stdout != "main" {
			t.Errorf("%+v, %v", ran, err)
		}
	})
}

func TestExecWithoutADefaultContainerNamesTheContainers(t *testing.T) {
	t.Parallel()
	transports(t, func(t *testing.T, s *kubetest.Server) {
		several(t, s)
		s.Objects = nil
		s.Exec = func(*kubetest.Command) (int, error) { return 0, nil }
		_, err := newClient(t, s).Exec(t.Context(), caller(nil), request("ls"))
		wantError(t, err, automation.ErrInvalid, "choose one of: [proxy main]", "")
	})
}

// A terminal would mix the two outputs into one and change the bytes.
func TestExecAsksForNoTerminal(t *testing.T) {
	t.Parallel()
	transports(t, func(t *testing.T, s *kubetest.Server) {
		s.Exec = func(*kubetest.Command) (int, error) { return 0, nil }
		s.Refuse = func(r *http.Request) *metav1.Status {
			if q := r.URL.Query(); strings.HasSuffix(r.URL.Path, "/exec") && (q.Has("tty") || q.Get("stdin") != "true" || q.Get("stderr") != "true") {
				t.Errorf("asked for %v", q)
			}
			return nil
		}
		req := request("cat")
		req.Stdin = "x"
		if _, err := newClient(t, s).Exec(t.Context(), caller(nil), req); err != nil {
			t.Error(err)
		}
	})
}
