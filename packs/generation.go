package packs

import (
	"sync"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
)

// generation is one installed version of a pack. It ends when it is retired and
// the last lease on it is released.
type generation struct {
	pack     *Pack
	triggers []declared
	loadedAt time.Time

	mu      sync.Mutex // guards leases and retired
	leases  int
	retired bool
	idle    chan struct{} // closed when retired and without leases
}

func newGeneration(p *Pack, at time.Time) *generation {
	return &generation{pack: p, triggers: declare(p.Triggers), loadedAt: at, idle: make(chan struct{})}
}

// hold keeps the generation alive; false means that it is being retired.
func (g *generation) hold() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.retired {
		return false
	}
	g.leases++
	return true
}

func (g *generation) release() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.leases--
	if g.retired && g.leases == 0 {
		close(g.idle)
	}
}

// retire refuses new leases. It must come after the generation has left the
// snapshot, or Acquire would spin.
func (g *generation) retire() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.retired = true
	if g.leases == 0 {
		close(g.idle)
	}
}

func (g *generation) status() automation.PackStatus {
	s := g.pack.Status()
	s.InService, s.LoadedAt = true, g.loadedAt
	return s
}
