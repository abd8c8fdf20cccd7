package wasm

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
)

// origin is what the executions of an action start from, and the instances that
// are ready to. A reactor has one for all its actions; a command has one for each,
// because a program learns the action's name as it starts.
type origin struct {
	module *Module
	action string  // of a command
	frozen *frozen // of a reactor, shared by its instances; nil when each run starts anew
	idle   pool
	// anew says why each run must start from the beginning; nil when it need not.
	anew atomic.Pointer[string]
}

func (m *Module) newOrigin(action string) *origin {
	o := &origin{module: m, action: action}
	o.idle.close = m.discard
	switch {
	case m.info.Kind == Command && !m.HasRead:
		o.startsAnew("it never reads standard input")
	case m.info.Kind == Command && !m.Checkpoints:
		o.startsAnew("an interpreter can not freeze programs")
	}
	return o
}

func (o *origin) startsAnew(why string) {
	if o.anew.CompareAndSwap(nil, &why) {
		o.module.engine.log.Debug("each run starts from the beginning", "module", o.module.name, "action", o.action, "why", why)
	}
}

// take returns an idle instance, or nil when there is none, with memory for a call
// reserved, less what the instance holds already. Waiting for memory does not count
// as the action's time, but takes as long at most. Who waits holds no instance: two
// who do could wait for each other.
func (o *origin) take(ctx context.Context, memory int64, patience time.Duration) (*instance, error) {
	budget := o.module.engine.budget
	if i := o.idle.take(); i != nil {
		switch more := memory - i.held; {
		case more < 0:
			budget.give(-more)
			return i, nil
		case budget.tryTake(more):
			return i, nil
		}
		o.module.discard(i)
	} else if budget.tryTake(memory) {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return nil, budget.take(ctx, memory)
}

// ready returns a new instance in the frozen state, or nil when each run starts
// from the beginning.
func (o *origin) ready(ctx context.Context, memory int64) (*instance, error) {
	switch {
	case o.anew.Load() != nil:
		return nil, nil
	case o.module.info.Kind == Command:
		return o.park(ctx, initLimits(memory))
	}
	return o.thaw(ctx)
}

// thaw makes another instance of a reactor.
func (o *origin) thaw(ctx context.Context) (*instance, error) {
	m := o.module
	i, err := m.instantiate(ctx)
	if err != nil {
		return nil, fmt.Errorf("start another instance of module %s: %w", m.name, err)
	}
	if err := i.thaw(o.frozen); err != nil {
		m.discard(i)
		return nil, fmt.Errorf("start another instance of module %s: %w", m.name, err)
	}
	return i, nil
}

// giveBack puts an instance back for the next run, and the memory that the run
// was given. One that can not be put back is ended: whose native stack grew deep,
// who changed a table, who would keep memory that others wait for.
func (o *origin) giveBack(i *instance, code automation.FailureCode, memory int64) {
	budget := o.module.engine.budget
	if code == automation.CodeStackLimit || i.changed() || i.checkpoint.isOld() || budget.contended() {
		i.held = memory
		o.module.discard(i)
		return
	}
	kept, err := i.restore()
	if err != nil {
		o.module.engine.log.Warn("instance could not be restored and was ended", "module", o.module.name, "err", err)
		i.held = memory
		o.module.discard(i)
		return
	}
	if i.checkpoint != nil {
		kept += i.frozen.bytes()
	}
	budget.give(memory - kept)
	i.held = kept
	if i.run.endedAt.IsZero() { // it has only been started
		i.run.endedAt = time.Now()
	}
	o.idle.put(i, i.run.endedAt)
}

func (c *checkpoint) isOld() bool { return c != nil && c.runs >= maxRuns }
