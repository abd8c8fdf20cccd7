package wasm

import (
	"bytes"
	"crypto/rand"
	"encoding/binary"
	chacha "math/rand/v2"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
)

// world is what a run is told of time and chance. A start is told of a time that
// begins when it does and goes on by its own readings and sleeps, so that seed and
// beginning are all there is to remember of it. A run is told the real time, and
// each reading is remembered.
type world struct {
	start   automation.TapeStart // of a start; of a run, the one that it goes on from
	elapsed time.Duration        // of a start's own time

	drawn  bool // numbers, from seed
	seed   seed
	random chacha.ChaCha8

	record *recorder // nil when nobody wants a tape
	replay *player   // nil when the world is real
}

// newStart makes up the conditions of a start.
func newStart() automation.TapeStart {
	seed := make([]byte, seedSize)
	_, _ = rand.Read(seed) // it never fails
	return automation.TapeStart{At: time.Now().UTC(), Seed: seed}
}

// draw fills b with numbers that nobody can guess, and that the tape can repeat.
func (r *run) draw(b []byte) {
	w := &r.world
	if !w.drawn {
		w.drawn = true
		switch {
		case r.phase != running:
			copy(w.seed[:], w.start.Seed)
		case w.replay != nil:
			copy(w.seed[:], w.replay.tape.Seed) // empty when the recorded run asked for none
		default:
			_, _ = rand.Read(w.seed[:]) // it never fails
		}
		w.random.Seed(w.seed)
	}
	_, _ = w.random.Read(b) // it never fails
}

// begins goes over from a start to a run on the same instance.
func (r *run) begins() { r.phase, r.world.drawn = running, false }

// now reads a clock. The monotonic one is the engine's, so that it never goes
// back for a guest that was frozen in the meantime.
func (r *run) now(clock uint32) uint64 {
	w := &r.world
	if r.phase != running {
		w.elapsed++
		return ownTime(w, clock)
	}
	if w.replay != nil {
		return w.replay.reading(clock)
	}
	at := uint64(time.Since(r.module.engine.started)) + startAllowance
	if clock == clockWall {
		at = uint64(time.Now().UnixNano())
	}
	w.record.reading(clock, at)
	return at
}

// startAllowance is where the monotonic clock of runs begins: behind all that a
// start can have seen of its own.
const startAllowance = uint64(time.Hour)

func ownTime(w *world, clock uint32) uint64 {
	if clock == clockWall {
		return uint64(w.start.At.Add(w.elapsed).UnixNano())
	}
	return uint64(w.elapsed)
}

// recorder writes the tape of a run.
type recorder struct {
	clocks  []byte
	last    [2]uint64 // wall, monotonic
	calls   []automation.TapeCall
	config  map[string]string
	size    int // of what stands in the tape itself
	large   int // of bodies that are going to be artifacts
	scrub   func([]byte) []byte
	partial string // why the tape is not complete
}

// Bounds of a tape. A program that reads the clock all the time, or moves more than
// this through host calls, is rare; what it did is still in its history.
const (
	maxClocks = 256 << 10
	maxTape   = 8 << 20
	maxLarge  = 64 << 20
)

func (t *recorder) reading(clock uint32, at uint64) {
	if t == nil || t.partial != "" {
		return
	}
	which := min(clock, 1)
	by := int64(at - t.last[which])
	t.last[which] = at
	t.clocks = binary.AppendVarint(t.clocks, by<<1|int64(which))
	if len(t.clocks) > maxClocks {
		t.stop("the action read clocks too often")
	}
}

// call adds a host call; request and reply are the recorder's to keep.
func (t *recorder) call(name string, request, reply []byte) {
	if t == nil || t.partial != "" {
		return
	}
	if t.weigh(request) || t.weigh(reply) {
		return
	}
	told := reply
	if t.scrub != nil {
		request, reply = t.scrub(request), t.scrub(reply)
	}
	t.calls = append(t.calls, automation.TapeCall{Name: name, Request: jsonOrText(request), Reply: reply})
	if !bytes.Equal(told, reply) {
		t.stop("a secret was revealed to it, which is not recorded")
	}
}

// weigh adds a body, and tells whether the tape has become too large.
func (t *recorder) weigh(body []byte) (full bool) {
	sum, limit := &t.size, maxTape
	if len(body) > automation.LargeBody {
		sum, limit = &t.large, maxLarge
	}
	if *sum += len(body); *sum > limit {
		t.stop("its host calls moved more than " + bytesText(int64(limit)))
	}
	return t.partial != ""
}

func (t *recorder) configured(name, value string) {
	if t == nil {
		return
	}
	if t.config == nil {
		t.config = map[string]string{}
	}
	t.config[name] = value
}

// stop keeps what is there: it is still worth reading.
func (t *recorder) stop(why string) { t.partial, t.clocks = why, nil }

// tape is what the run was told.
func (r *run) tape() *automation.Tape {
	w := &r.world
	if w.record == nil {
		return nil
	}
	t := &automation.Tape{Module: r.module.info.SHA256, Export: r.export, Start: w.start, Clocks: w.record.clocks, Calls: w.record.calls,
		Config: w.record.config, Incomplete: w.record.partial}
	if w.drawn {
		t.Seed = bytes.Clone(w.seed[:])
	}
	return t
}
