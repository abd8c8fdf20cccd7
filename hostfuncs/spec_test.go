package hostfuncs_test

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/squall-dev/squall/hostfuncs"
	"github.com/squall-dev/squall/runtime/automation"
)

// paint changes a wall, unless it is asked what colour that has.
type paintRequest struct {
	Colour string `json:"colour,omitempty"`
}

type wall struct {
	colour string
}

func (w *wall) spec() hostfuncs.Spec[paintRequest, string] {
	return hostfuncs.Spec[paintRequest, string]{
		Name: "paint", Doc: "Paints the wall.",
		Describe: func(r paintRequest) string { return "paint " + r.Colour },
		Change: func(r paintRequest) *automation.HostChange {
			if r.Colour == "" {
				return nil
			}
			return &automation.HostChange{Verb: "paint", Target: "wall", Namespace: "house"}
		},
		Preview: func(_ context.Context, _ hostfuncs.Caller, r paintRequest) (string, string, error) {
			if r.Colour == "clear" {
				return "", "", automation.Invalid("clear is no colour")
			}
			return r.Colour, "-" + w.colour + "\n+" + r.Colour, nil
		},
		Do: func(_ context.Context, _ hostfuncs.Caller, r paintRequest) (string, error) {
			if r.Colour != "" {
				w.colour = r.Colour
			}
			return w.colour, nil
		},
	}
}

func TestDryRunChangesNothing(t *testing.T) {
	t.Parallel()
	w := &wall{"white"}
	f := w.spec().Func()
	if !f.Changes || hostfuncs.New("greet", "Greets.", nil, describe, greet).Changes {
		t.Error("it is not told which functions change something")
	}
	dry := hostfuncs.Caller{DryRun: true, Gate: func(automation.HostChange) (func(error), error) {
		t.Error("a dry run asked the gate")
		return nil, nil
	}}

	envelope, record := f.Call(t.Context(), dry, []byte(`{"colour":"red"}`))
	want := &automation.HostChange{Verb: "paint", Target: "wall", Namespace: "house", Diff: "-white\n+red"}
	if diff := cmp.Diff(want, record.Change); diff != "" || !record.WouldDo || string(envelope) != `{"ok":"red"}` || w.colour != "white" {
		t.Errorf("%s, would do: %v, reply %s, the wall is %s", diff, record.WouldDo, envelope, w.colour)
	}
	envelope, record = f.Call(t.Context(), dry, []byte(`{}`))
	if record.Change != nil || record.WouldDo || string(envelope) != `{"ok":"white"}` {
		t.Errorf("a reading request: %+v, reply %s", record, envelope)
	}
	if _, record = f.Call(t.Context(), dry, []byte(`{"colour":"clear"}`)); record.WouldDo || record.Error != "invalid" {
		t.Errorf("a request that could not be carried out: %+v", record)
	}
}

func TestGateIsAskedBeforeAChange(t *testing.T) {
	t.Parallel()
	w := &wall{"white"}
	f := w.spec().Func()
	asked, settled, strike := 0, 0, true
	who := hostfuncs.Caller{Gate: func(c automation.HostChange) (func(error), error) {
		asked++
		if c.Target == "wall" && strike {
			return nil, automation.Denied("the painters are on strike")
		}
		return func(err error) {
			if settled++; err != nil {
				t.Errorf("settled with %v", err)
			}
		}, nil
	}}
	if _, record := f.Call(t.Context(), who, nil); asked != 0 || record.Error != "" {
		t.Errorf("asked %d times for a reading request; %+v", asked, record)
	}
	if _, record := f.Call(t.Context(), who, []byte(`{"colour":"red"}`)); asked != 1 || record.Error != "denied" || !record.Held || w.colour != "white" {
		t.Errorf("asked %d times, %+v, the wall is %s", asked, record, w.colour)
	}
	strike = false
	if _, record := f.Call(t.Context(), who, []byte(`{"colour":"red"}`)); settled != 1 || record.Error != "" || record.Held || w.colour != "red" {
		t.Errorf("settled %d times, %+v, the wall is %s", settled, record, w.colour)
	}
}

func TestTheOperatorNarrowsWhatAPackMay(t *testing.T) {
	t.Parallel()
	f := hostfuncs.New("keep", "Keeps.", hostfuncs.ArtifactsGranted, nil,
		func(context.Context, hostfuncs.Caller, greetRequest) (greetResponse, error) {
			return greetResponse{}, nil
		})
	files := automation.Capabilities{Artifacts: []automation.ArtifactCapability{{}}}
	for _, tt := range []struct {
		name    string
		grants  automation.Capabilities
		ceiling *automation.Capabilities
		hint    string // empty: allowed
	}{
		{"asked for and not narrowed", files, nil, ""},
		{"asked for and granted", files, &files, ""},
		{"granted and not asked for", automation.Capabilities{}, &files, "add to pack.yaml"},
		{"asked for and not granted", files, &automation.Capabilities{}, "squall pack capabilities demo"},
	} {
		envelope, record := f.Call(t.Context(), hostfuncs.Caller{Pack: "demo", Grants: tt.grants, Ceiling: tt.ceiling}, nil)
		if (record.Error == "denied") != (tt.hint != "") || !strings.Contains(string(envelope), tt.hint) {
			t.Errorf("%s: %+v, %s", tt.name, record, envelope)
		}
	}
}

func TestRepliesAndRecordsAreScrubbed(t *testing.T) {
	t.Parallel()
	f := hostfuncs.New("greet", "Greets.", nil, describe, greet)
	who := hostfuncs.Caller{Scrub: func(b []byte) []byte { return bytes.ReplaceAll(b, []byte("hunter2"), []byte("***")) }}
	envelope, record := f.Call(t.Context(), who, []byte(`{"name":"hunter2"}`))
	w := &wall{"white"}
	who.DryRun = true
	if _, painted := w.spec().Func().Call(t.Context(), who, []byte(`{"colour":"hunter2"}`)); painted.Change.Diff != "-white\n+***" {
		t.Errorf("the diff of a dry run: %q", painted.Change.Diff)
	}
	if string(envelope) != `{"ok":{"text":"hello *** from "}}` || record.Detail != "greet ***" || record.ReplyBytes != len(envelope) {
		t.Errorf("%s, %+v", envelope, record)
	}
}
