package wasm

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/squall-dev/squall/runtime/automation"
)

// budget shares the memory of all guests out: each run takes what it may come to
// use before it starts, and waits for it in turn. Taking it while guests grow
// would let two of them wait for each other.
type budget struct {
	total int64
	// reclaimFunc ends idle guests: it is called when somebody must wait.
	reclaimFunc func()

	// line is how many wait: whoever gives an instance back asks, without a lock.
	line atomic.Int32

	mu      sync.Mutex // guards the fields below
	free    int64
	waiting []*waiter
}

type waiter struct {
	bytes int64
	ready chan struct{} // closed when the bytes are the waiter's
}

func newBudget(total int64, reclaim func()) *budget {
	return &budget{total: total, free: total, reclaimFunc: reclaim}
}

// take waits for bytes; give returns them.
func (b *budget) take(ctx context.Context, bytes int64) error {
	if bytes > b.total {
		return automation.Unavailable("the guest may use %s of memory, all guests together may use %s", bytesText(bytes), bytesText(b.total)).
			WithHint("lower limits.memory in pack.yaml")
	}
	b.mu.Lock()
	if len(b.waiting) == 0 && bytes <= b.free {
		b.free -= bytes
		b.mu.Unlock()
		return nil
	}
	w := &waiter{bytes, make(chan struct{})}
	b.waiting = append(b.waiting, w)
	b.line.Store(int32(len(b.waiting)))
	b.mu.Unlock()
	b.reclaimFunc()
	select {
	case <-w.ready:
		return nil
	case <-ctx.Done():
		b.leave(w)
		return automation.Unavailable("the %s of memory for all guests are in use by others", bytesText(b.total)).
			WithHint("try again later, or let fewer actions run at the same time").Because(context.Cause(ctx))
	}
}

// leave takes a waiter out of the line, or gives back what it was just given.
func (b *budget) leave(w *waiter) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if at := slices.Index(b.waiting, w); at >= 0 {
		b.waiting = slices.Delete(b.waiting, at, at+1)
		b.line.Store(int32(len(b.waiting)))
	} else {
		b.free += w.bytes
	}
	b.serve()
}

// tryTake takes bytes if they are there and nobody waits.
func (b *budget) tryTake(bytes int64) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.waiting) > 0 || bytes > b.free {
		return false
	}
	b.free -= bytes
	return true
}

// contended reports whether somebody waits.
func (b *budget) contended() bool { return b.line.Load() > 0 }

func (b *budget) give(bytes int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.free += bytes
	b.serve()
}

// serve lets in who comes next. Nobody overtakes, or large guests would never get
// their turn. The caller holds mu.
func (b *budget) serve() {
	for len(b.waiting) > 0 && b.waiting[0].bytes <= b.free {
		w := b.waiting[0]
		b.waiting = b.waiting[1:]
		b.line.Store(int32(len(b.waiting)))
		b.free -= w.bytes
		close(w.ready)
	}
}
