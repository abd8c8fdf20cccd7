package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/disk"
)

// maxBatch bounds how many closures share one commit, and so how long the first
// of them waits and how much a rollback has to repeat.
const maxBatch = 512

// writer is the one goroutine that writes.
type writer struct {
	path        string
	conn        *sql.Conn
	stmts       map[string]*sql.Stmt   // that return rows, by their text; touched by the goroutine alone
	changing    map[string]driver.Stmt // that return none, in the same way
	args        []driver.NamedValue    // of the statement that runs
	published   func([]automation.Change)
	logger      *slog.Logger
	points      disk.Points
	seq         atomic.Int64   // of the latest change that was committed
	kinds       map[kind]int64 // that are committed; touched by the goroutine alone
	recent      recent         // touched by the goroutine alone
	checkpoints checkpoints
	skew        atomic.Int64 // nanoseconds; see loadSkew
	// wordsChanged tells that the index of words may have something to merge; also after
	// a start, when nobody knows.
	wordsChanged atomic.Bool
	committed    chan struct{} // holds one when something was committed since somebody looked
	queued       queued

	mu       sync.RWMutex // guards closed, and requests against being closed under a sender
	closed   bool
	requests chan *request
	done     chan struct{} // closed when the goroutine has ended
}

// request is one write on its way to the writer. Its closure may run twice, when
// a neighbour's failure makes the batch start over, and must set its results anew
// each time.
type request struct {
	fn    func(*tx) error
	claim atomic.Bool // set by whoever comes first: the writer to run it, the caller to give it up
	err   error       // valid once answered is closed
	// answered is closed after the commit or the failure.
	answered chan struct{}
}

func newWriter(ctx context.Context, db *sql.DB, o Options) (*writer, error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", o.Path, kindOf(err, o.Path))
	}
	w := &writer{
		path: o.Path, conn: conn, stmts: map[string]*sql.Stmt{}, changing: map[string]driver.Stmt{},
		checkpoints: newCheckpoints(cmp.Or(o.Faults.CheckpointPages, checkpointPages)),
		kinds:       map[kind]int64{}, recent: recent{}, committed: make(chan struct{}, 1), published: o.Published, logger: o.Logger, points: o.Faults.Points,
		requests: make(chan *request, maxBatch), done: make(chan struct{}),
	}
	w.wordsChanged.Store(true)
	if err := w.prepare(ctx); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	go w.run()
	return w, nil
}

func (w *writer) prepare(ctx context.Context) error {
	if err := migrate(ctx, w.conn, w.path); err != nil {
		return err
	}
	var seq int64
	if err := w.conn.QueryRowContext(ctx, `SELECT value FROM meta WHERE key = 'seq'`).Scan(&seq); err != nil {
		return fmt.Errorf("read the sequence of %s: %w", w.path, kindOf(err, w.path))
	}
	w.seq.Store(seq)
	if err := w.loadSkew(ctx); err != nil {
		return fmt.Errorf("read the skew of %s: %w", w.path, kindOf(err, w.path))
	}
	return w.queued.load(ctx, w.conn)
}

// do hands fn to the writer and waits until it is committed. A caller that goes
// away before the writer has taken the write up takes it back, and nothing of it
// happens; afterwards do stays for the answer, because only that is the truth.
func (s *Store) do(ctx context.Context, doing string, fn func(*tx) error) error {
	r := &request{fn: fn, answered: make(chan struct{})}
	if err := s.writer.send(ctx, r); err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	select {
	case <-r.answered:
	case <-ctx.Done():
		if r.claim.CompareAndSwap(false, true) {
			return fmt.Errorf("%s: %w", doing, context.Cause(ctx))
		}
		<-r.answered
	}
	if r.err != nil {
		return fmt.Errorf("%s: %w", doing, kindOf(r.err, s.path))
	}
	return nil
}

func (w *writer) send(ctx context.Context, r *request) error {
	w.mu.RLock()
	defer w.mu.RUnlock()
	if err := context.Cause(ctx); err != nil {
		return err
	}
	if w.closed {
		return automation.Unavailable("the store is closed").WithCode("store_closed")
	}
	select {
	case w.requests <- r:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// stop ends the goroutine after what was sent to it. It reports whether this call
// was the one that did.
func (w *writer) stop() bool {
	w.mu.Lock()
	first := !w.closed
	if first {
		w.closed = true
		close(w.requests)
	}
	w.mu.Unlock()
	<-w.done
	return first
}

// run is the goroutine: newWriter starts it, stop ends it and waits.
func (w *writer) run() {
	defer close(w.done)
	defer w.closeConn()
	for first := range w.requests {
		// Callers that were just answered are about to send again: let them, so that
		// they share this commit instead of waiting for the next.
		runtime.Gosched()
		if batch := w.gather(first); len(batch) > 0 {
			w.commit(batch)
			w.checkpoint()
		}
	}
}

// gather claims first and all that wait behind it.
func (w *writer) gather(first *request) []*request {
	batch := make([]*request, 0, len(w.requests)+1)
	for r := first; r != nil; r = w.next(len(batch)) {
		if r.claim.CompareAndSwap(false, true) {
			batch = append(batch, r)
		}
	}
	return batch
}

// next returns a request that waits, or nil.
func (w *writer) next(have int) *request {
	if have >= maxBatch {
		return nil
	}
	select {
	case r := <-w.requests: // nil once closed
		return r
	default:
		return nil
	}
}

// commit runs a batch, publishes what it changed and answers.
func (w *writer) commit(batch []*request) {
	t, err := w.transact(batch, false)
	if errors.Is(err, errHalfWritten) {
		t, err = w.transact(batch, true)
	}
	for _, r := range batch {
		if err != nil {
			r.err = err
		}
	}
	if err == nil {
		w.queued.add(t.shifts)
	}
	if err == nil && len(t.changes) > 0 {
		w.seq.Store(t.changes[len(t.changes)-1].Seq)
		w.points.At("before publish")
		w.published(t.changes)
		w.points.At("after publish")
		select {
		case w.committed <- struct{}{}:
		default:
		}
	}
	for _, r := range batch {
		close(r.answered)
	}
}

func (w *writer) closeConn() {
	for _, stmt := range w.stmts {
		_ = stmt.Close()
	}
	_ = w.conn.Raw(func(any) error {
		for _, stmt := range w.changing {
			_ = stmt.Close()
		}
		return nil
	})
	if err := w.conn.Close(); err != nil {
		w.logger.Error("database connection not closed", "err", err)
	}
}
