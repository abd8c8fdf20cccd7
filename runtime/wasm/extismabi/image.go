package extismabi

import (
	"bytes"
	"maps"
)

// Image is the state of a kernel at one moment. It never changes and may be shared.
type Image struct {
	state Kernel // its memory is a copy, with nothing behind it
}

// Size is how many bytes the image holds.
func (i *Image) Size() int64 { return i.state.Size() }

// Freeze copies the state: blocks, variables, even an output that was set.
func (k *Kernel) Freeze() *Image {
	i := &Image{*k}
	i.state.mem = bytes.Clone(k.mem)
	i.state.vars = maps.Clone(k.vars)
	i.state.headers = nil
	i.state.status, i.state.work, i.state.denied = 0, 0, false
	return i
}

// keepRoom is how large a memory may be to be kept for the next run; a larger one
// is left to the garbage collector.
const keepRoom = 1 << 20

// Restore puts an image's state in place of what a run has left. It costs what the
// run has used and the image holds: a run that used little is put back quickly.
func (k *Kernel) Restore(i *Image) {
	mem, vars, limit := k.mem, k.vars, k.limit
	if cap(mem) > keepRoom+len(i.state.mem) {
		mem = nil
	}
	clear(mem)
	mem = append(mem[:0], i.state.mem...)
	clear(vars)
	maps.Copy(vars, i.state.vars)
	*k = i.state
	k.mem, k.vars, k.limit = mem, vars, limit
}
