package kube

import (
	"bytes"
	"io"
	"sync"

	"github.com/squall-dev/squall/hostfuncs"
)

// gate stands between client-go, whose goroutines may go on writing after a
// canceled call has returned, and what receives the stream. After Close nothing
// passes any more.
type gate struct {
	mu     sync.Mutex // guards everything below
	to     io.Writer
	passed int64
	err    error // the first error of to
	closed bool
	// broken runs once, at that error: client-go only logs it and would read on to
	// the end of the stream.
	broken func(error)
}

func (g *gate) Write(p []byte) (int, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed || g.err != nil {
		return 0, io.ErrClosedPipe
	}
	n, err := g.to.Write(p)
	g.passed += int64(n)
	if err != nil {
		g.err = err
		g.broken(err)
	}
	return n, err
}

// Close shuts the gate and returns the error of the receiver, if it had one.
func (g *gate) Close() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.closed = true
	return g.err
}

// capped keeps the beginning of a stream and lets the rest go.
type capped struct {
	buf  bytes.Buffer
	more bool // something was let go
}

func (c *capped) Write(p []byte) (int, error) {
	room := hostfuncs.MaxReplyBytes - c.buf.Len()
	if len(p) > room {
		c.more = true
		c.buf.Write(p[:room])
		return len(p), nil
	}
	return c.buf.Write(p)
}
