package wasm

import (
	"context"
	"runtime"
	"time"

	"github.com/squall-dev/squall/hostfuncs"
	"github.com/squall-dev/squall/runtime/automation"
)

// run is the host's side of one call: what the guest may still use, what it was
// given and what it said. Only the guest's goroutine touches it, but for the log.
// It belongs to an instance and is used again by the instance's next call.
type run struct {
	ctx      context.Context // the caller's
	deadline time.Time
	module   *Module
	limits   automation.Limits
	caller   hostfuncs.Caller
	export   string
	phase    phase
	drawn    []seed // of those that a starting guest asked of the host

	world      world
	instance   *instance
	importName string // the import that runs, for messages

	granted int64 // fuel that the guest was given last
	spent   int64 // before that
	peak    int64 // bytes of memory

	input     []byte
	inputRead int // how much of standard input was read
	output    []byte
	log       *logbook
	lines     [2]lineBuffer // standard output and error, unfinished lines
	channel   channel       // file descriptor 3

	envelope  []byte // the last reply, for host_result
	hostCalls int
	hostBytes int64 // that crossed the border
	records   []automation.HostCall
	hostCtx   context.Context // what host functions get; nil before the first
	hostDone  context.CancelFunc

	started  time.Time
	gaveWay  time.Time // last, to others who want the processor
	endedAt  time.Time
	hostTime time.Duration
	slept    time.Duration
}

// phase is how far a guest has come.
type phase int

const (
	running  phase = iota // an action runs
	starting              // a module starts: there is no action yet, and no host calls
	parking               // a program starts and is to be frozen where it reads its input
)

// runKey finds the run in the context that the runtime hands to host functions.
type runKey struct{}

func runOf(ctx context.Context) *run { return ctx.Value(runKey{}).(*run) }

// reset makes a run ready for a call. Buffers stay, as nobody else has them; the
// log is made anew once others may have it.
func (r *run) reset(ctx context.Context, m *Module, c Call, p phase) {
	log, output, instance := r.log, r.output[:0], r.instance
	if log == nil || r.hostCtx != nil {
		log = &logbook{}
	}
	*r = run{ctx: ctx, module: m, limits: c.Limits, caller: c.Caller, export: c.Export, input: c.Input, phase: p,
		started: time.Now(), instance: instance, output: output, log: log}
	r.world.replay = newPlayer(c)
	if c.Record {
		r.world.record = &recorder{scrub: c.Caller.Scrub}
	}
	switch {
	case p != running:
		r.world.start = m.conditions()
	case instance != nil && instance.frozen != nil:
		r.world.start = instance.frozen.start
	}
	r.log.reset(c.Caller.Log, c.Limits.Log)
	r.gaveWay = r.started
	r.deadline = r.started.Add(c.Limits.Timeout)
	if d, ok := ctx.Deadline(); ok && d.Before(r.deadline) {
		r.deadline = d
	}
}

// hostContext is what host functions get: it ends with the caller's context and
// with the call's time. Most calls never need it.
func (r *run) hostContext() context.Context {
	if r.hostCtx == nil {
		r.hostCtx, r.hostDone = context.WithDeadline(r.ctx, r.deadline)
		r.caller.Log = r.log.add
		if r.caller.Deadline.IsZero() {
			r.caller.Deadline = r.deadline
		}
	}
	return r.hostCtx
}

// command tells that standard output is the output.
func (r *run) command() bool { return r.module.info.Kind == Command }

// giveWay is how often a guest lets others have its processor. More often costs much:
// the scheduler may go on with it on another one, whose caches know nothing of it.
const giveWay = 2 * time.Millisecond

// quantum is how much fuel a guest gets at once: about half a millisecond. It
// bounds how long a guest keeps the garbage collector and a cancel waiting.
const quantum = 1_000_000

// begin hands the limits to the instance.
func (r *run) begin() error {
	i := r.instance
	if r.ctx.Err() != nil {
		return r.stopped()
	}
	if i.slot != nil {
		if size := int64(i.memory.Size()); size > r.limits.Memory {
			return &stop{automation.CodeMemoryLimit, "the action needs " + bytesText(size) +
				" of memory to begin with, its limit is " + bytesText(r.limits.Memory)}
		}
		i.slot.SetLimit(r.limits.Memory)
	}
	r.granted = 0
	i.fuel.Set(0)
	i.depth.Set(uint64(uint32(r.limits.CallDepth)))
	return r.refuel()
}

// end takes stock of what the guest used.
func (r *run) end() {
	i := r.instance
	r.spent += r.granted - int64(i.fuel.Get())
	r.granted = 0
	i.fuel.Set(0)
	if i.slot != nil {
		r.peak = max(r.peak, int64(i.slot.Peak()))
	}
}

// refuel books the fuel that the guest used and grants the next quantum.
func (r *run) refuel() error {
	r.spent += r.granted - int64(r.instance.fuel.Get())
	r.granted = 0
	r.instance.fuel.Set(0)
	left := r.limits.Fuel - r.spent
	if left < 0 {
		return &stop{automation.CodeOutOfFuel, "the action used up its CPU time: " + countText(r.limits.Fuel) + " instructions"}
	}
	r.granted = min(left, quantum)
	r.instance.fuel.Set(uint64(r.granted))
	return nil
}

// yield is what the guest calls when its fuel is used up.
func (r *run) yield() {
	if now := time.Now(); now.Sub(r.gaveWay) >= giveWay {
		r.gaveWay = now
		runtime.Gosched() // timers and cancels must get through, however many guests loop
	}
	r.checkpoint()
	if err := r.refuel(); err != nil {
		panic(err)
	}
}

// checkpoint stops the guest when it is time to. Every import passes here.
func (r *run) checkpoint() {
	if s := r.interruption(); s != nil {
		panic(s)
	}
	if r.log.over() {
		panic(&stop{automation.CodeOutputLimit, "the action wrote more than " + bytesText(r.limits.Log) + " of log"})
	}
}

// interruption tells whether the call's context has ended. The deadline is looked
// at as well, because a timer may fire late when all processors are busy.
func (r *run) interruption() *stop {
	if r.ctx.Err() != nil {
		return r.stopped()
	}
	if !time.Now().Before(r.deadline) {
		return r.timeout()
	}
	return nil
}

// writeOutput appends to the output as far as the limit allows.
func (r *run) writeOutput(b []byte) {
	if err := r.addOutput(b); err != nil {
		panic(err)
	}
}

func (r *run) addOutput(b []byte) error {
	if int64(len(r.output)+len(b)) > r.limits.Output {
		return &stop{automation.CodeOutputLimit, "the action wrote more than " + bytesText(r.limits.Output) + " of output"}
	}
	r.output = append(r.output, b...)
	return nil
}

// pay takes fuel for work that the host does. When none is left, the guest yields
// here.
func (r *run) pay(units int64) {
	if units == 0 {
		return
	}
	left := int64(r.instance.fuel.Get()) - units
	r.instance.fuel.Set(uint64(left))
	if left < 0 {
		r.yield()
	}
}

// bytes returns the guest's memory at an address; no guest may name memory that
// it does not have. Whatever it is for, it is paid for as if it were copied.
func (r *run) bytes(ptr, size uint32) []byte {
	if m := r.instance.memory; m != nil {
		if b, ok := m.Read(ptr, size); ok {
			r.pay(int64(size) >> 3)
			return b
		}
	}
	panic(&stop{automation.CodeTrap, "the action crashed: " + r.importName + " was given memory that is not there (" +
		countText(int64(size)) + " bytes at " + countText(int64(ptr)) + ")"})
}
