package api

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/store"
)

// dial opens a connection that sends bytes as they are.
func (s *testServer) dial(request string) *net.TCPConn {
	s.t.Helper()
	conn, err := (&net.Dialer{}).DialContext(s.t.Context(), "tcp", s.Listener.Addr().String())
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = conn.Close() })
	if _, err := io.WriteString(conn, request); err != nil {
		s.t.Fatal(err)
	}
	return conn.(*net.TCPConn)
}

// slow makes every commit wait.
type slow struct{ store.Store }

func (s slow) Accept(ctx context.Context, all ...store.Acceptance) error {
	select {
	case <-time.After(100 * time.Millisecond):
		return s.Store.Accept(ctx, all...)
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// A sender that has closed its half of the connection still reads: what it is
// told must be true.
func TestASenderMayCloseItsHalfOfTheConnection(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, func(db store.Store) store.Store { return slow{db} })
	conn := s.dial("POST /api/v1/webhooks/hook HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}")
	if err := conn.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	events, err := s.db.Events(t.Context(), store.EventQuery{})
	if err != nil || resp.StatusCode != http.StatusAccepted || len(events) != 1 {
		t.Errorf("answer %d, %d events, %v", resp.StatusCode, len(events), err)
	}
}

func TestABodyWithoutEndIsCutOff(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, nil)
	conn := s.dial("POST /api/v1/webhooks/hook HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusBadRequest || len(s.rejected) != 1 || s.rejected[0] != "incomplete" {
		t.Errorf("answer %d, rejected %q", resp.StatusCode, s.rejected)
	}
}

func TestHeadersThatComeTwice(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, nil)
	if a := s.ask("POST", "/api/v1/webhooks/hook", "{}", "X-Event", "a", "X-Event", "b"); a.status != 202 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	events, err := s.db.Events(t.Context(), store.EventQuery{})
	if err != nil {
		t.Fatal(err)
	}
	ev, err := s.db.Event(t.Context(), events[0].ID)
	if err != nil || !strings.Contains(string(ev.Payload), `"X-Event":"a, b"`) || strings.Contains(string(ev.Payload), s.token) {
		t.Errorf("payload = %s, %v", ev.Payload, err)
	}
}

func TestAThousandWebhooksAtOnce(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, nil)
	s.Client().Transport.(*http.Transport).MaxConnsPerHost = 200
	var all sync.WaitGroup
	for i := range 1000 {
		all.Go(func() {
			req, err := http.NewRequestWithContext(t.Context(), "POST", s.URL+"/api/v1/webhooks/hook", strings.NewReader(fmt.Sprintf(`{"i":%d}`, i)))
			if err != nil {
				t.Error(err)
				return
			}
			resp, err := s.Client().Do(req)
			if err != nil {
				t.Error(err)
				return
			}
			defer resp.Body.Close()
			if _, err := io.Copy(io.Discard, resp.Body); err != nil || resp.StatusCode != http.StatusAccepted {
				t.Errorf("answer %d, %v", resp.StatusCode, err)
			}
		})
	}
	all.Wait()
	counts, err := s.db.CountExecutions(t.Context(), store.ExecutionQuery{})
	n := 0
	for _, c := range counts {
		n += c
	}
	if err != nil || n != 1000 {
		t.Errorf("%d executions, %v", n, err)
	}
}

// watch opens a stream and returns its lines.
func (s *testServer) watch() (*bufio.Scanner, func()) {
	s.t.Helper()
	return s.watchAfter("", "")
}

// watchAfter opens a stream that continues after what a header or a query says.
func (s *testServer) watchAfter(lastEventID, query string) (*bufio.Scanner, func()) {
	s.t.Helper()
	ctx, cancel := context.WithCancel(s.t.Context())
	req, err := http.NewRequestWithContext(ctx, "GET", s.URL+"/api/v1/stream"+query, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+s.token)
	if lastEventID != "" {
		req.Header.Set("Last-Event-ID", lastEventID)
	}
	resp, err := s.Client().Do(req) // returns because the header is flushed at once
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { cancel(); _ = resp.Body.Close() })
	if resp.StatusCode != 200 || resp.Header.Get("Content-Type") != "text/event-stream" || resp.Header.Get("X-Accel-Buffering") != "no" {
		s.t.Errorf("%d %v", resp.StatusCode, resp.Header)
	}
	lines := bufio.NewScanner(resp.Body)
	lines.Buffer(nil, 1<<20)
	return lines, cancel
}

