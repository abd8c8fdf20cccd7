package hostfuncs_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/squall-dev/squall/hostfuncs"
	"github.com/squall-dev/squall/hostfuncs/hostfuncstest"
	"github.com/squall-dev/squall/runtime/automation"
)

type greetRequest struct {
	Name string `json:"name" doc:"whom to greet"`
}

type greetResponse struct {
	Text string `json:"text"`
}

func greet(_ context.Context, who hostfuncs.Caller, req greetRequest) (greetResponse, error) {
	switch req.Name {
	case "":
		return greetResponse{}, automation.Invalid("name is missing").WithHint("give a name")
	case "panic":
		panic("boom")
	case "fault":
		return greetResponse{}, errors.New("the disk at /var/lib/x is broken")
	case "wrapped":
		return greetResponse{}, fmt.Errorf("greet: %w", automation.NotFound("nobody of that name").WithHint("look elsewhere"))
	}
	return greetResponse{"hello " + req.Name + " from " + who.Pack}, nil
}

func describe(r greetRequest) string { return "greet " + r.Name }

func TestCall(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, request, envelope, kind, detail string }{
		{"an answer", `{"name":"ada"}`, `{"ok":{"text":"hello ada from demo"}}`, "", "greet ada"},
		{"no request is an empty one", ``, `{"error":{"kind":"invalid","message":"name is missing","hint":"give a name"}}`, "invalid", "greet "},
		{"null is an empty request", `null`, `{"error":{"kind":"invalid","message":"name is missing","hint":"give a name"}}`, "invalid", "greet "},
		{"the hint of a wrapped error arrives", `{"name":"wrapped"}`, `{"error":{"kind":"not_found","message":"greet: nobody of that name","hint":"look elsewhere"}}`, "not_found", "greet wrapped"},
		{"a fault tells the guest nothing", `{"name":"fault"}`, `{"error":{"kind":"unavailable","message":"the host function failed; the server's log says why"}}`, "internal", "greet fault"},
		{"a panic is a fault", `{"name":"panic"}`, `{"error":{"kind":"unavailable","message":"the host function failed; the server's log says why"}}`, "internal", "greet panic"},
	}
	f := hostfuncs.New("greet", "Greets.", nil, describe, greet)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			envelope, record := f.Call(t.Context(), hostfuncs.Caller{Pack: "demo"}, []byte(tt.request))
			if diff := cmp.Diff(tt.envelope, string(envelope)); diff != "" {
				t.Error(diff)
			}
			if record.Name != "greet" || record.Error != tt.kind || record.Detail != tt.detail ||
				record.RequestBytes != len(tt.request) || record.ReplyBytes != len(envelope) || record.StartedAt.IsZero() {
				t.Errorf("record is %+v", record)
			}
		})
	}
}

func TestCallRefusesWhatItDoesNotUnderstand(t *testing.T) {
	t.Parallel()
	f := hostfuncs.New("greet", "Greets.", nil, describe, greet)
	for _, request := range []string{`{"nmae":"ada"}`, `{"name":7}`, `[]`, `"ada"`, `{`, `{"name":"ada"} {"name":"eve"}`, "\xff"} {
		envelope, record := f.Call(t.Context(), hostfuncs.Caller{}, []byte(request))
		if record.Error != "invalid" || !strings.Contains(string(envelope), `"kind":"invalid"`) {
			t.Errorf("%s: %s", request, envelope)
		}
	}
}

func TestCallAsksForTheRightFirst(t *testing.T) {
	t.Parallel()
	called := false
	f := hostfuncs.New("keep", "Keeps.", hostfuncs.ArtifactsGranted, nil,
		func(context.Context, hostfuncs.Caller, greetRequest) (greetResponse, error) {
			called = true
			return greetResponse{}, nil
		})
	envelope, record := f.Call(t.Context(), hostfuncs.Caller{}, nil)
	if called || record.Error != "denied" || !strings.Contains(string(envelope), "capabilities: {artifacts:") {
		t.Errorf("called %v, envelope %s", called, envelope)
	}
	granted := hostfuncs.Caller{Grants: automation.Capabilities{Artifacts: []automation.ArtifactCapability{{}}}}
	if _, record := f.Call(t.Context(), granted, nil); !called || record.Error != "" {
		t.Errorf("called %v, record %+v", called, record)
	}
}

// The engine stops runs with causes of its own; they are no faults of the server.
func TestCallOfAStoppedExecution(t *testing.T) {
	t.Parallel()
	f := hostfuncs.New("greet", "Greets.", nil, describe, greet)
	stopped, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("shutting down"))
	late, cancelLate := context.WithDeadline(t.Context(), time.Unix(0, 0))
	defer cancelLate()
	for want, ctx := range map[string]context.Context{"canceled": stopped, "timeout": late} {
		if _, record := f.Call(ctx, hostfuncs.Caller{}, nil); record.Error != want {
			t.Errorf("record is %+v, want %s", record, want)
		}
	}
}

