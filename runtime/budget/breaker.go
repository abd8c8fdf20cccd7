package budget

import (
	"errors"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
)

// circuit counts the failures of one kind of change. It is a circuit breaker with
// the usual three states: closed, open until a time, and after that half open: one
// change is let through, and closes or opens it again.
type circuit struct {
	failures []time.Time // oldest first
	until    time.Time   // open until then; zero when closed
	trying   bool        // half open, and one change is on its way
}

// circuitName is what is paused together: a verb to a host or a cluster.
func circuitName(c Call) string {
	switch {
	case c.Change.Host != "":
		return c.Change.Host
	case c.Change.Cluster != "":
		return "cluster " + c.Change.Cluster
	case c.Change.Namespace != "":
		return "the cluster"
	}
	return c.Change.Target
}

func circuitKey(c Call) string { return c.Change.Verb + " " + circuitName(c) }

// open is until when changes of this kind are paused; zero when they are not.
func (g *Guard) open(c Call) time.Time {
	if g.o.Breaker.Failures == 0 {
		return time.Time{}
	}
	state := g.circuit[circuitKey(c)]
	switch {
	case state == nil || state.until.IsZero():
		return time.Time{}
	case c.At.Before(state.until):
		return state.until
	case state.trying:
		return c.At.Add(g.o.Breaker.Pause)
	}
	state.trying = true
	return time.Time{}
}

// settle learns what came of a change.
func (g *Guard) settle(c Call, err error) {
	if g.o.Breaker.Failures == 0 {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	key, now := circuitKey(c), g.o.Now()
	state := g.circuit[key]
	if !broken(err) {
		if state != nil { // one that works closes it
			delete(g.circuit, key)
		}
		return
	}
	if state == nil {
		if len(g.circuit) >= mostCircuits {
			return
		}
		state = &circuit{}
		g.circuit[key] = state
	}
	state.failures = append(state.failures, now)
	for len(state.failures) > 0 && !state.failures[0].After(now.Add(-g.o.Breaker.Within)) {
		state.failures = state.failures[1:]
	}
	if state.trying || len(state.failures) >= g.o.Breaker.Failures {
		state.trying, state.until, state.failures = false, now.Add(g.o.Breaker.Pause), nil
	}
}

// broken reports whether an error speaks of the other side being ill, not of a
// request that it refused or of an execution that was stopped.
func broken(err error) bool {
	return err != nil && (errors.Is(err, automation.ErrUnavailable) || automation.KindOf(err) == "timeout" || automation.KindOf(err) == "internal")
}
