package torture

import (
	"bytes"
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
)

// bench is the data that survives, the load, and what the world outside saw.
type bench struct {
	*run
	dir     string
	next    atomic.Int64 // number of the last event that was sent
	changed atomic.Int64 // number of the last key that was set or deleted
	world   *http.Server
	hitMe   string

	mu       sync.Mutex              // guards all below
	answered map[int64]string        // event number -> event id, "" when only the status came through
	hits     map[string]int          // body -> how often it was posted
	statuses map[int]int             // answers to webhooks
	refused  map[int64]bool          // event numbers that were answered 503
	secrets  []string                // names of those that were stored
	changes  []change                // what was asked that leaves an audit record
	heads    []automation.AuditPlace // of the audit chain, as they were seen
	strange  []string                // answers that no sender should get
}

// newBench lays out a data directory with a pack, and the world that it calls.
func (r *run) newBench(name string) (*bench, error) {
	b := &bench{run: r, dir: filepath.Join(r.dir, name), answered: map[int64]string{}, hits: map[string]int{}, statuses: map[int]int{}, refused: map[int64]bool{}}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen: %w", err)
	}
	b.world = &http.Server{Handler: http.HandlerFunc(b.hit), ReadHeaderTimeout: time.Minute}
	go func() { _ = b.world.Serve(listener) }() // ends with close
	b.hitMe = "http://" + listener.Addr().String()
	return b, b.writePack(filepath.Join(b.dir, "packs", "relay"))
}

func (b *bench) close() { _ = b.world.Close() }

// hit is the world: it notes what it was sent and answers with the file of that
// number.
func (b *bench) hit(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the sender was killed
	}
	b.mu.Lock()
	b.hits[string(body)]++
	b.mu.Unlock()
	_, _ = w.Write(fileOf(string(body)))
}

// fileOf is what the world answers: up to 16 KiB that look random.
func fileOf(body string) []byte {
	sum := sha256.Sum256([]byte(body))
	random := rand.NewChaCha8(sum)
	content := make([]byte, 1+random.Uint64()%(16<<10))
	_, _ = random.Read(content)
	return content
}

func sumOf(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

// keepEvery is how many events there are for one that leaves a file.
const keepEvery = 4

// post sends one event and notes the answer; false when there was none.
func (b *bench) post(ctx context.Context, url string) (status int, ok bool) {
	n := b.next.Add(1)
	keep := ""
	if n%keepEvery == 0 {
		keep = "yes"
	}
	body := fmt.Sprintf(`{"n":"%d","keep":%q}`, n, keep)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url+"/api/v1/webhooks/count", strings.NewReader(body))
	if err != nil {
		return 0, false
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, false // killed
	}
	defer resp.Body.Close()
	text, readErr := io.ReadAll(resp.Body)
	b.noteAnswer(n, resp.StatusCode, text)
	return resp.StatusCode, readErr == nil
}

func (b *bench) noteAnswer(n int64, status int, text []byte) {
	var a automation.Accepted
	_ = json.Unmarshal(text, &a) // the connection may have died inside the answer
	b.mu.Lock()
	defer b.mu.Unlock()
	b.statuses[status]++
	switch {
	case status/100 == 2:
		b.answered[n] = a.Event
	case status == http.StatusServiceUnavailable:
		b.refused[n] = true
	default:
		b.strange = append(b.strange, fmt.Sprintf("event %d was answered %d: %.200s", n, status, bytes.TrimSpace(text)))
	}
}

// changers is how many make audited changes beside the eight senders of events.
const changers = 3

// load sends with eight senders until ctx is done or the server is gone.
func (b *bench) load(ctx context.Context, s *server) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		select {
		case <-s.exited:
			cancel()
		case <-ctx.Done():
		}
	}()
	var senders sync.WaitGroup
	senders.Go(func() { b.keepSecret(ctx, s.url) })
	for range changers {
		senders.Go(func() { b.keepChanging(ctx, s.url) })
	}
	for range 8 {
		senders.Go(func() {
			for ctx.Err() == nil {
				if _, ok := b.post(ctx, s.url); !ok {
					return
				}
			}
		})
	}
	senders.Wait()
}

//go:embed guest/relay.wasm
var relayWasm []byte

func (b *bench) writePack(dir string) error {
	for path, text := range relayPack(b.hitMe) {
		full := filepath.Join(dir, filepath.FromSlash(path))
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			return fmt.Errorf("write the pack: %w", err)
		}
		if err := os.WriteFile(full, []byte(text), 0o644); err != nil {
			return fmt.Errorf("write the pack: %w", err)
		}
	}
	return nil
}

// relayPack posts each event's number to the world, and keeps what it answers for
// those that ask for it.
func relayPack(world string) map[string]string {
	return map[string]string{
		"pack.wasm": string(relayWasm),
		"pack.yaml": `
name: relay
version: 1.0.0
description: Posts what it is given.
author: squall torture
capabilities:
  http:
    - hosts: ["` + strings.TrimPrefix(world, "http://") + `"]
      methods: [POST]
      private: true
      reason: Tells the torture that it ran.
  artifacts:
    - max_bytes: 1MiB
      reason: Keeps what the torture answers.
limits: {timeout: 20s}
`,
		"actions/relay.yaml": `
name: relay
runner_type: wasm
description: Posts a body.
parameters:
  method: {type: string, default: POST}
  url: {type: string, required: true}
  body: {type: string, required: true}
  artifact: {type: object}
`,
		"rules/every.yaml": `
name: every
description: Posts the number of each event.
enabled: true
trigger: {type: core.st2.webhook, parameters: {url: count}}
criteria:
  trigger.body.n: {type: exists, pattern: x}
action:
  ref: relay.relay
  parameters:
    url: "` + world + `/hit"
    body: "e{{ trigger.body.n }}"
`,
		"rules/keep.yaml": `
name: keep
description: Keeps a file for the events that ask for it.
enabled: true
trigger: {type: core.st2.webhook, parameters: {url: count}}
criteria:
  trigger.body.keep: {type: equals, pattern: "yes"}
action:
  ref: relay.relay
  parameters:
    url: "` + world + `/hit"
    body: "k{{ trigger.body.n }}"
    artifact: {name: answer.bin}
`,
	}
}
