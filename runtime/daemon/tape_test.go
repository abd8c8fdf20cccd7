package daemon

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/squall-dev/squall/runtime/automation"
)

// dicePack has an action whose output nobody could guess: random bytes and the time.
func dicePack(t testing.TB) map[string]string {
	t.Helper()
	module, err := os.ReadFile("../wasm/testdata/random.wasm")
	if err != nil {
		t.Fatal(err)
	}
	return map[string]string{
		"pack.wasm":         string(module),
		"pack.yaml":         "name: dice\nversion: 1.0.0\ndescription: Throws dice.\nauthor: test\n",
		"actions/roll.yaml": "name: roll\nrunner_type: wasm\nentry_point: pack.wasm\nexport: run\n",
	}
}

// A thousand executions, half of which ask the world, are replayed: each says again
// what it said, and the world is not asked again.
func TestReplayOfAThousandExecutions(t *testing.T) {
	t.Parallel()
	each := 500
	if testing.Short() {
		each = 20
	}
	var asked atomic.Int64
	world := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = fmt.Fprintf(w, `{"visitor":%d}`, asked.Add(1)) // the guest's end of the line
	}))
	t.Cleanup(world.Close)
	dir := t.TempDir()
	writePack(t, dir, "dice", dicePack(t))
	writePack(t, dir, "relay", relayPack(world.URL))
	h := serve(t, dir, nil)

	var ids []string
	for range each {
		for action, parameters := range map[automation.Ref]map[string]any{"dice.roll": nil, "relay.relay": {"url": world.URL, "body": "knock"}} {
			x, err := h.Run(t.Context(), action, parameters)
			if err != nil {
				t.Fatal(err)
			}
			ids = append(ids, x.ID)
		}
	}
	outputs := map[string]bool{}
	for _, id := range ids {
		if x := h.final(id); x.Status != automation.Succeeded {
			t.Fatalf("%s: %s %s", x.Action, x.Status, x.Message)
		} else {
			outputs[string(x.Output)] = true
		}
	}
	if len(outputs) < len(ids)*9/10 {
		t.Errorf("%d executions said only %d different things", len(ids), len(outputs))
	}
	before := asked.Load()
	replayAll(t, h, ids)
	if now := asked.Load(); now != before || before != int64(each) {
		t.Errorf("the world was asked %d times by the executions, and %d times by the replays", before, now-before)
	}
}

func replayAll(t *testing.T, h *harness, ids []string) {
	t.Helper()
	var workers sync.WaitGroup
	for part := range 4 {
		workers.Go(func() {
			for n := part; n < len(ids); n += 4 {
				r, err := h.Replay(t.Context(), ids[n], 0, nil)
				if err != nil {
					t.Errorf("%s: %v", ids[n], err)
					return
				}
				if !r.Same || !r.SameModule || r.Differs != nil || r.Recorded.Fuel != r.Replayed.Fuel {
					t.Errorf("%s: %+v", ids[n], r)
				}
			}
		})
	}
	workers.Wait()
}

func TestTapeOfAnExecution(t *testing.T) {
	t.Parallel()
	world := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("hello")) }))
	t.Cleanup(world.Close)
	dir := t.TempDir()
	writePack(t, dir, "dice", dicePack(t))
	writePack(t, dir, "relay", relayPack(world.URL))
	h := serve(t, dir, nil)
	x, err := h.Run(t.Context(), "relay.relay", map[string]any{"url": world.URL, "body": "knock"})
	if err != nil {
		t.Fatal(err)
	}
	h.final(x.ID)

	tape, err := h.Tape(t.Context(), x.ID, 0)
	if err != nil {
		t.Fatal(err)
	}
	if len(tape.Items) != 1 || tape.Attempt != 1 || tape.Incomplete != "" || len(tape.Module) != 64 {
		t.Fatalf("tape is %+v", tape)
	}
	call := tape.Items[0]
	if call.Name != "http_send" || !strings.Contains(string(call.Request), world.URL) || !strings.Contains(string(call.Reply), `"body":"hello"`) ||
		call.Duration <= 0 || call.StartedAt.Before(tape.StartedAt) {
		t.Errorf("call is %+v", call)
	}

	code, err := os.ReadFile("../wasm/testdata/random.wasm")
	if err != nil {
		t.Fatal(err)
	}
	_, err = h.Replay(t.Context(), x.ID, 0, code)
	wantCode(t, "a module without the action", err, "unknown_export")
	_, err = h.Replay(t.Context(), x.ID, 0, []byte("nonsense"))
	wantCode(t, "no module at all", err, "invalid_module")
	_, err = h.Replay(t.Context(), x.ID, 7, nil)
	wantCode(t, "an attempt that is not there", err, "unknown_attempt")
	_, err = h.Tape(t.Context(), x.ID, 7)
	wantCode(t, "the tape of an attempt that is not there", err, "unknown_attempt")
	_, err = h.Replay(t.Context(), strings.Repeat("0", 24), 0, nil)
	wantCode(t, "an execution that is not there", err, "unknown_execution")
}

