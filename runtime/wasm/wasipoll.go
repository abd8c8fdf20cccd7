package wasm

import (
	"encoding/binary"
	"math"
	"time"
)

// Sizes and tags of poll_oneoff.
const (
	subscriptionSize  = 48
	eventSize         = 32
	maxSubscriptions  = 1024
	tagClock          = 0
	tagWrite          = 2
	flagAbsoluteClock = 1
)

// wasiPoll waits for the earliest of the events that the guest asks for. Streams
// are always ready: nobody writes to them while the guest runs.
func wasiPoll(r *run, a []uint64) {
	in, out, count, result := uint32(a[0]), uint32(a[1]), uint32(a[2]), uint32(a[3])
	if count == 0 || count > maxSubscriptions {
		a[0] = errnoInvalid
		return
	}
	subs := r.bytes(in, count*subscriptionSize)
	events := r.bytes(out, count*eventSize)
	written := r.bytes(result, 4)
	wait, ok := r.earliest(subs)
	if !ok {
		a[0] = errnoInvalid
		return
	}
	r.sleep(wait)
	n := 0
	for ; len(subs) > 0; subs = subs[subscriptionSize:] {
		if w, _ := r.waitFor(subs); w <= wait {
			putEvent(events[n*eventSize:], subs)
			n++
		}
	}
	binary.LittleEndian.PutUint32(written, uint32(n))
	a[0] = errnoSuccess
}

// earliest returns how long it takes until the first event happens.
func (r *run) earliest(subs []byte) (wait time.Duration, ok bool) {
	wait = math.MaxInt64
	for ; len(subs) > 0; subs = subs[subscriptionSize:] {
		w, ok := r.waitFor(subs)
		if !ok {
			return 0, false
		}
		wait = min(wait, w)
	}
	return wait, true
}

// waitFor returns how long it takes, from the start of the poll, until a
// subscription's event happens.
func (r *run) waitFor(sub []byte) (wait time.Duration, ok bool) {
	tag := sub[8]
	if tag != tagClock {
		return 0, tag <= tagWrite
	}
	clock, timeout := binary.LittleEndian.Uint32(sub[16:]), binary.LittleEndian.Uint64(sub[24:])
	if clock > clockLast {
		return 0, false
	}
	if binary.LittleEndian.Uint16(sub[40:])&flagAbsoluteClock != 0 {
		timeout -= min(timeout, r.now(clock))
	}
	return time.Duration(min(timeout, math.MaxInt64)), true
}

// putEvent writes the event of a subscription: its user data, no error, its tag.
func putEvent(event, sub []byte) {
	clear(event[:eventSize])
	copy(event[:8], sub[:8])
	event[10] = sub[8]
	if sub[8] != tagClock {
		binary.LittleEndian.PutUint64(event[16:], 1) // bytes: some
	}
}

// sleep waits, but never longer than the call lasts.
func (r *run) sleep(d time.Duration) {
	if d <= 0 {
		return
	}
	if r.world.replay != nil {
		return // the clocks of the tape tell that time has passed
	}
	if r.phase != running {
		r.world.elapsed += d
	}
	began := time.Now()
	timer := time.NewTimer(min(d, time.Until(r.deadline)))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-r.ctx.Done():
	}
	r.slept += time.Since(began)
	r.checkpoint()
}
