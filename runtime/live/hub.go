// Package live tells watchers what changed: a bounded fan-out of
// [automation.Change]. It remembers the newest changes, so that a watcher who
// lost its connection continues where it was; one who comes too late, or reads
// too slowly, is told to start over from the store.
package live

import (
	"context"
	"errors"
	"sync"

	"github.com/squall-dev/squall/runtime/automation"
)

// ErrResync tells a watcher that changes it asks for are no longer remembered:
// it must list again and subscribe from there.
var ErrResync = errors.New("changes were missed: list again")

// ErrClosed tells a watcher that the server is stopping.
var ErrClosed = errors.New("the server is stopping")

// Message is a change on its way to watchers, who share what it is written as.
type Message struct {
	automation.Change
	once sync.Once
	text []byte
	err  error
}

// Text is the change as write has it, which is asked once, by the first watcher.
func (m *Message) Text(write func(automation.Change) ([]byte, error)) ([]byte, error) {
	m.once.Do(func() { m.text, m.err = write(m.Change) })
	return m.text, m.err
}

// Hub passes changes on. Create it with New.
type Hub struct {
	mu     sync.Mutex // guards all below
	ring   []*Message
	size   int
	last   int64         // sequence of the newest change
	wake   chan struct{} // closed and replaced at each publish
	closed bool
	end    chan struct{} // closed with the hub
}

// New makes a hub that remembers the newest size changes. last is the sequence
// number of the latest change before this process.
func New(size int, last int64) *Hub {
	return &Hub{size: max(size, 1), last: last, wake: make(chan struct{}), end: make(chan struct{})}
}

// Publish passes changes on, in order. It never waits for a watcher.
func (h *Hub) Publish(changes []automation.Change) {
	if len(changes) == 0 {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, c := range changes {
		h.ring = append(h.ring, &Message{Change: c})
	}
	if len(h.ring) > h.size+h.size/4 { // trim rarely: few changes move
		h.ring = append(h.ring[:0:0], h.ring[len(h.ring)-h.size:]...)
	}
	h.last = changes[len(changes)-1].Seq
	h.signal()
}

// Last is the sequence number of the newest change.
func (h *Hub) Last() int64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.last
}

// Close ends every watch.
func (h *Hub) Close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.closed {
		h.closed = true
		close(h.end)
		h.signal()
	}
}

// Closed is closed when the hub is.
func (h *Hub) Closed() <-chan struct{} { return h.end }

// signal wakes all watchers; the caller holds mu.
func (h *Hub) signal() {
	close(h.wake)
	h.wake = make(chan struct{})
}

// Next returns the changes after a sequence number, at most limit, and waits for
// one if there is none. It fails with ErrResync, ErrClosed or ctx's cause.
//
// Watchers pull, so a slow one costs nothing but its own delay.
func (h *Hub) Next(ctx context.Context, after int64, limit int) ([]*Message, error) {
	for {
		changes, wake, err := h.take(after, limit)
		if err != nil || len(changes) > 0 {
			return changes, err
		}
		select {
		case <-wake:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

func (h *Hub) take(after int64, limit int) ([]*Message, <-chan struct{}, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return nil, nil, ErrClosed
	}
	if after == h.last {
		return nil, h.wake, nil
	}
	if after > h.last || len(h.ring) == 0 || after < h.ring[0].Seq-1 {
		return nil, nil, ErrResync // from another life of the database, or too old
	}
	from := int(after - h.ring[0].Seq + 1) // sequences are gapless
	to := min(from+limit, len(h.ring))
	return append([]*Message(nil), h.ring[from:to]...), nil, nil
}
