package daemon

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/client"
)

// TestKillLosesNothing kills the server with SIGKILL at random moments under
// load, again and again on the same data, and then checks the promises:
//
//   - every webhook that was answered 202 is stored, with one verdict for its
//     rule and one execution;
//   - each execution ran as often as its attempts say: an attempt that ended ran
//     once, one that was lost ran at most once;
//   - nothing hangs: every execution comes to an end.
//
// SQUALL_KILL_ROUNDS sets the number of kills; the seed is printed.
func TestKillLosesNothing(t *testing.T) {
	rounds := 5
	if text := os.Getenv("SQUALL_KILL_ROUNDS"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil {
			t.Fatal(err)
		}
		rounds = n
	}
	if testing.Short() {
		rounds = 2
	}
	seed := uint64(time.Now().UnixNano())
	t.Logf("%d kills, seed %d", rounds, seed)
	random := rand.New(rand.NewPCG(seed, 0))
	k := newKillBench(t)
	for range rounds {
		k.round(1 + time.Duration(random.IntN(500)))
	}
	k.verify(rounds)
}

// killBench is the data that survives, and what the world outside saw.
type killBench struct {
	t    *testing.T
	dir  string
	next atomic.Int64 // number of the next event

	mu           sync.Mutex       // guards all below
	acknowledged map[int64]string // event number -> event id
	hits         map[string]int   // body -> how often it was posted
	token        string
	api          *client.Client
}

func newKillBench(t *testing.T) *killBench {
	k := &killBench{t: t, dir: t.TempDir(), acknowledged: map[int64]string{}, hits: map[string]int{}}
	world := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return // the sender was killed
		}
		k.mu.Lock()
		k.hits[string(body)]++
		k.mu.Unlock()
	}))
	t.Cleanup(world.Close)
	writePack(t, k.dir, "relay", relayPack(world.URL))
	return k
}

// process is a running server.
type process struct {
	cmd *exec.Cmd
	url string
}

func (k *killBench) start() process {
	k.t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), serverEnv+"="+k.dir)
	cmd.Stderr = os.Stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		k.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		k.t.Fatal(err)
	}
	line, err := bufio.NewReader(stdout).ReadBytes('\n')
	var s Started
	if err == nil {
		err = json.Unmarshal(line, &s)
	}
	if err != nil {
		_ = cmd.Process.Kill()
		k.t.Fatalf("the server did not start: %v", err)
	}
	if s.AdminToken != "" {
		k.token = s.AdminToken
	}
	return process{cmd, s.URL}
}

// round starts the server, loads it and kills it after so many milliseconds.
func (k *killBench) round(milliseconds time.Duration) {
	p := k.start()
	ctx, cancel := context.WithCancel(context.Background())
	var senders sync.WaitGroup
	for range 8 {
		senders.Go(func() { k.send(ctx, p.url) })
	}
	time.Sleep(milliseconds * time.Millisecond) // the random moment
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait()
	cancel()
	senders.Wait()
}

