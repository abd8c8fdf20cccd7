package daemon

import (
	"context"
	"embed"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/squall-dev/squall/runtime/config"
)

// serverEnv turns the test binary into a server, so that tests can kill it.
const serverEnv = "SQUALL_TEST_SERVER_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(serverEnv); dir != "" {
		os.Exit(serveForTest(dir))
	}
	os.Exit(m.Run())
}

// serveForTest serves until SIGTERM. It tells on standard output, as one line of
// JSON, how to reach it.
func serveForTest(dir string) int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	d, err := New(ctx, Options{
		Config: testConfig(dir), Logger: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})),
		Ready: func(s Started) { _ = json.NewEncoder(os.Stdout).Encode(s) },
	})
	if err == nil {
		err = d.Run(ctx)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

func testConfig(dir string) config.Config {
	c := config.Default()
	c.Listen, c.Data, c.Packs = "127.0.0.1:0", filepath.Join(dir, "data"), filepath.Join(dir, "packs")
	c.DrainTimeout = 2 * time.Second
	return c
}

//go:embed testdata/relay.wasm
var testdata embed.FS

// writePack lays out a pack; files are by path, "pack.wasm" may be left out for
// the relay.
func writePack(t testing.TB, dir, name string, files map[string]string) {
	t.Helper()
	relay, err := testdata.ReadFile("testdata/relay.wasm")
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{"pack.wasm": string(relay)}
	for path, text := range files {
		all[path] = text
	}
	for path, text := range all {
		full := filepath.Join(dir, "packs", name, filepath.FromSlash(path))
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(full, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// relayPack posts each event's number to a server of the test's.
func relayPack(hitURL string) map[string]string {
	host := strings.TrimPrefix(hitURL, "http://")
	return map[string]string{
		"pack.yaml": `
name: relay
version: 1.0.0
description: Posts what it is given.
author: test
capabilities:
  http:
    - hosts: ["` + host + `"]
      methods: [POST]
      private: true
      reason: Tells the test that it ran.
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
`,
		"actions/spin.yaml": `
name: spin
runner_type: wasm
description: Never answers.
`,
		"rules/relay.yaml": `
name: relay
description: Posts the number of each event.
enabled: true
trigger: {type: core.st2.webhook, parameters: {url: count}}
criteria:
  trigger.body.n: {type: exists, pattern: x}
action:
  ref: relay.relay
  parameters:
    url: "` + hitURL + `/hit"
    body: "{{ trigger.body.n }}"
`,
	}
}
