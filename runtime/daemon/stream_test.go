package daemon

import (
	"bufio"
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/client"
)

// A watcher sees every change once, in order, also over a broken connection.
func TestTheStreamMissesNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	writePack(t, dir, "behave", behavePack(t))
	h := serve(t, dir, nil)
	l, err := h.Executions(t.Context(), client.ExecutionQuery{})
	if err != nil {
		t.Fatal(err)
	}
	for range 5 {
		if x := h.run("behave.silent"); x.Status != automation.Succeeded {
			t.Fatalf("%s", x.Status)
		}
	}
	after, ended := l.Seq, 0
	for ended < 5 { // a new connection for every few changes
		h.watch(t, after, 3, func(c automation.Change) (enough bool) {
			if c.Seq != after+1 {
				t.Fatalf("after %d came %d", after, c.Seq)
			}
			after = c.Seq
			if c.Kind == automation.ExecutionUpdated && c.Execution.Status.Final() {
				ended++
			}
			return ended == 5
		})
	}
}

// watch reads so many changes over a connection of its own, or fewer when it has
// seen enough.
func (h *harness) watch(t *testing.T, after int64, n int, see func(automation.Change) (enough bool)) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	for change, err := range h.Stream(ctx, after) {
		if err != nil {
			t.Fatal(err)
		}
		if n--; see(change) || n == 0 {
			return
		}
	}
}

func TestAWatcherFromAnotherLifeIsToldToListAgain(t *testing.T) {
	t.Parallel()
	h := serve(t, t.TempDir(), nil)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, h.URL+"/api/v1/stream?after=999999", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+h.AdminToken)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	lines := bufio.NewScanner(resp.Body)
	for lines.Scan() {
		if strings.HasPrefix(lines.Text(), "event: ") {
			break
		}
	}
	if lines.Text() != "event: resync" {
		t.Errorf("first event is %q", lines.Text())
	}
}
