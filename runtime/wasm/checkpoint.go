package wasm

import (
	"context"
	"errors"
	"fmt"

	"github.com/tetratelabs/wazero/experimental"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/wasm/rewrite"
)

// checkpoint is where a program is about to read standard input for the first
// time: its native stack, and what it had said by then. Its memory and globals are
// the instance's frozen state.
//
// A program is started on its own, before there is an action to run. The rewritten
// module calls [run.enter] before _start and [run.await] before each read of
// standard input. The first await of a start takes snapshots of the native stack
// and unwinds it: the program is parked. To run it, its _start is called again,
// and enter, instead of returning, restores one of the snapshots: the program goes
// on behind await, with its input there to be read. Whatever ends the run, an
// exit, a trap or a limit, unwinds that stack as well, memory and globals are put
// back, and the next run restores the next snapshot. No goroutine belongs to a
// parked program, so there is none to wait for.
//
// The runtime promises that a snapshot can be restored from within the call that
// took it. That it can be from within a later call of the same function value is
// how its compiled code works, and held by tests: a call only needs the stack and
// the registers that a snapshot has, because a program's _start returns nothing.
type checkpoint struct {
	// stock are snapshots, each good for one run: its stack is the run's stack. The
	// last one is used to come by more.
	stock []experimental.Snapshot
	depth int // calls that were open
	runs  int // so far

	output         []byte
	rest           [2][]byte // unfinished lines
	log            []logLine
	onceMore, goOn [1]uint64
}

type logLine struct {
	level automation.LogLevel
	text  string
}

const (
	// stockSize trades memory against growth: a snapshot has 16 bytes more than the
	// stack it was taken of, so a stock makes a program's stack grow by that.
	stockSize = 4
	// maxRuns bounds that growth to 40 KB, after which the program starts anew.
	maxRuns = 10_000
)

// parked ends the start of a program that waits for its input now.
type parked struct{}

func (parked) Error() string { return "the program waits for its input" }

// unfreezable ends the start of a program that does something that belongs to an
// execution before it reads its input.
type unfreezable struct{ why string }

func (u *unfreezable) Error() string { return u.why }

// ofTheAction is called by imports that give or take what belongs to one action.
func (r *run) ofTheAction() {
	if r.phase == parking {
		panic(&unfreezable{"it uses " + r.importName + " before it reads standard input"})
	}
}

// enter is where a program starts. A parked one goes on where it waits.
func (r *run) enter() {
	c := r.instance.checkpoint
	if c == nil || r.phase == parking {
		return
	}
	last := len(c.stock) - 1
	s := c.stock[last]
	c.stock[last], c.stock = nil, c.stock[:last]
	c.runs++
	r.instance.depth.Set(uint64(uint32(r.limits.CallDepth - c.depth)))
	answer := c.goOn[:]
	if last == 0 {
		answer = c.onceMore[:]
	}
	s.Restore(answer)
}

// await is where a program waits for its input. It answers 1 to be called again.
func (r *run) await() uint64 {
	c := r.instance.checkpoint
	switch {
	case r.phase == parking:
		r.park()
	case c != nil && len(c.stock) == 0 && r.inputRead == 0: // asked once more: as it was frozen
		c.refill(r.instance)
	}
	return 0
}

func (c *checkpoint) refill(i *instance) {
	from := i.function(exportStart).(experimental.Snapshotter)
	for range stockSize {
		c.stock = append(c.stock, from.Snapshot())
	}
}

// park freezes the program and ends its start.
func (r *run) park() {
	i := r.instance
	if i.changed() {
		panic(&unfreezable{"it changes a table, a segment or a global without a number before it reads standard input"})
	}
	f, err := r.module.freeze(i)
	if err != nil {
		panic(&stop{automation.CodeInternal, "freeze the program: " + err.Error()})
	}
	i.frozen = f
	c := &checkpoint{depth: r.limits.CallDepth - int(int32(i.depth.Get())), output: append([]byte(nil), r.output...)}
	c.onceMore[0] = 1
	for n := range r.lines {
		c.rest[n] = r.lines[n].rest
	}
	c.refill(i)
	i.checkpoint = c
	panic(parked{})
}

// say repeats what the program had said when it was frozen: it is part of every
// run, and of what the run may say.
func (c *checkpoint) say(r *run) error {
	for n := range c.rest {
		r.lines[n].rest = append(r.lines[n].rest, c.rest[n]...)
	}
	for _, l := range c.log {
		r.log.add(l.level, l.text)
	}
	return r.addOutput(c.output)
}

// park starts a program until it waits for its input. Without an error and an
// instance, the program is of a kind that must run from its beginning each time;
// the origin knows why.
func (o *origin) park(ctx context.Context, limits automation.Limits) (*instance, error) {
	m := o.module
	i, err := m.instantiate(ctx)
	if err != nil {
		return nil, fmt.Errorf("start module %s: %w", m.name, err)
	}
	var said []logLine
	call := Call{Export: o.action, Limits: limits}
	call.Caller.Log = func(level automation.LogLevel, text string) { said = append(said, logLine{level, text}) }
	i.run.reset(ctx, m, call, parking)
	_, err = i.start()
	if cause := ended(ctx); cause != nil {
		m.discard(i)
		return nil, fmt.Errorf("start module %s: %w", m.name, cause)
	}
	if !errors.As(err, new(parked)) {
		o.startsAnew(i.run.why(err))
		m.discard(i)
		return nil, nil
	}
	i.checkpoint.log = said
	return i, nil
}

// why says what kept a program from being frozen.
func (r *run) why(err error) string {
	var u *unfreezable
	if errors.As(err, &u) {
		return u.why
	}
	return "it ends before it reads standard input"
}

// start runs a program from its beginning.
func (i *instance) start() (uint32, error) {
	if i.run.module.HasStart {
		if _, err := i.call(rewrite.StartExport, 0); err != nil {
			return 0, err
		}
	}
	return i.call(exportStart, 0)
}
