package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/live"
)

const (
	heartbeat      = 15 * time.Second
	streamBatch    = 500
	streamPiece    = 32 << 10               // bytes that are written at once
	streamPace     = 100 * time.Millisecond // between two batches
	streamPatience = 10 * time.Second       // with a watcher that takes nothing
	streamRetry    = "retry: 2000\n\n"      // milliseconds, for the browser
)

// errHeartbeat ends a wait for changes so that a comment can be sent.
var errHeartbeat = errors.New("heartbeat")

// stream sends changes as server-sent events. A watcher that was away continues
// after the sequence number it saw last; one that was away too long gets a
// "resync" event and must list again. One that takes nothing is cut off, and comes back
// in the same way.
func (s *Server) stream(c echo.Context) error {
	after, err := s.streamStart(c)
	if err != nil {
		return err
	}
	w := c.Response()
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("X-Accel-Buffering", "no") // proxies must not hold lines back
	w.WriteHeader(http.StatusOK)
	if c.Request().Method == http.MethodHead {
		return nil
	}
	s.Watched(1)
	defer s.Watched(-1)
	ctx := c.Request().Context()
	to := s.newWatcher(w)
	defer s.hurryAtClose(ctx, to.conn)()
	err = to.send([]byte(streamRetry))
	for err == nil {
		after, err = s.streamNext(ctx, after, to)
	}
	if errors.Is(err, errDeaf) {
		s.WatcherDropped()
		s.Logger.Info("a watcher of the live stream is cut off, for it takes nothing", "remote", c.RealIP(), "for", to.patience)
	}
	return nil // the status is written: the watcher has gone, or the server stops
}

// streamNext sends what comes after a sequence number and returns the number of the last.
func (s *Server) streamNext(ctx context.Context, after int64, to *watcher) (int64, error) {
	changes, err := s.nextChanges(ctx, after)
	began := time.Now()
	switch {
	case errors.Is(err, errHeartbeat):
		err = to.send([]byte(": beat\n\n"))
	case errors.Is(err, live.ErrResync):
		after = s.Live.Last()
		err = to.send(fmt.Appendf(nil, "id: %d\nevent: resync\ndata: {}\n\n", after))
	case err == nil:
		after = changes[len(changes)-1].Seq
		err = to.sendChanges(changes)
	}
	if err == nil {
		s.breathe(ctx, streamPace-time.Since(began))
	}
	return after, err
}

// breathe lets changes gather, so that many watchers of a busy server cost few writes.
// What happens after a pause is sent at once.
func (s *Server) breathe(ctx context.Context, d time.Duration) {
	if d <= 0 {
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	case <-s.Live.Closed():
	}
}

// hurryAtClose gives a write under way a last second when the hub closes: a
// watcher that reads nothing must not hold up the server's stop. What it returns
// ends it and waits.
func (s *Server) hurryAtClose(ctx context.Context, conn *http.ResponseController) func() {
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		select {
		case <-s.Live.Closed():
			_ = conn.SetWriteDeadline(time.Now().Add(time.Second))
		case <-ctx.Done():
		}
	}()
	return func() { cancel(); <-ended }
}

func (s *Server) streamStart(c echo.Context) (int64, error) {
	text := c.Request().Header.Get("Last-Event-ID")
	if text == "" {
		text = c.QueryParam("after")
	}
	if text == "" {
		return s.Live.Last(), nil
	}
	after, err := strconv.ParseInt(text, 10, 64)
	if err != nil || after < 0 {
		return 0, automation.Invalid("after must be a sequence number, not %q", brief(text)).WithCode("malformed")
	}
	return after, nil
}

func (s *Server) nextChanges(ctx context.Context, after int64) ([]*live.Message, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, heartbeat, errHeartbeat)
	defer cancel()
	return s.Live.Next(ctx, after, streamBatch)
}

func serverSentEvent(c automation.Change) ([]byte, error) {
	data, err := json.Marshal(c)
	if err != nil {
		return nil, err
	}
	return fmt.Appendf(nil, "id: %d\nevent: %s\ndata: %s\n\n", c.Seq, c.Kind, data), nil
}
