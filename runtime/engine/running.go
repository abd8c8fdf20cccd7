package engine

import (
	"context"
	"sync"
)

// runningSet knows what runs in this process and how to stop it.
type runningSet struct {
	mu  sync.Mutex // guards all
	all map[string]context.CancelCauseFunc
}

func newRunningSet() *runningSet {
	return &runningSet{all: map[string]context.CancelCauseFunc{}}
}

// add notes an execution; false means that it runs already.
func (r *runningSet) add(id string, stop context.CancelCauseFunc) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, dup := r.all[id]; dup {
		return false
	}
	r.all[id] = stop
	return true
}

func (r *runningSet) remove(id string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.all, id)
}

// stop asks an execution to end; false means that it does not run here.
func (r *runningSet) stop(id string, cause error) bool {
	r.mu.Lock()
	stop, ok := r.all[id]
	r.mu.Unlock()
	if ok {
		stop(cause)
	}
	return ok
}

func (r *runningSet) count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.all)
}