func TestNewSetRefusesTwoOfOneName(t *testing.T) {
	t.Parallel()
	f := hostfuncs.New("greet", "Greets.", nil, describe, greet)
	if set, err := hostfuncs.NewSet([]hostfuncs.Func{f}); err != nil || len(set) != 1 {
		t.Errorf("got %v, %v", set, err)
	}
	if _, err := hostfuncs.NewSet([]hostfuncs.Func{f}, []hostfuncs.Func{f}); err == nil || !strings.Contains(err.Error(), "greet") {
		t.Errorf("got %v", err)
	}
}

func TestWithTimeout(t *testing.T) {
	t.Parallel()
	for _, seconds := range []float64{-1, math.NaN(), math.Inf(1), 1e9} {
		if _, _, err := hostfuncs.WithTimeout(t.Context(), seconds, time.Second); !errors.Is(err, automation.ErrInvalid) {
			t.Errorf("%v seconds: %v", seconds, err)
		}
	}
	for seconds, want := range map[float64]time.Duration{0: time.Hour, 90: 90 * time.Second} {
		ctx, cancel, err := hostfuncs.WithTimeout(t.Context(), seconds, time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		deadline, _ := ctx.Deadline()
		if left := time.Until(deadline); left > want || left < want-10*time.Second {
			t.Errorf("%v seconds: %v left", seconds, left)
		}
		cancel()
	}
}

func TestText(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, in      string
		cut           bool
		text, encoded string
	}{
		{"text", "grüße", false, "grüße", ""},
		{"nothing", "", false, "", ""},
		{"nothing of something", "", true, "", ""},
		{"bytes", "\xff\x00", false, "", "/wA="},
		{"text that was cut inside a character", "gr\xc3", true, "gr", ""},
		{"text that was cut inside a long character", "a\xf0\x9f\x98", true, "a", ""},
		{"text that was cut between characters", "grü", true, "grü", ""},
		{"text that only looks cut", "gr\xc3", false, "", "Z3LD"},
		{"bytes that were cut", "\xff\xfe\xff", true, "", "//7/"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if text, encoded := hostfuncs.Text([]byte(tt.in), tt.cut); text != tt.text || encoded != tt.encoded {
				t.Errorf("got %q, %q", text, encoded)
			}
		})
	}
}

func FuzzText(f *testing.F) {
	f.Add([]byte("grüße"), true)
	f.Add([]byte{0xff}, false)
	f.Fuzz(func(t *testing.T, b []byte, cut bool) {
		text, encoded := hostfuncs.Text(b, cut)
		back, err := hostfuncs.Bytes(text, encoded, "body")
		if err != nil || len(b)-len(back) > 3 || (!cut && len(back) != len(b)) || string(back) != string(b[:len(back)]) {
			t.Fatalf("%q (%v) became %q, %v", b, cut, back, err)
		}
	})
}

func TestArtifactSpec(t *testing.T) {
	t.Parallel()
	may := automation.Capabilities{Artifacts: []automation.ArtifactCapability{{MaxBytes: 10}, {MaxBytes: 20}}}
	tests := []struct {
		name  string
		spec  hostfuncs.ArtifactSpec
		who   hostfuncs.Caller
		max   int64
		bytes int
		kind  string
	}{
		{"the most generous entry holds", hostfuncs.ArtifactSpec{Name: "a"}, hostfuncs.Caller{Grants: may, Artifacts: &hostfuncstest.Sink{}}, 0, 20, ""},
		{"and not a byte more", hostfuncs.ArtifactSpec{Name: "a"}, hostfuncs.Caller{Grants: may, Artifacts: &hostfuncstest.Sink{}}, 0, 21, "invalid"},
		{"a request may ask for less", hostfuncs.ArtifactSpec{Name: "a"}, hostfuncs.Caller{Grants: may, Artifacts: &hostfuncstest.Sink{}}, 5, 6, "invalid"},
		{"a request may not ask for more", hostfuncs.ArtifactSpec{Name: "a"}, hostfuncs.Caller{Grants: may, Artifacts: &hostfuncstest.Sink{}}, 50, 21, "invalid"},
		{"without the right", hostfuncs.ArtifactSpec{Name: "a"}, hostfuncs.Caller{Artifacts: &hostfuncstest.Sink{}}, 0, 1, "denied"},
		{"without a place", hostfuncs.ArtifactSpec{Name: "a"}, hostfuncs.Caller{Grants: may}, 0, 1, "unavailable"},
		{"a path", hostfuncs.ArtifactSpec{Name: "../a"}, hostfuncs.Caller{Grants: may, Artifacts: &hostfuncstest.Sink{}}, 0, 1, "invalid"},
		{"no name", hostfuncs.ArtifactSpec{}, hostfuncs.Caller{Grants: may, Artifacts: &hostfuncstest.Sink{}}, 0, 1, "invalid"},
		{"a line break in the type", hostfuncs.ArtifactSpec{Name: "a", MediaType: "a\nb"}, hostfuncs.Caller{Grants: may, Artifacts: &hostfuncstest.Sink{}}, 0, 1, "invalid"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := hostfuncs.Receive(t.Context(), tt.who, strings.NewReader(strings.Repeat("x", tt.bytes)), &tt.spec, tt.max)
			if (err != nil) != (tt.kind != "") || (err != nil && automation.KindOf(err) != tt.kind) {
				t.Errorf("got %v", err)
			}
		})
	}
}

