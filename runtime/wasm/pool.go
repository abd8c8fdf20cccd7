package wasm

import (
	"runtime"
	"sync"
	"time"
)

const (
	// idleTime is how long an instance may wait for its next call. The newest one
	// stays: starting another can take milliseconds.
	idleTime = time.Minute
)

// maxIdle is how many instances wait at most.
func maxIdle() int { return 4 * runtime.GOMAXPROCS(0) }

// pool keeps idle instances of one module, the last used on top, because its
// pages are warm. The zero value but for close is ready.
type pool struct {
	close func(*instance) // ends an instance

	mu     sync.Mutex // guards the fields below
	idle   []idleInstance
	timer  *time.Timer // trims; nil when nothing waits to be trimmed
	closed bool
}

type idleInstance struct {
	*instance
	since time.Time
}

// take returns the instance used last, or nil.
func (p *pool) take() *instance {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := len(p.idle)
	if n == 0 {
		return nil
	}
	i := p.idle[n-1]
	p.idle[n-1] = idleInstance{}
	p.idle = p.idle[:n-1]
	return i.instance
}

// put keeps an instance whose last run has ended at a time, or ends it when there
// are enough.
func (p *pool) put(i *instance, at time.Time) {
	p.mu.Lock()
	if p.closed || len(p.idle) >= maxIdle() {
		p.mu.Unlock()
		p.close(i)
		return
	}
	defer p.mu.Unlock()
	p.idle = append(p.idle, idleInstance{i, at})
	if p.timer == nil && len(p.idle) > 1 {
		p.timer = time.AfterFunc(idleTime, p.trim)
	}
}

// trim ends instances that waited too long, and comes back while there are some
// that may.
func (p *pool) trim() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return
	}
	old := 0
	for old < len(p.idle)-1 && time.Since(p.idle[old].since) >= idleTime {
		p.close(p.idle[old].instance)
		old++
	}
	p.idle = append(p.idle[:0:0], p.idle[old:]...)
	p.timer = nil
	if len(p.idle) > 1 {
		p.timer = time.AfterFunc(idleTime-time.Since(p.idle[0].since), p.trim)
	}
}

// shed ends all instances.
func (p *pool) shed() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.shedLocked()
}

func (p *pool) shedLocked() {
	for _, i := range p.idle {
		p.close(i.instance)
	}
	p.idle = nil
}

// drain ends all instances and keeps no more. A trim that runs right now is done
// when drain returns.
func (p *pool) drain() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	if p.timer != nil {
		p.timer.Stop()
	}
	p.shedLocked()
}
