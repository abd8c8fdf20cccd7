package wasm

import (
	"encoding/binary"
)

// WASI preview 1 as far as a guest without files needs it. It is our own because
// its sleeps must end with the call, its streams are the call's, and nothing of
// it may outlive the call: there is no table of open files to restore.

// The error numbers in use.
const (
	errnoSuccess   = 0
	errnoBadFile   = 8
	errnoInvalid   = 28
	errnoNoSystem  = 52
	errnoNoSeek    = 70
	errnoForbidden = 76
)

func wasiImports() []importFunc {
	return append([]importFunc{
		{"args_get", "ii", "i", func(r *run, a []uint64) { a[0] = r.putStrings(r.arguments(), a) }},
		{"args_sizes_get", "ii", "i", func(r *run, a []uint64) { a[0] = r.putSizes(r.arguments(), a) }},
		{"environ_get", "ii", "i", func(r *run, a []uint64) { a[0] = r.putStrings(r.environment(), a) }},
		{"environ_sizes_get", "ii", "i", func(r *run, a []uint64) { a[0] = r.putSizes(r.environment(), a) }},
		{"clock_res_get", "ii", "i", wasiClockResolution},
		{"clock_time_get", "iIi", "i", wasiClockTime},
		{"poll_oneoff", "iiii", "i", wasiPoll},
		{"proc_exit", "i", "", func(_ *run, a []uint64) { panic(&exit{uint32(a[0])}) }},
		{"proc_raise", "i", "i", refuseWith(errnoNoSystem)},
		{"random_get", "ii", "i", wasiRandom},
		{"sched_yield", "", "i", func(r *run, a []uint64) { a[0] = errnoSuccess }},
	}, append(wasiStreams(), wasiNoFiles()...)...)
}

// refuseWith makes a function that always answers the same.
func refuseWith(errno uint64) func(*run, []uint64) {
	return func(_ *run, a []uint64) { a[0] = errno }
}

func (r *run) environment() []string {
	if r.export == "" {
		return nil
	}
	return []string{"SQUALL_ACTION=" + r.export}
}

// putStrings writes strings that end with a zero, and where each begins.
func (r *run) putStrings(list []string, a []uint64) uint64 {
	at, where := uint32(a[0]), uint32(a[1])
	for _, s := range list {
		binary.LittleEndian.PutUint32(r.bytes(at, 4), where)
		copy(r.bytes(where, uint32(len(s)+1)), s+"\x00")
		at, where = at+4, where+uint32(len(s)+1)
	}
	return errnoSuccess
}

func (r *run) putSizes(list []string, a []uint64) uint64 {
	size := 0
	for _, s := range list {
		size += len(s) + 1
	}
	binary.LittleEndian.PutUint32(r.bytes(uint32(a[0]), 4), uint32(len(list)))
	binary.LittleEndian.PutUint32(r.bytes(uint32(a[1]), 4), uint32(size))
	return errnoSuccess
}

// The clocks: of the wall, monotonic, and two of CPU time.
const (
	clockWall = 0
	clockLast = 3
)

func wasiClockResolution(r *run, a []uint64) {
	if uint32(a[0]) > clockLast {
		a[0] = errnoInvalid
		return
	}
	binary.LittleEndian.PutUint64(r.bytes(uint32(a[1]), 8), 1)
	a[0] = errnoSuccess
}

func wasiClockTime(r *run, a []uint64) {
	if uint32(a[0]) > clockLast {
		a[0] = errnoInvalid
		return
	}
	binary.LittleEndian.PutUint64(r.bytes(uint32(a[2]), 8), r.now(uint32(a[0])))
	a[0] = errnoSuccess
}

// wasiRandom works in pieces, so that a large wish can not outlast the deadline.
func wasiRandom(r *run, a []uint64) {
	const piece = 64 << 10
	all := r.bytes(uint32(a[0]), uint32(a[1]))
	for b := all; len(b) > 0; b = b[min(piece, len(b)):] {
		r.draw(b[:min(piece, len(b))])
		r.checkpoint()
	}
	if r.phase != running && len(all) == seedSize && len(r.drawn) < maxDrawn {
		r.drawn = append(r.drawn, seed(all))
	}
	a[0] = errnoSuccess
}