// broken fails after a few bytes.
type broken struct{ left int }

func (b *broken) Read(p []byte) (int, error) {
	if b.left == 0 {
		return 0, errors.New("connection reset by peer")
	}
	n := min(b.left, len(p))
	b.left -= n
	return n, nil
}

func TestReceiveTellsABrokenSourceFromABrokenSink(t *testing.T) {
	t.Parallel()
	sink := &hostfuncstest.Sink{}
	who := hostfuncs.Caller{Artifacts: sink, Grants: automation.Capabilities{Artifacts: []automation.ArtifactCapability{{}}}}
	spec := &hostfuncs.ArtifactSpec{Name: "a"}
	if _, err := hostfuncs.Receive(t.Context(), who, &broken{100}, spec, 0); automation.KindOf(err) != "unavailable" {
		t.Errorf("a broken source gives %v", err)
	}
	if _, err := hostfuncs.Receive(t.Context(), who, &broken{100}, nil, 0); automation.KindOf(err) != "unavailable" {
		t.Errorf("a broken source without an artifact gives %v", err)
	}
	sink.Fail = errors.New("no space left on device")
	if _, err := hostfuncs.Receive(t.Context(), who, &broken{100}, spec, 0); automation.KindOf(err) != "internal" {
		t.Errorf("a broken sink gives %v", err)
	}
	if len(sink.Kept()) != 0 || len(sink.Aborted()) != 2 || sink.Open() != 0 {
		t.Errorf("kept %v, aborted %v", sink.Kept(), sink.Aborted())
	}
}

func TestDescribe(t *testing.T) {
	t.Parallel()
	type inner struct {
		At   time.Time `json:"at"`
		Note string    `json:"note,omitempty"`
	}
	type outer struct {
		inner
		Items  []json.RawMessage `json:"items"`
		Labels map[string]int    `json:"labels,omitempty"`
		Raw    []byte            `json:"raw"`
		Maybe  *bool             `json:"maybe,omitempty"`
		Any    any               `json:"any"`
		Hidden string            `json:"-"`
		Ratio  float64
	}
	f := hostfuncs.New("f", "Does.", nil, nil, func(context.Context, hostfuncs.Caller, greetRequest) (outer, error) { return outer{}, nil })
	set, err := hostfuncs.NewSet([]hostfuncs.Func{f})
	if err != nil {
		t.Fatal(err)
	}
	got := hostfuncs.Describe(set)
	want := hostfuncs.ABI{Version: 1, Functions: []hostfuncs.FunctionABI{{
		Name: "f", Doc: "Does.",
		Request: hostfuncs.Schema{Type: "object", Required: []string{"name"},
			Properties: map[string]hostfuncs.Schema{"name": {Type: "string", Description: "whom to greet"}}},
		Response: hostfuncs.Schema{Type: "object", Required: []string{"at", "items", "raw", "any", "Ratio"}, Properties: map[string]hostfuncs.Schema{
			"at": {Type: "string", Format: "date-time"}, "note": {Type: "string"},
			"items": {Type: "array", Items: &hostfuncs.Schema{}}, "labels": {Type: "object", Values: &hostfuncs.Schema{Type: "integer"}},
			"raw": {Type: "string", Format: "base64"}, "maybe": {Type: "boolean"}, "any": {}, "Ratio": {Type: "number"},
		}},
	}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// hungUp ends as if it were whole, while its reader is being canceled.
type hungUp struct{ cancel context.CancelFunc }

func (h hungUp) Read([]byte) (int, error) {
	h.cancel()
	return 0, io.EOF
}

func TestReceiveKeepsNothingOfAStreamThatEndsWithItsReader(t *testing.T) {
	t.Parallel()
	for _, spec := range []*hostfuncs.ArtifactSpec{nil, {Name: "heap"}} {
		ctx, cancel := context.WithCancel(t.Context())
		sink := &hostfuncstest.Sink{}
		who := hostfuncs.Caller{Artifacts: sink, Grants: automation.Capabilities{Artifacts: []automation.ArtifactCapability{{}}}}
		_, err := hostfuncs.Receive(ctx, who, io.MultiReader(strings.NewReader("half"), hungUp{cancel}), spec, 0)
		if automation.KindOf(err) != "canceled" || len(sink.Kept()) != 0 || sink.Open() != 0 {
			t.Errorf("%v, %d kept, %d open", err, len(sink.Kept()), sink.Open())
		}
	}
}
