package engine

import (
	"context"
	"slices"
	"sync"

	"github.com/squall-dev/squall/runtime/automation"
)

// runningSet knows what runs in this process and how to stop it.
type runningSet struct {
	missed func() // a copy of what ran was dropped, and may have been the newer one

	mu  sync.Mutex // guards all and what it points to
	all map[string]*handle
}

// handle stops one execution. A wish to stop it may come before a worker has
// taken it up; it is kept for that moment.
type handle struct {
	stop context.CancelCauseFunc // nil until a worker has it
	wish error                   // why somebody wants it to end; nil: nobody does
	log  *history                // what the attempt under way writes; nil before
	// again tells that it came up once more meanwhile. The store may have given it back
	// already, while whoever has it has not yet heard that its end is stored.
	again bool
}

func newRunningSet(missed func()) *runningSet {
	return &runningSet{missed: missed, all: map[string]*handle{}}
}

// expect notes an execution that is about to run: it can be stopped from now on. False
// means that another has it: missed is called when that one lets go of it.
func (r *runningSet) expect(id string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if h, known := r.all[id]; known {
		h.again = true
		return false
	}
	r.all[id] = &handle{}
	return true
}

// add notes that a worker has an execution; false means that another has it.
func (r *runningSet) add(id string, stop context.CancelCauseFunc) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	h, known := r.all[id]
	switch {
	case !known:
		r.all[id] = &handle{stop: stop}
	case h.stop != nil:
		return false
	default:
		h.stop = stop
		if h.wish != nil {
			stop(h.wish)
		}
	}
	return true
}

// remove forgets an execution. It returns the wish to stop it, if there was one:
// whoever asked was told yes, so it is up to the caller that it comes true.
func (r *runningSet) remove(id string) (wish error) {
	r.mu.Lock()
	h, known := r.all[id]
	delete(r.all, id)
	r.mu.Unlock()
	if !known {
		return nil
	}
	if h.again {
		r.missed()
	}
	return h.wish
}

// stop asks an execution to end; false means that it does not run here. The wish
// is noted under the lock, so that remove misses none.
func (r *runningSet) stop(id string, cause error) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	h, known := r.all[id]
	if !known {
		return false
	}
	if h.wish == nil {
		h.wish = cause
	}
	if h.stop != nil {
		h.stop(cause)
	}
	return true
}

// writes notes where an execution's attempt writes what it leaves behind.
func (r *runningSet) writes(id string, h *history) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if known, ok := r.all[id]; ok {
		known.log = h
	}
}

// artifacts are those that the attempt under way has kept: they are not stored yet.
func (r *runningSet) artifacts(id string) []automation.Artifact {
	r.mu.Lock()
	h, known := r.all[id]
	r.mu.Unlock()
	if !known || h.log == nil {
		return nil
	}
	_, kept := h.log.rest()
	return slices.Clone(kept)
}

func (r *runningSet) count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.all)
}
