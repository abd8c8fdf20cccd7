package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	squall "github.com/squall-dev/squall/sdk/go"
	"github.com/squall-dev/squall/sdk/go/squalltest"
)

func at(second float64) time.Time {
	return time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC).Add(time.Duration(second * float64(time.Second)))
}

func leaky(second float64, used int64) squall.KubeContainerStats {
	return squall.KubeContainerStats{
		Namespace: "shop", Pod: "cart-0", UID: "0123456789ab", Container: "main", Node: "node-1", Owner: "ReplicaSet/cart",
		WorkingSet: used * mib, Limit: 500 * mib, At: at(second), StartedAt: at(-1000), Restarts: 1,
	}
}

// configured is what the server makes of the schema's defaults and of more.
func configured(more map[string]any) map[string]any {
	c := map[string]any{"namespaces": []string{"shop"}, "label_selector": "", "source": "", "interval_seconds": 2, "threshold_percent": 90,
		"trend_from_percent": 50, "eta_seconds": 180, "window_seconds": 300, "port": 6060}
	for key, value := range more {
		c[key] = value
	}
	return c
}

// cluster answers with what containers use; its cursor goes on from poll to poll.
type cluster struct {
	t      *testing.T
	server *squalltest.Server
	reply  squall.KubePodStatsReply
	asked  squall.KubePodStatsRequest
	err    error
	cursor json.RawMessage
}

func newCluster(t *testing.T, config map[string]any) *cluster {
	c := &cluster{t: t, server: squalltest.New(), cursor: json.RawMessage("null")}
	c.server.Config(config)
	squalltest.Handle(c.server, "kube_pod_stats", func(r squall.KubePodStatsRequest) (squall.KubePodStatsReply, error) {
		c.asked = r
		return c.reply, c.err
	})
	return c
}

type polled struct {
	Events []struct {
		Trigger string
		Key     string
		Payload finding
	}
	Cursor    json.RawMessage
	PollAfter float64 `json:"poll_after"`
}

func (c *cluster) poll(containers ...squall.KubeContainerStats) polled {
	c.t.Helper()
	c.reply.Containers = containers
	r := c.server.Run(poll, `{"cursor":`+string(c.cursor)+`}`)
	var a polled
	if err := json.Unmarshal(r.Output, &a); err != nil || r.Code != 0 {
		c.t.Fatalf("code %d: %s (%v)", r.Code, r.Message(), err)
	}
	c.cursor = a.Cursor
	return a
}

func TestALeakIsRaisedBeforeTheLimit(t *testing.T) {
	t.Parallel()
	c := newCluster(t, configured(nil))
	var all []string
	for s := 0.0; s <= 30; s += 2 {
		a := c.poll(leaky(s, 200+int64(8*s)))
		for _, e := range a.Events {
			all = append(all, fmt.Sprintf("%g:%d", s, e.Payload.Escalation))
		}
		if len(a.Events) == 1 && len(all) == 1 {
			got, _ := json.Marshal(a.Events[0].Payload)
			want := `{"namespace":"shop","pod":"cart-0","uid":"0123456789ab","container":"main","node":"node-1","owner":"ReplicaSet/cart",` +
				`"restarts":1,"reason":"trend","working_set":276824064,"limit":524288000,"percent":52.8,"slope_bytes_per_second":8388608,` +
				`"eta_seconds":29.5,"samples":5,"span_seconds":8,"sampled_at":"2026-01-02T03:04:13Z","episode":"main/01234567@1767322045@1767323053000","escalation":0}`
			if string(got) != want {
				t.Errorf("payload %s\nwant    %s", got, want)
			}
			if key := a.Events[0].Key; key != "0123456789ab/main/01234567@1767322045@1767323053000#0" || a.Events[0].Trigger != "memory_pressure" {
				t.Errorf("key %s of %s", key, a.Events[0].Trigger)
			}
		}
		if a.PollAfter != 2 {
			t.Errorf("it wants to be asked again after %g s", a.PollAfter)
		}
	}
	if want := []string{"8:0", "24:1"}; !slices.Equal(all, want) {
		t.Errorf("raised at %v, want %v", all, want)
	}
}

// The same poll again, as after a server that stopped before it could store, finds the
// same event under the same key.
func TestTheSamePollFindsTheSame(t *testing.T) {
	t.Parallel()
	c := newCluster(t, configured(nil))
	first := c.poll(leaky(0, 480))
	c.cursor = json.RawMessage("null")
	second := c.poll(leaky(0, 480))
	if len(first.Events) != 1 || len(second.Events) != 1 || first.Events[0].Key != second.Events[0].Key || string(first.Cursor) != string(second.Cursor) {
		t.Errorf("first %+v, second %+v", first, second)
	}
	if third := c.poll(leaky(0, 480)); len(third.Events) != 0 || string(third.Cursor) != string(second.Cursor) {
		t.Errorf("nothing new raised %+v, cursor %s", third.Events, third.Cursor)
	}
}

