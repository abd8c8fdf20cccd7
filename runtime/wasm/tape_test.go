package wasm

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/squall-dev/squall/hostfuncs"
	"github.com/squall-dev/squall/runtime/automation"
)

// recorded runs a call with a tape, and checks that the tape outlives being stored.
func recorded(t *testing.T, m *Module, c Call) (Result, *automation.Tape) {
	t.Helper()
	c.Record = true
	res := call(t, m, c)
	data, err := json.Marshal(res.Tape)
	if err != nil {
		t.Fatal(err)
	}
	tape := &automation.Tape{}
	if err := json.Unmarshal(data, tape); err != nil {
		t.Fatal(err)
	}
	return res, tape
}

// replayed runs a call from a tape, on an engine whose host functions nobody may ask.
func replayed(t *testing.T, code []byte, c Call, tape *automation.Tape) Result {
	t.Helper()
	set, err := hostfuncs.NewSet([]hostfuncs.Func{hostfuncs.New("greet", "Greets.", nil, nil,
		func(context.Context, hostfuncs.Caller, greeting) (string, error) {
			t.Error("a replay asked the world")
			return "", nil
		})})
	if err != nil {
		t.Fatal(err)
	}
	e := newEngine(t, Options{HostFuncs: set})
	m, err := e.LoadProgram(t.Context(), "replay", code, Program{Start: &tape.Start})
	if err != nil {
		t.Fatal(err)
	}
	c.Record, c.Replay = false, tape
	return call(t, m, c)
}

func TestReplaySaysTheSame(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, module string
		call         Call
	}{
		{"random numbers and the time", "random", Call{Export: "run"}},
		{"a host call", "behave", Call{Export: "ask"}},
		{"a program's host call", "channel", Call{Export: "x", Input: []byte(`{}`)}},
		{"a host function that is imported", "direct", Call{Export: "run"}},
		{"a program that starts anew", "exit", Call{Export: "x"}},
		{"a crash", "behave", Call{Export: "trap"}},
		{"the end of fuel", "behave", Call{Export: "spin", Limits: automation.Limits{Fuel: 1_000_000}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m := load(t, newEngine(t, Options{}), tt.module)
			for range 3 {
				want, tape := recorded(t, m, tt.call)
				sameRun(t, want, replayed(t, fixture(t, tt.module), tt.call, tape))
			}
		})
	}
}

func sameRun(t *testing.T, want, got Result) {
	t.Helper()
	if got.Difference != nil {
		t.Errorf("the replay differs at host call %d", got.Difference.Call)
	}
	if got.Code != want.Code || got.Message != want.Message || !bytes.Equal(got.Output, want.Output) || got.Usage.Fuel != want.Usage.Fuel {
		t.Errorf("replayed %q %q %s (fuel %d)\nrecorded %q %q %s (fuel %d)", got.Code, got.Message, got.Output, got.Usage.Fuel,
			want.Code, want.Message, want.Output, want.Usage.Fuel)
	}
}

// A real runtime draws random numbers, orders its maps by them, reads clocks all the
// time and sleeps; frozen or not, all of it comes back.
func TestReplayOfAGoGuest(t *testing.T) {
	t.Parallel()
	if testing.Short() || raceEnabled {
		t.Skip("compiling a Go program takes a second, and half a minute under the race detector")
	}
	e := newEngine(t, Options{})
	for kind, flags := range map[string][]string{"reactor": {"-buildmode=c-shared"}, "command": nil} {
		code := buildGo(t, flags...)
		m, err := e.Load(t.Context(), kind, code)
		if err != nil {
			t.Fatal(err)
		}
		outputs := map[string]bool{}
		for range 5 {
			c := Call{Export: "run", Input: []byte(`{"name":"a","dice":true,"order":true,"sleep":"3ms","n":3}`)}
			want, tape := recorded(t, m, c)
			if want.Code != "" || tape.Incomplete != "" {
				t.Fatalf("%s: %s %s, tape incomplete: %q", kind, want.Code, want.Message, tape.Incomplete)
			}
			outputs[string(want.Output)] = true
			sameRun(t, want, replayed(t, code, c, tape))
		}
		if len(outputs) != 5 {
			t.Errorf("%s: 5 recorded runs gave %d outputs: there was nothing to repeat", kind, len(outputs))
		}
	}
}

