package daemon

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/client"
	"github.com/squall-dev/squall/runtime/config"
)

// harness is a whole server inside the test's process.
type harness struct {
	Started
	*client.Client
	t    testing.TB
	dir  string
	stop func() // SIGTERM, and wait
}

// serve starts a server on the packs that were written to dir.
func serve(t testing.TB, dir string, change func(*config.Config)) *harness {
	t.Helper()
	return serveWith(t, dir, slog.New(slog.DiscardHandler), change)
}

func serveWith(t testing.TB, dir string, logger *slog.Logger, change func(*config.Config)) *harness {
	t.Helper()
	c := testConfig(dir)
	if change != nil {
		change(&c)
	}
	return serveOptions(t, dir, Options{Config: c, Logger: logger})
}

func serveOptions(t testing.TB, dir string, o Options) *harness {
	t.Helper()
	c := o.Config
	ready := make(chan Started, 1)
	o.Ready = func(s Started) { ready <- s }
	d, err := New(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- d.Run(ctx) }()
	h := &harness{t: t, dir: dir}
	h.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("server: %v", err)
		}
	})
	t.Cleanup(h.stop)
	select {
	case h.Started = <-ready:
	case err := <-done:
		t.Fatal(err)
	}
	token, err := os.ReadFile(filepath.Join(c.Data, "admin.token"))
	if err != nil {
		t.Fatal(err)
	}
	h.Client, err = client.New(client.Options{BaseURL: h.URL, Token: string(bytes.TrimSpace(token))})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// post sends a webhook and returns the answer.
func (h *harness) post(path, contentType, body string, header ...string) (*http.Response, string) {
	h.t.Helper()
	req, err := http.NewRequestWithContext(h.t.Context(), http.MethodPost, h.URL+path, bytes.NewReader([]byte(body)))
	if err != nil {
		h.t.Fatal(err)
	}
	req.Header.Set("Content-Type", contentType)
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	return h.do(req)
}

func (h *harness) do(req *http.Request) (*http.Response, string) {
	h.t.Helper()
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		h.t.Fatal(err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	return resp, string(answer)
}

// eventually polls: what is waited for happens in another process's time.
func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for !ok() {
		if time.Now().After(deadline) {
			t.Fatalf("%s: still not so after 30 s", what)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func (h *harness) final(id string) automation.Execution {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(h.t.Context(), 30*time.Second)
	defer cancel()
	x, err := h.Follow(ctx, id, client.FollowOptions{})
	if err != nil {
		h.t.Fatal(err)
	}
	return x
}

func (h *harness) pack(name string) automation.PackStatus {
	h.t.Helper()
	p, err := h.Pack(h.t.Context(), name)
	if err != nil && automation.KindOf(err) != "not_found" {
		h.t.Fatal(err)
	}
	return p
}
