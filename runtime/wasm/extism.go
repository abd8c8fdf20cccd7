package wasm

import (
	"errors"
	"slices"
	"strings"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/wasm/extismabi"
	"github.com/squall-dev/squall/runtime/wasm/rewrite"
)

// What makes Extism plugins a kind of their own: how they are recognised and
// started, and the kernel that each instance has beside its memory. The kernel is
// frozen and put back together with the memory, so a run begins as the first call
// of a fresh plugin does in go-sdk: with the variables that the plugin set and the
// blocks that it made while it started, and nothing of any other run.

// Exports that toolchains use to start a plugin.
const (
	exportHaskell      = "hs_init"
	exportHaskellExit  = "hs_exit"
	exportConstructors = "__wasm_call_ctors"
)

func isPlugin(s *rewrite.Summary) bool {
	return slices.ContainsFunc(s.Imports, func(im rewrite.Import) bool {
		return im.Module == moduleExtism || im.Module == moduleExtismUser
	})
}

// classifyPlugin lists a plugin's actions. TinyGo's plugins export a _start that
// does nothing: it makes no command of them.
func classifyPlugin(info *Info, s *rewrite.Summary) error {
	for _, x := range s.Exports {
		if t, ok := s.FuncType(x); ok && isPluginAction(x.Name, t) {
			info.Exports = append(info.Exports, x.Name)
		}
	}
	if len(info.Exports) == 0 {
		return automation.Invalid("the Extism plugin exports no function without parameters that returns an i32 or nothing").
			WithCode("invalid_module").WithHint("export one function per action: sdk/README.md shows how")
	}
	info.Kind, info.Why = Extism, "it imports functions of Extism"
	sayReset(info, s)
	slices.Sort(info.Exports)
	return nil
}

// isPluginAction leaves out what a toolchain exports for itself; such names begin
// with an underscore.
func isPluginAction(name string, t rewrite.FuncType) bool {
	return !strings.HasPrefix(name, "_") && name != exportHaskellExit && len(t.Params) == 0 &&
		(len(t.Results) == 0 || len(t.Results) == 1 && t.Results[0] == rewrite.I32)
}

// pluginStarts lists what a plugin wants called before its first call, besides
// _initialize and behind it, in go-sdk's order: hs_init; the constructors only of a
// plugin that has neither.
func pluginStarts(exports func(name string) bool) []string {
	switch {
	case exports(exportHaskell):
		return []string{exportHaskell}
	case !exports(exportInitialize) && exports(exportConstructors):
		return []string{exportConstructors}
	}
	return nil
}

// memoryWithin is how much memory a run may come to use under a limit. A plugin's
// kernel has memory beside the one that the module declares.
func (m *Module) memoryWithin(limit int64) int64 {
	if m.info.Kind == Extism {
		return min(limit, m.engine.most)
	}
	return min(limit, m.maxMemory)
}

func (m *Module) newKernel() *extismabi.Kernel {
	if m.info.Kind != Extism {
		return nil
	}
	return extismabi.New(m.engine.most)
}

func (i *instance) freezeKernel() *extismabi.Image {
	if i.kernel == nil {
		return nil
	}
	image := i.kernel.Freeze()
	i.kernel.Restore(image) // also forgets that it was refused memory, if it was
	return image
}

func (i *instance) restoreKernel() {
	if i.kernel != nil {
		i.kernel.Restore(i.frozen.kernel)
	}
}

func (f *frozen) kernelBytes() int64 {
	if f.kernel == nil {
		return 0
	}
	return f.kernel.Size()
}

// pluginError is what the plugin gave as its error; empty when it gave none. As in
// go-sdk an error makes a call fail even when it returns 0.
func (i *instance) pluginError() string {
	if i == nil || i.kernel == nil {
		return ""
	}
	text := i.kernel.ErrorText()
	return strings.ToValidUTF8(text[:min(len(text), maxErrorText)], "")
}

// maxErrorText bounds what becomes the message of a failure.
const maxErrorText = 16 << 10

// beginPlugin gives a plugin its input. While it starts there is none.
func (r *run) beginPlugin() error {
	i := r.instance
	if i.kernel == nil || r.phase != running {
		return nil
	}
	room := r.kernelRoom()
	i.kernel.SetLimit(room)
	if i.kernel.Size() > room {
		return r.memoryStop()
	}
	r.importName = "its input"
	if err := i.kernel.Begin(r.input); err != nil {
		return r.kernelStop(err)
	}
	r.narrowMemory()
	return r.checkOutput(i.kernel) // of the start, which may have set one
}

// checkOutput holds an output to the limit of the run.
func (r *run) checkOutput(k *extismabi.Kernel) error {
	if int64(k.OutputLength()) > r.limits.Output {
		return &stop{automation.CodeOutputLimit, "the action wrote more than " + bytesText(r.limits.Output) + " of output"}
	}
	return nil
}

// endPlugin takes over what the plugin said.
func (r *run) endPlugin() {
	i := r.instance
	if i == nil || i.kernel == nil {
		return
	}
	r.peak += i.kernel.Size()
	if out := i.kernel.Output(); len(out) > 0 {
		r.output = append(r.output[:0], out...)
	}
}

// withKernel runs a function of the ABI: within the memory that is left, and at the
// cost of the work that it makes.
func (r *run) withKernel(fn func(r *run, k *extismabi.Kernel, a []uint64) error, a []uint64) {
	k := r.instance.kernel
	before := k.Size()
	k.SetLimit(r.kernelRoom())
	if err := fn(r, k, a); err != nil {
		panic(r.kernelStop(err))
	}
	if k.Size() != before {
		r.narrowMemory()
	}
	if work := k.TakeWork(workQuantum); work > 0 {
		r.spent += work
		r.yield()
	}
}

// workQuantum is how much work in the kernel goes unnoticed: microseconds.
const workQuantum = 10_000

// kernelRoom is what the plugin's own memory leaves of the limit.
func (r *run) kernelRoom() int64 {
	room := r.module.memoryWithin(r.limits.Memory)
	if m := r.instance.memory; m != nil {
		room -= int64(m.Size())
	}
	return room
}

// narrowMemory lets the plugin's own memory have what the kernel leaves of the limit.
func (r *run) narrowMemory() {
	if slot := r.instance.slot; slot != nil {
		slot.Narrow(r.module.memoryWithin(r.limits.Memory) - r.instance.kernel.Size())
	}
}

func (r *run) memoryStop() *stop {
	return &stop{automation.CodeMemoryLimit, "the action used more than " +
		bytesText(r.module.memoryWithin(r.limits.Memory)) + " of memory"}
}

// kernelStop is how a run ends over an error of the kernel.
func (r *run) kernelStop(err error) *stop {
	var s *stop
	switch {
	case errors.As(err, &s):
		return s
	case errors.Is(err, extismabi.ErrMemory):
		return r.memoryStop()
	}
	return &stop{automation.CodeTrap, "the action crashed: " + r.importName + ": " + err.Error()}
}
