package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	squall "github.com/squall-dev/squall/sdk/go"
	"github.com/squall-dev/squall/sdk/go/squalltest"
)

// pod is a Pod with a Go program in it, as far as capture sees one.
type pod struct {
	t        *testing.T
	server   *squalltest.Server
	clock    time.Time
	slept    time.Duration
	used     func(time.Time) int64 // MiB of 500
	started  time.Time
	statsErr error
	proxy    error // why the way is closed; nil is open
	forward  error
	programs map[string]bool
	heapSize int64
	cancel   bool
	files    []string
	tried    []string
	queries  []string
}

func newPod(t *testing.T) *pod {
	p := &pod{t: t, server: squalltest.New(), clock: at(0), started: at(-1000), heapSize: 20_000, programs: map[string]bool{}}
	p.used = func(time.Time) int64 { return 400 }
	squalltest.Handle(p.server, "kube_pod_stats", func(r squall.KubePodStatsRequest) (squall.KubePodStatsReply, error) {
		c := leaky(0, p.used(p.clock))
		c.At, c.StartedAt = p.clock, p.started
		side := c
		side.Container, side.WorkingSet = "sidecar", 10*mib
		return squall.KubePodStatsReply{Containers: []squall.KubeContainerStats{c, side}}, p.statsErr
	})
	squalltest.Handle(p.server, "kube_proxy_get", func(r squall.KubeProxyGetRequest) (squall.KubeProxyGetReply, error) {
		return p.http("proxy", p.proxy, r)
	})
	squalltest.Handle(p.server, "kube_port_forward_get", func(r squall.KubeProxyGetRequest) (squall.KubeProxyGetReply, error) {
		return p.http("forward", p.forward, r)
	})
	squalltest.Handle(p.server, "kube_exec", p.exec)
	squalltest.Handle(p.server, "artifact_create", func(r struct {
		squall.NewArtifact
		Content []byte `json:"content_base64"`
	}) (squall.Artifact, error) {
		return *p.keep(&r.NewArtifact, int64(len(r.Content))), nil
	})
	return p
}

const goroutines = "goroutine profile: total 42\n40 @ 0x1\n#\t0x1\tmain.leak+0x1\t/src/main.go:7\n"

func (p *pod) http(way string, closed error, r squall.KubeProxyGetRequest) (reply squall.KubeProxyGetReply, err error) {
	p.tried, p.queries = append(p.tried, way+r.Path), append(p.queries, r.Query)
	if p.cancel {
		return reply, &squall.HostError{Kind: squall.ErrCanceled, Message: "canceled"}
	}
	if closed != nil {
		return reply, closed
	}
	if r.Artifact == nil {
		return squall.KubeProxyGetReply{Status: 200, Body: goroutines}, nil
	}
	return squall.KubeProxyGetReply{Status: 200, Artifact: p.keep(r.Artifact, p.heapSize)}, nil
}

func (p *pod) exec(r squall.KubeExecRequest) (squall.KubeExecReply, error) {
	p.tried = append(p.tried, r.Command[0]+" "+r.Command[len(r.Command)-1])
	if !p.programs[r.Command[0]] {
		return squall.KubeExecReply{ExitCode: 127}, nil
	}
	if r.StdoutArtifact == nil {
		return squall.KubeExecReply{Stdout: goroutines}, nil
	}
	return squall.KubeExecReply{Artifact: p.keep(r.StdoutArtifact, p.heapSize)}, nil
}

func (p *pod) keep(a *squall.NewArtifact, size int64) *squall.Artifact {
	p.files = append(p.files, a.Name)
	return &squall.Artifact{ID: fmt.Sprintf("a%d", len(p.files)), Name: a.Name, MediaType: a.MediaType, Size: size}
}

// run performs a capture on the Pod's own clock.
func (p *pod) run(parameters string) (evidence, squalltest.Result) {
	p.t.Helper()
	r := p.server.Run(func() int32 {
		return squall.Run(func(t target) (*evidence, error) {
			s := session{target: t, now: func() time.Time { return p.clock }, sleep: func(d time.Duration) {
				p.slept += d
				p.clock = p.clock.Add(d)
			}}
			return s.run()
		})
	}, parameters)
	var out evidence
	if r.Code == 0 {
		if err := json.Unmarshal(r.Output, &out); err != nil {
			p.t.Fatalf("%s: %v", r.Output, err)
		}
	}
	return out, r
}

