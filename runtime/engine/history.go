package engine

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/store"
)

// flushEvery is how often the log of a running execution reaches the store, and
// with it those who watch.
const flushEvery = 250 * time.Millisecond

// history collects what an attempt writes and keeps until it is stored.
type history struct {
	store   store.Store
	id      string
	attempt int
	now     func() time.Time

	mu        sync.Mutex // guards all below
	next      int        // number of the next line
	lines     []automation.LogLine
	artifacts []automation.Artifact
}

func newHistory(s store.Store, x automation.Execution, now func() time.Time) *history {
	return &history{store: s, id: x.ID, attempt: x.Attempts, now: now, next: x.LogLines + 1}
}

// log adds a message; each of its lines becomes a line of the log.
func (h *history) log(level automation.LogLevel, text string) {
	at := h.now()
	h.mu.Lock()
	defer h.mu.Unlock()
	for part := range strings.Lines(strings.ToValidUTF8(text, "\uFFFD")) {
		h.lines = append(h.lines, automation.LogLine{
			Number: h.next, Attempt: h.attempt, At: at, Level: level, Text: strings.TrimRight(part, "\r\n"),
		})
		h.next++
	}
}

func (h *history) keep(a automation.Artifact) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.artifacts = append(h.artifacts, a)
}

// rest returns what is not yet stored.
func (h *history) rest() ([]automation.LogLine, []automation.Artifact) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.lines, h.artifacts
}

// total is how many lines the execution's log has.
func (h *history) total() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.next - 1
}

// flush stores the lines collected so far. On failure they stay for the next time.
// Its patience is bounded, because the end of the attempt waits for it.
func (h *history) flush(ctx context.Context) error {
	h.mu.Lock()
	lines := h.lines
	h.mu.Unlock()
	if len(lines) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storePatience)
	defer cancel()
	if err := h.store.AppendLog(ctx, h.id, lines); err != nil {
		return err
	}
	h.mu.Lock()
	h.lines = h.lines[len(lines):]
	h.mu.Unlock()
	return nil
}

// flusher stores lines in the background until it is stopped.
type flusher struct {
	quit chan struct{}
	done chan struct{}
}

// flushWhileRunning stores lines every so often. Most executions end before the
// first time.
func (h *history) flushWhileRunning(ctx context.Context, log *slog.Logger) flusher {
	f := flusher{quit: make(chan struct{}), done: make(chan struct{})}
	go func() {
		defer close(f.done)
		tick := time.NewTicker(flushEvery)
		defer tick.Stop()
		failing := false
		for {
			select {
			case <-f.quit:
				return
			case <-tick.C:
				err := h.flush(ctx)
				if err != nil && !failing { // once: it is tried four times a second
					log.Error("log lines could not be stored; trying again", "execution", h.id, "err", err)
				}
				failing = err != nil
			}
		}
	}()
	return f
}

// stop waits until the flusher has ended, so that no line is stored twice.
func (f flusher) stop() {
	close(f.quit)
	<-f.done
}
