package engine

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
)

// line is the queue of pending executions, those of higher priority first, and the
// count of idle workers. It holds at most max executions; what does not fit, the last
// in that order, stays in the store and is fetched when the line has emptied.
type line struct {
	wake    chan struct{} // capacity 1: something to do for the dispatcher
	workers int

	mu      sync.Mutex // guards all below
	waiting []automation.Execution
	idle    int           // below zero: so many are promised a worker that is about to be free
	pace    time.Duration // for which an execution occupies a worker, lately; 0 is not known
	moved   time.Time     // when a worker was returned last, or the last idle one was taken
	max     int
	spilled bool                // the store may hold pending executions that are not in waiting
	filling bool                // the store is being asked for them
	delayed map[string]struct{} // wait for their backoff
	senders []chan struct{}     // wait for room
}

func newLine(workers, most int) *line {
	return &line{wake: make(chan struct{}, 1), workers: workers, idle: workers, max: most, delayed: map[string]struct{}{}}
}

// reserve takes a worker for an execution that is not yet committed. It fails when
// others wait already: nobody overtakes.
func (l *line) reserve() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.idle <= -l.promises() || len(l.waiting) > 0 || l.spilled || l.filling {
		return false
	}
	l.take()
	return true
}

// take must be called with mu held.
func (l *line) take() {
	if l.idle--; l.idle == 0 {
		l.moved = time.Now()
	}
}

const (
	// promisedWait is how long a promised worker may let itself be waited for: as long as
	// a commit takes about, which the execution is spared by being promised one.
	promisedWait = 10 * time.Millisecond
	// mostPromises bounds them, in multiples of the workers: by more than as many as two
	// or three commits bring, or a burst ends the promising and each execution costs a
	// commit more until the queue is empty.
	mostPromises = 16
	// standstill is for how long no worker has come back when all of them are taken by
	// executions that are longer than those before.
	standstill = 5 * promisedWait
)

// promises is how many workers may be promised beyond those that are idle. It is none
// as long as executions are not known to be short. Must be called with mu held.
func (l *line) promises() int {
	if l.pace == 0 || l.idle <= 0 && time.Since(l.moved) > standstill {
		return 0
	}
	return int(min(promisedWait*time.Duration(l.workers)/l.pace, time.Duration(mostPromises*l.workers)))
}

// crowded tells that short executions have piled up. Must be called with mu held.
func (l *line) crowded() bool {
	most := l.promises()
	return most > 0 && (l.idle <= -most || len(l.waiting) > 0 || l.spilled || l.filling)
}

// longestThrottle is how long a sender is kept waiting at most.
const longestThrottle = 20 * time.Millisecond

// throttle lets whoever brings more executions wait while short ones have piled up. They
// have begun a moment later, and a new one then need not be stored as pending first;
// without it senders outrun the workers, and every execution costs a commit more.
func (l *line) throttle(ctx context.Context) {
	l.mu.Lock()
	if !l.crowded() || len(l.senders) >= mostPromises*l.workers { // more would get no room in time
		l.mu.Unlock()
		return
	}
	room := make(chan struct{})
	l.senders = append(l.senders, room)
	l.mu.Unlock()
	timer := time.NewTimer(longestThrottle)
	defer timer.Stop()
	select {
	case <-room:
	case <-timer.C:
		l.leave(room)
	case <-ctx.Done():
		l.leave(room)
	}
}

func (l *line) leave(room chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.senders = slices.DeleteFunc(l.senders, func(c chan struct{}) bool { return c == room })
}

// admit lets the sender go on that waits longest. Must be called with mu held.
func (l *line) admit() {
	if len(l.senders) > 0 && !l.crowded() {
		close(l.senders[0])
		l.senders = l.senders[1:]
	}
}

// release returns a worker that was occupied for a while.
func (l *line) release(occupied time.Duration) {
	const weight = 8 // of those before
	l.mu.Lock()
	if l.pace == 0 {
		l.pace = occupied
	}
	l.pace = max(1, l.pace+(occupied-l.pace)/weight)
	l.moved = time.Now()
	l.idle++
	l.admit()
	l.mu.Unlock()
	l.signal()
}

// putBack returns a worker that was not needed.
func (l *line) putBack() {
	l.mu.Lock()
	l.idle++
	l.mu.Unlock()
	l.signal()
}