func TestReplayEndsAtTheFirstHostCallThatDiffers(t *testing.T) {
	t.Parallel()
	m := load(t, newEngine(t, Options{}), "behave")
	_, tape := recorded(t, m, Call{Export: "ask"})
	if len(tape.Calls) != 1 || tape.Calls[0].Name != "greet" || string(tape.Calls[0].Reply) != `{"ok":"hello x"}` {
		t.Fatalf("tape is %+v", tape.Calls)
	}
	code := fixture(t, "behave")

	other := *tape
	other.Calls = []automation.TapeCall{{Name: "greet", Request: json.RawMessage(`{"name":"me"}`), Reply: tape.Calls[0].Reply}}
	res := replayed(t, code, Call{Export: "ask"}, &other)
	want := &Difference{Recorded: &other.Calls[0], Replayed: &automation.TapeCall{Name: "greet", Request: tape.Calls[0].Request}}
	if diff := cmp.Diff(want, res.Difference); diff != "" || res.Code != automation.CodeDiverged {
		t.Errorf("another request: code %q, %s", res.Code, diff)
	}

	other.Calls = nil
	res = replayed(t, code, Call{Export: "ask"}, &other)
	if res.Code != automation.CodeDiverged || res.Difference == nil || res.Difference.Recorded != nil || res.Difference.Replayed == nil {
		t.Errorf("a call too many: code %q, %+v", res.Code, res.Difference)
	}

	res = replayed(t, code, Call{Export: "silent"}, tape)
	if res.Code != "" || res.Difference == nil || res.Difference.Replayed != nil || res.Difference.Recorded == nil {
		t.Errorf("a call too few: code %q, %+v", res.Code, res.Difference)
	}
}

func TestTapeIsBounded(t *testing.T) {
	t.Parallel()
	r := &recorder{}
	for range maxClocks {
		r.reading(clockWall, 1<<40)
		r.reading(clockWall, 0)
	}
	if tape := (&run{module: &Module{}, world: world{record: r}}).tape(); tape.Clocks != nil || !strings.Contains(tape.Incomplete, "clocks") {
		t.Errorf("%d bytes of clocks, incomplete: %q", len(tape.Clocks), tape.Incomplete)
	}
	r = &recorder{}
	for _, tt := range []struct {
		size, kept int
		limit      string
	}{{automation.LargeBody, maxTape / automation.LargeBody, "8 MiB"}, {maxLarge / 4, 4, "64 MiB"}} {
		r = &recorder{}
		for range tt.kept + 2 {
			r.call("a", nil, make([]byte, tt.size))
		}
		if tape := (&run{module: &Module{}, world: world{record: r}}).tape(); len(tape.Calls) != tt.kept || !strings.Contains(tape.Incomplete, tt.limit) {
			t.Errorf("bodies of %d bytes: %d calls, incomplete: %q", tt.size, len(tape.Calls), tape.Incomplete)
		}
	}
}

// What a pack may see is not what history may keep.
func TestARevealedSecretEndsTheTape(t *testing.T) {
	t.Parallel()
	r := &recorder{scrub: func(b []byte) []byte { return bytes.ReplaceAll(b, []byte("s3cret"), []byte("***")) }}
	r.call("secret", []byte(`{}`), []byte(`{"ok":{"value":"s3cret"}}`))
	r.call("log", []byte(`{}`), []byte(`{}`))
	if len(r.calls) != 1 || string(r.calls[0].Reply) != `{"ok":{"value":"***"}}` || !strings.Contains(r.partial, "revealed") {
		t.Errorf("%d calls, the first %s; incomplete: %q", len(r.calls), r.calls[0].Reply, r.partial)
	}
}
