package api

import (
	"errors"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/squall-dev/squall/runtime/live"
)

// errDeaf tells that a watcher has taken nothing for as long as the server is patient.
var errDeaf = errors.New("the watcher takes nothing")

// watcher writes to a watcher of the live stream.
type watcher struct {
	w        *echo.Response
	conn     *http.ResponseController
	patience time.Duration
	closed   <-chan struct{} // when the server stops
	piece    []byte
}

func (s *Server) newWatcher(w *echo.Response) *watcher {
	return &watcher{w: w, conn: http.NewResponseController(w), patience: s.StreamPatience, closed: s.Live.Closed()}
}

// sendChanges gathers changes to large pieces: net/http would cut many small writes into
// pieces of 2 KiB, which costs webhooks beside 200 watchers a fifth of their time.
func (x *watcher) sendChanges(changes []*live.Message) error {
	x.piece = x.piece[:0]
	for _, change := range changes {
		text, err := change.Text(serverSentEvent)
		if err != nil {
			return err
		}
		if len(x.piece) > 0 && len(x.piece)+len(text) > streamPiece {
			if err := x.send(x.piece); err != nil {
				return err
			}
			x.piece = x.piece[:0]
		}
		x.piece = append(x.piece, text...)
	}
	return x.send(x.piece)
}

// send writes and flushes, for as long as the server is patient.
func (x *watcher) send(text []byte) error {
	began := time.Now()
	x.until(began.Add(x.patience))
	_, err := x.w.Write(text)
	if err == nil {
		err = x.conn.Flush()
	}
	x.until(time.Time{}) // HTTP/2 ends a stream at its deadline even when nothing is written
	if err != nil && time.Since(began) >= x.patience {
		return errDeaf
	}
	return err
}

// until sets the deadline of a write. A server that stops has but a second left: it may
// have said so just before.
func (x *watcher) until(deadline time.Time) {
	_ = x.conn.SetWriteDeadline(deadline)
	select {
	case <-x.closed:
		_ = x.conn.SetWriteDeadline(time.Now().Add(time.Second))
	default:
	}
}