// push appends executions that are committed and pending.
func (l *line) push(xs ...automation.Execution) {
	l.mu.Lock()
	for _, x := range xs {
		l.insert(x)
	}
	l.mu.Unlock()
	l.signal()
}

// insert must be called with mu held. Whatever is only in the store comes after all that
// wait here, so that this is so also of what is left out now.
func (l *line) insert(x automation.Execution) {
	at := len(l.waiting)
	for at > 0 && l.waiting[at-1].Priority < x.Priority {
		at--
	}
	if at == len(l.waiting) && (l.spilled || at >= l.max) {
		l.spilled = true
		return
	}
	l.waiting = slices.Insert(l.waiting, at, x)
	if len(l.waiting) > l.max {
		l.waiting = slices.Delete(l.waiting, l.max, len(l.waiting))
		l.spilled = true
	}
}

// pushAfter appends an execution once its backoff has passed.
func (l *line) pushAfter(x automation.Execution, d time.Duration) {
	l.mu.Lock()
	l.delayed[x.ID] = struct{}{}
	l.mu.Unlock()
	time.AfterFunc(d, func() {
		l.mu.Lock()
		delete(l.delayed, x.ID)
		l.mu.Unlock()
		l.push(x)
	})
}

// hold keeps workers from an execution, also from copies that the store gives, until
// drop is called: it is run elsewhere.
func (l *line) hold(id string) (drop func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.delayed[id] = struct{}{}
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		delete(l.delayed, id)
	}
}

// next takes the oldest waiting execution and a worker for it, if there are both.
func (l *line) next() (automation.Execution, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for l.idle > -l.promises() && len(l.waiting) > 0 {
		x := l.waiting[0]
		l.waiting[0] = automation.Execution{} // let its parameters go
		l.waiting = l.waiting[1:]
		if _, wait := l.delayed[x.ID]; wait {
			continue // an older copy, read from the store while the original ran
		}
		l.take()
		return x, true
	}
	return automation.Execution{}, false
}

// ready returns the executions that do not wait for their backoff.
func (l *line) ready(xs []automation.Execution) []automation.Execution {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := make([]automation.Execution, 0, len(xs))
	for _, x := range xs {
		if _, wait := l.delayed[x.ID]; !wait {
			out = append(out, x)
		}
	}
	return out
}

func (l *line) spill() {
	l.mu.Lock()
	l.spilled = true
	l.mu.Unlock()
	l.signal()
}

// beginFill reports whether the store should be asked for pending executions. It
// forgets what was spilled before the store is read: what is committed after that
// must be noted anew.
func (l *line) beginFill() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.spilled || len(l.waiting) > 0 {
		return false
	}
	l.spilled, l.filling = false, true
	return true
}

// endFill takes what the store holds, before what was pushed in the meantime. Of
// an execution that stands in both, the pushed copy is the newer one. A copy whose
// original has begun is refused by the store when it is started. more says that
// the store holds still more.
func (l *line) endFill(pending []automation.Execution, more bool) {
	l.mu.Lock()
	pushed := make(map[string]automation.Execution, len(l.waiting))
	for _, x := range l.waiting {
		pushed[x.ID] = x
	}
	waiting := make([]automation.Execution, 0, len(pending)+len(l.waiting))
	least := 0 // the priority of what the store may still hold
	if len(pending) > 0 {
		least = pending[len(pending)-1].Priority
	}
	for _, x := range pending {
		if newer, ok := pushed[x.ID]; ok {
			x = newer
			delete(pushed, x.ID)
		}
		waiting = append(waiting, x)
	}
	for _, x := range l.waiting {
		if _, left := pushed[x.ID]; left && (!more || x.Priority >= least) { // the others are in the store as well
			waiting = append(waiting, x)
		}
	}
	slices.SortStableFunc(waiting, func(a, b automation.Execution) int { return cmp.Compare(b.Priority, a.Priority) })
	l.waiting, l.filling, l.spilled = waiting, false, l.spilled || more
	l.mu.Unlock()
	l.signal()
}

func (l *line) length() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.waiting)
}

// spillAfter makes the store be asked again later.
func (l *line) spillAfter(d time.Duration) { time.AfterFunc(d, l.spill) }

func (l *line) signal() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}
