package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
)

// Resync is the kind of a change that says: too much was missed, list again.
// The changes after it are those since.
const Resync automation.ChangeKind = "resync"

const (
	// silence is how long the stream may say nothing, not even a heartbeat, until
	// the connection counts as dead. The server's heart beats every 15 seconds.
	silence = 45 * time.Second
	// firstWait and lastWait bound the pause before a new connection.
	firstWait = 2 * time.Second
	lastWait  = 10 * time.Second
)

// Stream yields every change after the one with the given sequence number, for
// ever; a negative number means from now on. List answers say where to begin.
//
// A lost connection is made again and goes on where it ended. The stream ends
// with an error when ctx is done, when the server refuses it, or when the very
// first connection does not come about.
func (c *Client) Stream(ctx context.Context, after int64) iter.Seq2[automation.Change, error] {
	return func(yield func(automation.Change, error) bool) {
		s := &stream{client: c, after: after, retry: firstWait, yield: yield}
		if err := s.run(ctx); err != nil {
			yield(automation.Change{}, err)
		}
	}
}

type stream struct {
	client *Client
	after  int64
	retry  time.Duration // as the server wishes
	yield  func(automation.Change, error) bool

	connected bool // some connection came about
	failures  int  // connections that did not, since the last one that did
}

// errStopped tells that the consumer wants no more.
var errStopped = errors.New("stream stopped by its reader")

func (s *stream) run(ctx context.Context) error {
	for {
		err := s.connection(ctx)
		switch {
		case errors.Is(err, errStopped):
			return nil
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case !s.connected || !passing(err):
			return err
		}
		wait := s.wait()
		s.client.reconnecting(err, wait)
		if err := pause(ctx, wait); err != nil {
			return err
		}
	}
}

// passing reports whether err may go away by itself.
func passing(err error) bool {
	kind := automation.KindOf(err)
	return kind != "denied" && kind != "not_found" && kind != "invalid"
}

func (s *stream) wait() time.Duration {
	wait := s.retry << min(s.failures, 6)
	wait = min(max(wait, 0), lastWait)
	s.failures++
	return wait + rand.N(wait/4+1) // so that a thousand watchers do not come back as one
}

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}

// connection reads one connection to its end.
func (s *stream) connection(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	resp, err := s.client.send(ctx, s.request())
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	s.connected, s.failures = true, 0
	watchdog := time.AfterFunc(silence, cancel)
	defer watchdog.Stop()
	return s.read(alive{resp.Body, watchdog})
}

func (s *stream) request() request {
	r := get("stream")
	r.header = map[string]string{"Accept": "text/event-stream", "Cache-Control": "no-store"}
	if s.after >= 0 {
		seq := strconv.FormatInt(s.after, 10)
		r.header["Last-Event-ID"] = seq
		r.query = values{}.set("after", seq).query()
	}
	return r
}

func (s *stream) read(body io.Reader) error {
	messages := newMessages(body)
	for {
		m, err := messages.next()
		if err != nil {
			return fmt.Errorf("read live stream: %w", err)
		}
		if m.retry > 0 {
			s.retry = m.retry
		}
		if err := s.deliver(m); err != nil {
			return err
		}
	}
}

// deliver hands one message to the reader; what it has seen already is left out.
func (s *stream) deliver(m message) error {
	change, err := s.change(m)
	if err != nil || change.Kind == "" {
		return err
	}
	if change.Kind != Resync && change.Seq <= s.after {
		return nil
	}
	s.after = change.Seq
	if !s.yield(change, nil) {
		return errStopped
	}
	return nil
}

func (s *stream) change(m message) (automation.Change, error) {
	seq, err := strconv.ParseInt(m.id, 10, 64)
	if err != nil {
		seq = fromNow
	}
	switch {
	case m.event == string(Resync):
		return automation.Change{Seq: seq, Kind: Resync}, nil
	case m.data == "":
		return automation.Change{}, nil
	}
	var change automation.Change
	if err := json.Unmarshal([]byte(m.data), &change); err != nil {
		return change, automation.Invalid("the live stream holds something that is not a change").Because(err)
	}
	if change.Seq == 0 {
		change.Seq = seq
	}
	if change.Kind == "" {
		change.Kind = automation.ChangeKind(m.event)
	}
	return change, nil
}

// alive puts off the watchdog whenever something arrives, heartbeats included.
type alive struct {
	body     io.Reader
	watchdog *time.Timer
}

func (a alive) Read(p []byte) (int, error) {
	n, err := a.body.Read(p)
	if n > 0 {
		a.watchdog.Reset(silence)
	}
	return n, err
}