func TestWhatIsAsked(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		config map[string]any
		want   string
	}{
		{"the namespaces that are configured", nil, `{"namespaces":["shop"]}`},
		{"all of them", map[string]any{"namespaces": []string{"*"}}, `{}`},
		{"labels, source and cluster", map[string]any{"label_selector": "a=b", "source": "metrics", "context": "prod"},
			`{"context":"prod","namespaces":["shop"],"label_selector":"a=b","source":"metrics"}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := newCluster(t, configured(tt.config))
			c.poll()
			if got, _ := json.Marshal(c.asked); string(got) != tt.want {
				t.Errorf("asked %s, want %s", got, tt.want)
			}
		})
	}
}

func TestWithoutNamespacesNothingIsAsked(t *testing.T) {
	t.Parallel()
	s := squalltest.New()
	s.Config(map[string]any{"interval_seconds": 2})
	got := s.Run(poll, `{"cursor":null}`)
	if got.Code != 0 || string(got.Output) != `{"events":[],"cursor":{"w":null},"poll_after":60}` || len(got.Calls) != 1 {
		t.Errorf("code %d, output %s, calls %v", got.Code, got.Output, got.Calls)
	}
}

func TestBadConfigurationIsNamed(t *testing.T) {
	t.Parallel()
	for key, value := range map[string]any{"interval_seconds": 0.5, "threshold_percent": 120, "trend_from_percent": -1, "eta_seconds": 0, "window_seconds": 5} {
		c := newCluster(t, configured(map[string]any{key: value}))
		got := c.server.Run(poll, `{"cursor":null}`)
		if want := fmt.Sprintf("the pack's configuration: %s is %v, and must be from", key, value); got.Code == 0 || !strings.Contains(got.Message(), want) {
			t.Errorf("%s: %q, want %q", key, got.Message(), want)
		}
	}
}

func TestARefusalIsHandedOn(t *testing.T) {
	t.Parallel()
	c := newCluster(t, configured(nil))
	c.err = &squall.HostError{Kind: squall.ErrDenied, Message: "may not", Hint: "add a verb"}
	if got := c.server.Run(poll, `{"cursor":null}`); got.Code != 1 || got.Message() != "may not - add a verb" || got.Output != nil {
		t.Errorf("code %d, message %q, output %s", got.Code, got.Message(), got.Output)
	}
}

// A node that is silent for a moment must not make its containers begin anew.
func TestASilentNodeIsNotForgotten(t *testing.T) {
	t.Parallel()
	c := newCluster(t, configured(nil))
	other := func(s float64) squall.KubeContainerStats {
		o := leaky(s, 100)
		o.Pod = "web-0"
		return o
	}
	for s := 0.0; s < 8; s += 2 {
		c.poll(leaky(s, 200+int64(8*s)), other(s))
	}
	c.reply.Failures = []squall.KubeNodeFailure{{Node: "node-1", Error: "i/o timeout"}}
	c.poll(other(8))
	c.reply.Failures = nil
	if a := c.poll(leaky(10, 280), other(10)); len(a.Events) != 1 || a.Events[0].Payload.Samples != 5 {
		t.Errorf("the trend is lost: %+v", a.Events)
	}
	if c.poll(other(400)); strings.Contains(string(c.cursor), "cart-0") {
		t.Errorf("what is gone is remembered: %s", c.cursor)
	}
}

// The server keeps 64 KiB: of very many containers those nearest to their limits count.
func TestTheCursorIsBounded(t *testing.T) {
	t.Parallel()
	c := newCluster(t, configured(nil))
	var all []squall.KubeContainerStats
	for i := range 400 {
		x := leaky(0, int64(430-i))
		x.Pod = fmt.Sprintf("a-deployment-of-a-usual-name-5d9c8b7f6-%05d", i)
		all = append(all, x)
	}
	remembered := 0
	for s := 0.0; s < 80; s += 2 {
		for i := range all {
			all[i].At = at(s)
			all[i].WorkingSet += int64(i%7) << 11
		}
		c.poll(all...)
		if len(c.cursor) > 64<<10 {
			t.Fatalf("the cursor has %d bytes", len(c.cursor))
		}
		remembered = strings.Count(string(c.cursor), "usual-name")
	}
	if remembered < 180 || !strings.Contains(string(c.cursor), "-00000/main") || strings.Contains(string(c.cursor), "-00399/main") {
		t.Errorf("%d containers are remembered", remembered)
	}
}