const cart = `"namespace":"shop","pod":"cart-0","container":"main","port":6060,"path":"/debug/pprof"`

func TestTheCheapestComesFirstAndTheSecondIsComparedWithTheFirst(t *testing.T) {
	t.Parallel()
	p := newPod(t)
	out, r := p.run(`{` + cart + `,"eta_seconds":30}`)
	if r.Code != 0 || out.Goroutines != 42 || out.Via != "proxy" || out.Apart != 10 || p.slept != 10*time.Second || len(out.Skipped) != 0 {
		t.Errorf("code %d, %+v\n%s", r.Code, out, r.LogText())
	}
	want := "goroutines-cart-0-main-20260102T030405Z.txt heap-cart-0-main-20260102T030405Z-1-base.pb.gz heap-cart-0-main-20260102T030415Z-2-second.pb.gz"
	if got := strings.Join(p.files, " "); got != want {
		t.Errorf("kept %s\nwant %s", got, want)
	}
	if got := strings.Join(p.queries, " "); got != "debug=1  gc=1" {
		t.Errorf("asked with %q: the second heap profile needs a collection, the first one can not wait for it", got)
	}
	if out.Diff != "/api/v1/artifacts/a3/flame?base=a2" || out.Base.ID != "a2" || out.Second.ID != "a3" || out.Stacks.ID != "a1" {
		t.Errorf("diff %s of %+v", out.Diff, out)
	}
}

func TestHowLongTheSecondWaits(t *testing.T) {
	t.Parallel()
	for parameters, want := range map[string]time.Duration{
		`"eta_seconds":0`: 10 * time.Second, `"eta_seconds":3`: 2 * time.Second, `"eta_seconds":600`: 20 * time.Second,
		`"second_after_seconds":0`: 0, `"second_after_seconds":5,"eta_seconds":600`: 5 * time.Second,
	} {
		p := newPod(t)
		out, _ := p.run(`{` + cart + `,` + parameters + `}`)
		if p.slept != want || (out.Second != nil) != (want > 0) {
			t.Errorf("%s: waited %s, want %s; second %v", parameters, p.slept, want, out.Second)
		}
	}
}

func TestCaptureFindsAWay(t *testing.T) {
	t.Parallel()
	refused := &squall.HostError{Kind: squall.ErrUnavailable, Message: "connection refused", Hint: "listen"}
	tests := []struct {
		name    string
		change  func(*pod)
		via     string
		tried   string
		message string
	}{
		{"what needs nothing of the container comes first", func(*pod) {}, "proxy", "proxy proxy", ""},
		{"a program on 127.0.0.1 is reached by forwarding", func(p *pod) { p.proxy = refused }, "port_forward", "proxy forward forward", ""},
		{"a cluster that lets one only exec", func(p *pod) { p.proxy, p.forward, p.programs["wget"] = refused, refused, true },
			"exec", "proxy forward curl wget wget", ""},
		{"no way at all", func(p *pod) { p.proxy, p.forward = refused, refused }, "", "proxy forward curl wget proxy forward curl wget",
			"no heap profile of shop/cart-0: proxy to port 6060, forwarding of port 6060: connection refused; " +
				"exec curl: the container has no curl (exit code 127); exec wget: the container has no wget (exit code 127) - listen"},
		{"somebody cancels", func(p *pod) { p.cancel = true }, "", "proxy", "proxy to port 6060: canceled"},
		{"an empty profile is none", func(p *pod) { p.heapSize = 0 }, "", "proxy proxy", "no heap profile of shop/cart-0: proxy to port 6060: the answer was empty"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := newPod(t)
			tt.change(p)
			out, r := p.run(`{` + cart + `,"second_after_seconds":0}`)
			var tried []string
			for _, one := range p.tried {
				word, _, _ := strings.Cut(strings.ReplaceAll(one, "/", " "), " ")
				tried = append(tried, word)
			}
			if got := strings.Join(tried, " "); got != tt.tried || out.Via != tt.via || r.Message() != tt.message && tt.message != "" {
				t.Errorf("tried %s, via %s, message %q\nwant  %s, via %s, message %q", got, out.Via, r.Message(), tt.tried, tt.via, tt.message)
			}
		})
	}
}