func until(lines *bufio.Scanner, prefix string) bool {
	for lines.Scan() {
		if strings.HasPrefix(lines.Text(), prefix) {
			return true
		}
	}
	return false
}

// A stream outlives the limit on reading a request, which counts from its start.
func TestAStreamOutlivesTheReadTimeout(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, nil)
	lines, _ := s.watch()
	if !until(lines, "retry: ") {
		t.Fatal("no greeting")
	}
	halted := s.dial("GET / HTTP/1.1\r\nHost: x\r\n") // begun later, and given up when the time is over
	if _, err := io.Copy(io.Discard, halted); err != nil {
		t.Fatal(err)
	}
	s.run(`{"action":"test.echo"}`)
	if !until(lines, "event: execution.updated") {
		t.Errorf("the stream ended: %v", lines.Err())
	}
}

// deafen opens a stream that reads nothing, and publishes more than its buffers hold.
func (s *testServer) deafen() {
	s.t.Helper()
	deaf := s.dial("GET /api/v1/stream HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + s.token + "\r\n\r\n")
	_ = deaf.SetReadBuffer(1024)
	if _, err := deaf.Read(make([]byte, 10)); err != nil { // connected; from now on it reads nothing
		s.t.Fatal(err)
	}
	big := strings.Repeat("x", 64<<10)
	for i := range 900 {
		s.live.Publish([]automation.Change{{Seq: s.live.Last() + 1, Kind: automation.EventCreated, Event: &automation.Event{Summary: big + fmt.Sprint(i)}}})
	}
}

// A watcher that reads is not disturbed by one that is cut off.
func TestAWatcherThatTakesNothingIsCutOff(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, nil)
	lines, _ := s.watch()
	if !until(lines, "retry: ") {
		t.Fatal("no greeting")
	}
	s.deafen()
	if !until(lines, fmt.Sprintf("id: %d", s.live.Last())) {
		t.Errorf("the stream of the one that reads ended: %v", lines.Err())
	}
	select {
	case <-s.dropped:
	case <-t.Context().Done():
	}
	for s.watchers.Load() != 1 {
		runtime.Gosched() // its handler returns
	}
}

// firstEvent returns the number and the name of the first event of a stream.
func firstEvent(lines *bufio.Scanner) string {
	if !until(lines, "id: ") {
		return "none"
	}
	id := lines.Text()
	lines.Scan()
	return id + " " + lines.Text()
}

func TestAWatcherContinuesWhereItWas(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, nil)
	publish := func(n int) {
		for range n {
			s.live.Publish([]automation.Change{{Seq: s.live.Last() + 1, Kind: automation.PackUpdated}})
		}
	}
	publish(5)
	for _, c := range []struct{ name, lastEventID, query, first string }{
		{"after the last one that it saw", "3", "", "id: 4 event: pack.updated"},
		{"as a query", "", "?after=2", "id: 3 event: pack.updated"},
		{"the header is newer than the page's address", "4", "?after=1", "id: 5 event: pack.updated"},
		{"more than there are, from another database", "77", "", "id: 5 event: resync"},
		{"nothing new yet", "5", "", "id: 6 event: pack.updated"},
	} {
		lines, leave := s.watchAfter(c.lastEventID, c.query)
		if c.lastEventID == "5" {
			publish(1)
		}
		if first := firstEvent(lines); first != c.first {
			t.Errorf("%s: %q, want %q", c.name, first, c.first)
		}
		leave()
	}
	publish(1500) // more than are remembered
	lines, _ := s.watchAfter("3", "")
	if first := firstEvent(lines); first != "id: 1506 event: resync" {
		t.Errorf("too old: %q", first)
	}
	if a := s.ask("GET", "/api/v1/stream?after=x", ""); a.status != 400 {
		t.Errorf("%d %s", a.status, a.body)
	}
}

func TestTheStopOfTheServerEndsStreamsAtOnce(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, nil)
	lines, _ := s.watch()
	s.deafen()
	if !until(lines, fmt.Sprintf("id: %d", s.live.Last())) { // the deaf one's buffers are full long before
		t.Fatalf("the stream ended: %v", lines.Err())
	}
	s.live.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	if err := s.Config.Shutdown(ctx); err != nil {
		t.Errorf("the server did not stop within five seconds: %v", err)
	}
}

func TestAWatcherThatHasGoneIsNoticed(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, nil)
	lines, leave := s.watch()
	if !until(lines, "retry: ") {
		t.Fatal("no greeting")
	}
	leave()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	if err := s.Config.Shutdown(ctx); err != nil { // waits for handlers; the hub is open
		t.Errorf("its handler goes on: %v", err)
	}
}