// send posts events until the server is gone, and notes which were acknowledged.
func (k *killBench) send(ctx context.Context, url string) {
	for ctx.Err() == nil {
		n := k.next.Add(1)
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, url+"/api/v1/webhooks/count", strings.NewReader(fmt.Sprintf(`{"n":"%d"}`, n)))
		if err != nil {
			k.t.Error(err)
			return
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			return // killed
		}
		var a automation.Accepted
		err = json.NewDecoder(resp.Body).Decode(&a)
		resp.Body.Close()
		if resp.StatusCode != http.StatusAccepted {
			k.t.Errorf("webhook answered %d", resp.StatusCode)
			return
		}
		k.mu.Lock()
		k.acknowledged[n] = a.Event // "" when the connection died inside the answer
		k.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// verify lets the server finish its work, and compares what it tells with what
// the world saw.
func (k *killBench) verify(rounds int) {
	t := k.t
	p := k.start()
	defer func() { _ = p.cmd.Process.Kill(); _ = p.cmd.Wait() }()
	api, err := client.New(client.Options{BaseURL: p.url, Token: k.token})
	if err != nil {
		t.Fatal(err)
	}
	k.waitIdle(api)
	byNumber := k.storedByNumber(api)
	lost, attempts := 0, 0
	for n, event := range k.acknowledged {
		ev, ok := byNumber[n]
		if !ok {
			t.Errorf("event %d was acknowledged as %q and is not there", n, event)
			continue
		}
		if event != "" && ev.ID != event {
			t.Errorf("event %d was acknowledged as %s and is stored as %s", n, event, ev.ID)
		}
		l, a := k.verifyEvent(ev, n)
		lost, attempts = lost+l, attempts+a
	}
	t.Logf("%d kills: %d events acknowledged, %d stored, %d attempts, %d of them lost", rounds, len(k.acknowledged), len(byNumber), attempts, lost)
	if len(k.acknowledged) < rounds {
		t.Errorf("only %d events were acknowledged in %d rounds: the load was no load", len(k.acknowledged), rounds)
	}
}

// verifyEvent checks one event and returns how many attempts were lost and made.
func (k *killBench) verifyEvent(ev automation.Event, n int64) (lost, attempts int) {
	t := k.t
	if len(ev.Verdicts) != 1 || ev.Verdicts[0].Outcome != automation.Matched || len(ev.Executions) != 1 {
		t.Errorf("event %d has verdicts %+v and executions %+v, want one match and one execution", n, ev.Verdicts, ev.Executions)
		return 0, 0
	}
	x := k.execution(ev.Executions[0].ID)
	ended := 0
	for _, a := range x.AttemptList {
		switch a.Status {
		case automation.AttemptLost:
			lost++
		case automation.AttemptSucceeded:
			ended++
		case automation.AttemptRunning, automation.AttemptFailed, automation.AttemptTimedOut, automation.AttemptCanceled, automation.AttemptInterrupted:
			t.Errorf("event %d: attempt %d is %s: %s", n, a.Number, a.Status, a.Message)
		}
	}
	hits := k.hits[strconv.FormatInt(n, 10)]
	if hits < ended || hits > ended+lost {
		t.Errorf("event %d ran %d times; its attempts say %d ended and %d lost", n, hits, ended, lost)
	}
	if ok := x.Status == automation.Succeeded && ended == 1 || x.Status == automation.Failed && x.Code == automation.CodeLost && lost == 3; !ok {
		t.Errorf("event %d: execution is %s (%s) after %d ended and %d lost attempts", n, x.Status, x.Code, ended, lost)
	}
	return lost, ended + lost
}

func (k *killBench) execution(id string) automation.Execution {
	k.t.Helper()
	x, err := k.api.Execution(k.t.Context(), id)
	if err != nil {
		k.t.Fatal(err)
	}
	return x
}

// waitIdle waits until nothing is pending or running.
func (k *killBench) waitIdle(api *client.Client) {
	k.api = api
	deadline := time.Now().Add(3 * time.Minute)
	for {
		l, err := api.Executions(k.t.Context(), client.ExecutionQuery{Page: client.Page{Limit: 1}})
		if err != nil {
			k.t.Fatal(err)
		}
		open := l.Counts[automation.Pending] + l.Counts[automation.Running]
		if open == 0 {
			return
		}
		if time.Now().After(deadline) {
			k.t.Fatalf("%d executions hang: %v", open, l.Counts)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// storedByNumber reads every event back, with verdicts and executions.
func (k *killBench) storedByNumber(api *client.Client) map[int64]automation.Event {
	out := map[int64]automation.Event{}
	for after := ""; ; {
		l, err := api.Events(k.t.Context(), client.EventQuery{Page: client.Page{Limit: 1000, After: after}})
		if err != nil {
			k.t.Fatal(err)
		}
		for _, e := range l.Items {
			full, err := api.Event(k.t.Context(), e.ID)
			if err != nil {
				k.t.Fatal(err)
			}
			var payload struct{ Body struct{ N string } }
			if err := json.Unmarshal(full.Payload, &payload); err != nil {
				k.t.Fatal(err)
			}
			n, err := strconv.ParseInt(payload.Body.N, 10, 64)
			if err != nil {
				k.t.Fatal(err)
			}
			if _, twice := out[n]; twice {
				k.t.Errorf("event %d is stored twice", n)
			}
			out[n] = full
		}
		if after = l.Next; after == "" {
			return out
		}
	}
}
