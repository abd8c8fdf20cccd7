package run

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/squall-dev/squall/hostfuncs"
	"github.com/squall-dev/squall/runtime/automation"
)

// server runs every action at once, and remembers what it was asked.
type server struct {
	asked []automation.ChildRun
	ends  automation.Execution
	err   error
}

func (s *server) run(_ context.Context, r automation.ChildRun) (automation.Execution, error) {
	s.asked = append(s.asked, r)
	return s.ends, s.err
}

func caller(s *server) hostfuncs.Caller {
	return hostfuncs.Caller{Grants: automation.Capabilities{Actions: []string{"core.*", "shop.dump"}}, Run: s.run}
}

func ended(status automation.Status, output string) automation.Execution {
	return automation.Execution{ExecutionSummary: automation.ExecutionSummary{ID: "65f0c0de0000000000000003", Status: status}, Output: json.RawMessage(output)}
}

func TestActionRun(t *testing.T) {
	t.Parallel()
	failed := ended(automation.Failed, "")
	failed.Code, failed.Message = automation.CodeExitCode, "no"
	busy := errors.New("a fault with a secret path")
	for _, tt := range []struct {
		name, request string
		ends          automation.Execution
		err           error
		want, hint    string
	}{
		{"a success", `{"action":"core.echo","parameters":{"n":12345678901234567890},"wait":true}`, ended(automation.Succeeded, `{"x":1}`), nil,
			`{"ok":{"execution":"65f0c0de0000000000000003","status":"succeeded","output":{"x":1}}}`, ""},
		{"a failure is an answer", `{"action":"core.echo","wait":true}`, failed, nil,
			`{"ok":{"execution":"65f0c0de0000000000000003","status":"failed","code":"exit_code","message":"no"}}`, ""},
		{"a beginning", `{"action":"shop.dump"}`, ended(automation.Pending, ""), nil, `{"ok":{"execution":"65f0c0de0000000000000003","status":"pending"}}`, ""},
		{"an output that is too large for a reply", `{"action":"core.echo","wait":true}`, ended(automation.Succeeded, `"`+strings.Repeat("x", hostfuncs.MaxReplyBytes)+`"`), nil,
			`{"ok":{"execution":"65f0c0de0000000000000003","status":"succeeded","output_too_large":true}}`, ""},
		{"an action that the pack did not name", `{"action":"shop.burn"}`, failed, nil, `"kind":"denied"`, `- \"shop.burn\"`},
		{"a reference that is none", `{"action":"echo"}`, failed, nil, `"kind":"invalid"`, "core.echo"},
		{"a time without waiting", `{"action":"core.echo","timeout_seconds":3}`, failed, nil, `"kind":"invalid"`, "wait"},
		{"a time that is none", `{"action":"core.echo","wait":true,"timeout_seconds":-3}`, failed, nil, `"kind":"invalid"`, "seconds"},
		{"parameters that are no object", `{"action":"core.echo","parameters":[1]}`, failed, nil, `"kind":"invalid"`, ""},
		{"an action that is not there", `{"action":"core.nope"}`, failed, automation.NotFound("no").WithHint("look"), `"kind":"not_found"`, "look"},
		{"a fault of the server stays there", `{"action":"core.echo"}`, failed, busy, `"kind":"unavailable"`, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := &server{ends: tt.ends, err: tt.err}
			got, record := function(t).Call(t.Context(), caller(s), []byte(tt.request))
			if !strings.Contains(string(got), tt.want) || !strings.Contains(string(got), tt.hint) || strings.Contains(string(got), "secret path") {
				t.Errorf("got %.300s", got)
			}
			if refused := strings.Contains(tt.want, "denied") || strings.Contains(tt.want, "invalid"); refused == (len(s.asked) > 0) {
				t.Errorf("asked %+v", s.asked)
			}
			if record.Change == nil || record.Change.Verb != "run" || !strings.HasPrefix(record.Change.Target, "action/") {
				t.Errorf("change %+v", record.Change)
			}
		})
	}
}

func TestNumbersArriveAsTheyWereSent(t *testing.T) {
	t.Parallel()
	s := &server{ends: ended(automation.Succeeded, "")}
	function(t).Call(t.Context(), caller(s), []byte(`{"action":"core.echo","parameters":{"n":12345678901234567890},"wait":true}`))
	want := []automation.ChildRun{{Action: "core.echo", Parameters: map[string]any{"n": json.Number("12345678901234567890")}, Wait: true}}
	if diff := cmp.Diff(want, s.asked); diff != "" {
		t.Error(diff)
	}
}

func TestTheOperatorsGrantBoundsWhatMayRun(t *testing.T) {
	t.Parallel()
	s := &server{ends: ended(automation.Succeeded, "")}
	who := caller(s)
	who.Ceiling = &automation.Capabilities{Actions: []string{"shop.*"}}
	if got, _ := function(t).Call(t.Context(), who, []byte(`{"action":"core.echo"}`)); !strings.Contains(string(got), "denied") || len(s.asked) != 0 {
		t.Errorf("got %s, asked %+v", got, s.asked)
	}
	if got, _ := function(t).Call(t.Context(), who, []byte(`{"action":"shop.dump"}`)); len(s.asked) != 1 {
		t.Errorf("got %s", got)
	}
}

// The preview asks the same server, whose dry runs have dry children.
func TestADryRunRunsADryChild(t *testing.T) {
	t.Parallel()
	s := &server{ends: ended(automation.Succeeded, `"plausible"`)}
	who := caller(s)
	who.DryRun = true
	got, record := function(t).Call(t.Context(), who, []byte(`{"action":"core.echo","wait":true}`))
	if !record.WouldDo || len(s.asked) != 1 || !strings.Contains(string(got), "plausible") {
		t.Errorf("got %s, record %+v", got, record)
	}
}

func TestWithoutAServerNothingRuns(t *testing.T) {
	t.Parallel()
	who := caller(&server{})
	who.Run = nil
	if got, _ := function(t).Call(t.Context(), who, []byte(`{"action":"core.echo"}`)); !strings.Contains(string(got), `"unavailable"`) {
		t.Errorf("got %s", got)
	}
	if got, _ := function(t).Call(t.Context(), hostfuncs.Caller{}, []byte(`{"action":"core.echo"}`)); !strings.Contains(string(got), `capabilities: {actions`) {
		t.Errorf("got %s", got)
	}
}

func function(t *testing.T) hostfuncs.Func {
	t.Helper()
	set, err := hostfuncs.NewSet(New().Funcs())
	if err != nil {
		t.Fatal(err)
	}
	return set["action_run"]
}

// Whatever a guest sends, it gets an envelope.
func FuzzActionRun(f *testing.F) {
	f.Add([]byte(`{"action":"core.echo","parameters":{"a":[1,{"b":null}]},"wait":true,"timeout_seconds":1e308}`))
	f.Add([]byte(`{"action":"","parameters":"x"}`))
	f.Add([]byte("\xff{"))
	set, err := hostfuncs.NewSet(New().Funcs())
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, request []byte) {
		who := caller(&server{ends: ended(automation.Succeeded, "1")})
		envelope, _ := set["action_run"].Call(t.Context(), who, request)
		var reply map[string]json.RawMessage
		if err := json.Unmarshal(envelope, &reply); err != nil || len(reply) != 1 || reply["ok"] == nil && reply["error"] == nil {
			t.Errorf("%s: %v", envelope, err)
		}
	})
}