// Large bodies lie as artifacts, beside the history's rows, and are there for a replay.
func TestLargeBodiesOfATapeAreArtifacts(t *testing.T) {
	t.Parallel()
	large := strings.Repeat("a large answer, ", 6000)
	world := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(large)) }))
	t.Cleanup(world.Close)
	dir := t.TempDir()
	writePack(t, dir, "relay", relayPack(world.URL))
	h := serve(t, dir, nil)
	knock := strings.Repeat("knock", 8000)
	x, err := h.Run(t.Context(), "relay.relay", map[string]any{"url": world.URL, "body": knock})
	if err != nil {
		t.Fatal(err)
	}
	if x = h.final(x.ID); x.Status != automation.Succeeded || len(x.Artifacts) != 2 {
		t.Fatalf("%s %s, artifacts %+v", x.Status, x.Message, x.Artifacts)
	}
	tape, err := h.Tape(t.Context(), x.ID, 0)
	if err != nil || len(tape.Items) != 1 {
		t.Fatalf("%+v, %v", tape, err)
	}
	call := tape.Items[0]
	if call.Request != nil || call.Reply != nil || call.RequestIn == nil || call.ReplyIn == nil || call.ReplyIn.Size < int64(len(large)) {
		t.Fatalf("call is %+v", call)
	}
	if body := h.get("/api/v1/artifacts/" + call.RequestIn.Artifact + "/content"); !strings.Contains(body, knock) {
		t.Errorf("the request's artifact begins %.60s", body)
	}
	r, err := h.Replay(t.Context(), x.ID, 0, nil)
	if err != nil || !r.Same {
		t.Errorf("replay: %+v, %v", r, err)
	}
	if c := h.get("/api/v1/executions/" + x.ID + "/case"); !strings.Contains(c, knock) || strings.Contains(c, call.ReplyIn.Artifact) {
		t.Errorf("the case for a test lacks the bodies: %.200s", c)
	}
	if err := os.RemoveAll(filepath.Join(dir, "data", "artifacts")); err != nil {
		t.Fatal(err)
	}
	_, err = h.Replay(t.Context(), x.ID, 0, nil)
	wantCode(t, "a body that is gone", err, "incomplete_tape")
}

func wantCode(t *testing.T, name string, err error, code string) {
	t.Helper()
	var e *automation.Error
	if !errors.As(err, &e) || e.Code != code {
		t.Errorf("%s: %v, want code %s", name, err, code)
	}
}

// Another build of the module, which asks for something else.
func TestReplayWithAnotherModule(t *testing.T) {
	t.Parallel()
	world := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(world.Close)
	dir := t.TempDir()
	relay, err := testdata.ReadFile("testdata/relay.wasm")
	if err != nil {
		t.Fatal(err)
	}
	writePack(t, dir, "relay", relayPack(world.URL))
	h := serve(t, dir, nil)
	x, err := h.Run(t.Context(), "relay.relay", map[string]any{"url": world.URL, "body": "knock"})
	if err != nil {
		t.Fatal(err)
	}
	h.final(x.ID)
	other := strings.Replace(string(relay), "relaying", "replayed", 1)
	r, err := h.Replay(t.Context(), x.ID, 1, []byte(other))
	if err != nil {
		t.Fatal(err)
	}
	if !r.Same || r.SameModule || len(r.Log) != 1 || r.Log[0].Text != "replayed" {
		t.Errorf("one that only logs something else: %+v", r)
	}
	// i32.const 64, call input_len, call http_send: the request begins a byte later.
	other = strings.Replace(string(relay), "\x41\xc0\x00\x10\x00\x10\x05", "\x41\xc1\x00\x10\x00\x10\x05", 1)
	if other == string(relay) {
		t.Fatal("the module does not have the code that is to be changed")
	}
	r, err = h.Replay(t.Context(), x.ID, 1, []byte(other))
	if err != nil {
		t.Fatal(err)
	}
	if r.Same || r.Differs == nil || r.Differs.Number != 1 || r.Replayed.Code != automation.CodeDiverged || !json.Valid(r.Differs.Replayed.Request) {
		t.Errorf("one that asks for something else: %+v, %+v", r, r.Differs)
	}
}