// The container has a limit of 500 MiB.
func TestEvidenceDoesNotPushTheContainerOverItsLimit(t *testing.T) {
	t.Parallel()
	closed := errors.New("no")
	tests := []struct {
		name       string
		change     func(*pod)
		parameters string
		kept       string
		skipped    string
	}{
		{"there is room for all", func(p *pod) {}, ``, "goroutines heap heap", ""},
		{"7 MiB are enough for goroutines, not for a heap profile", func(p *pod) { p.used = fixed(493) }, ``, "goroutines",
			"the heap profile 1-base: it may take 8.0 MiB, and the container has about 7.0 MiB left"},
		{"2 MiB are enough for nothing", func(p *pod) { p.used = fixed(498) }, ``, "", "the goroutines: it may take 4.0 MiB"},
		{"beyond the limit there is nothing left", func(p *pod) { p.used = fixed(501) }, ``, "", "has about 0.0 MiB left"},
		{"who forces it gets it", func(p *pod) { p.used = fixed(498) }, `,"force":true`, "goroutines heap heap", ""},
		{"what grows in the meantime counts", func(p *pod) { p.used = fixed(490) }, `,"slope_bytes_per_second":2000000`, "goroutines", "about 4.3 MiB left"},
		{"a program in the container needs room too", func(p *pod) { p.used, p.proxy, p.forward, p.programs["curl"] = fixed(485), closed, closed, true }, ``, "",
			"exec curl: it may take 16.0 MiB, and the container has about 15.0 MiB left"},
		{"the first profile tells what the second costs", func(p *pod) { p.heapSize = 1 << 20 }, ``, "goroutines heap", "the heap profile 2-second: it may take 102.0 MiB"},
		{"by the time of the second there may be no room", func(p *pod) {
			p.used = func(t time.Time) int64 { return 480 + int64(t.Sub(at(0)).Seconds())*2 }
		}, ``, "goroutines heap", "the heap profile 2-second: it may take 3.9 MiB, and the container has about 0.0 MiB left"},
		{"without figures there is nothing to go by", func(p *pod) { p.statsErr = closed }, ``, "goroutines heap heap", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := newPod(t)
			tt.change(p)
			out, r := p.run(`{` + cart + tt.parameters + `}`)
			var kept []string
			for _, file := range p.files {
				word, _, _ := strings.Cut(file, "-")
				kept = append(kept, word)
			}
			said := strings.Join(out.Skipped, "\n") + r.LogText()
			if got := strings.Join(kept, " "); got != tt.kept || !strings.Contains(said, tt.skipped) || tt.skipped == "" && len(out.Skipped) > 0 {
				t.Errorf("kept %q, want %q; skipped %q, want %q (code %d %s)", got, tt.kept, out.Skipped, tt.skipped, r.Code, r.Message())
			}
		})
	}
}

func fixed(used int64) func(time.Time) int64 { return func(time.Time) int64 { return used } }

// Two profiles of two lives can not be compared.
func TestARestartInBetweenEndsTheCapture(t *testing.T) {
	t.Parallel()
	p := newPod(t)
	p.used = func(now time.Time) int64 {
		if now.After(at(0)) {
			p.started = now
			return 20
		}
		return 400
	}
	out, r := p.run(`{` + cart + `}`)
	if r.Code != 0 || out.Base == nil || out.Second != nil || len(out.Skipped) != 1 || !strings.Contains(out.Skipped[0], "has been restarted") {
		t.Errorf("code %d, %+v", r.Code, out)
	}
}

func TestTheBeginningOfManyGoroutinesEndsWithALine(t *testing.T) {
	t.Parallel()
	text := beginning([]byte(strings.Repeat("1 @ 0x1234567\n", 10_000)))
	if len(text) > shownStacks || len(text) < shownStacks-20 || text[len(text)-1] != '\n' {
		t.Errorf("%d bytes, the last is %q", len(text), text[len(text)-1])
	}
}

func TestALongNameFitsAFile(t *testing.T) {
	t.Parallel()
	s := session{target: target{Pod: strings.Repeat("p", 253), Container: strings.Repeat("c", 63)}, now: func() time.Time { return at(0) }}
	if name := s.file("goroutines", "", ".txt"); len(name) > 255 {
		t.Errorf("%d bytes", len(name))
	}
}
