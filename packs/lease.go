package packs

import (
	"sync/atomic"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/wasm"
)

// Lease is the right to run an action on the version of its pack that was in
// service when the lease was taken. That version stays until Release.
type Lease struct {
	Action automation.Action
	Module wasm.Caller
	Export string
	Grants automation.Capabilities
	Limits automation.Limits // all set
	Config map[string]any    // shared: do not change
	Pack   string
	Digest string

	generation *generation
	released   atomic.Bool
}

// Release ends the lease. Calling it again does nothing.
func (l *Lease) Release() {
	if l.released.CompareAndSwap(false, true) {
		l.generation.release()
	}
}

func (g *generation) lease(a automation.Action) *Lease {
	p := g.pack
	return &Lease{
		Action: a,
		Module: p.modules[a.EntryPoint],
		Export: a.Export,
		Grants: p.Manifest.Capabilities,
		Limits: a.Limits.Or(p.Manifest.Limits).Or(automation.DefaultLimits()),
		Config: p.configOf(a.Name),
		Pack:   p.Name,
		Digest: p.Digest,

		generation: g,
	}
}
