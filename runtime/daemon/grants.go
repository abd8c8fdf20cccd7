package daemon

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"github.com/squall-dev/squall/packs"
	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/store"
)

// grants are what the operator grants packs: as the configuration says, else as was
// told at run time and is stored. A pack without either has what it asks for.
type grants struct {
	registry *packs.Registry
	store    store.Store
	now      func() time.Time
	fixed    map[string]automation.Capabilities // of the configuration

	mu     sync.Mutex // guards stored
	stored map[string]automation.Capabilities
}

const grantSource = "grants"

func newGrants(ctx context.Context, registry *packs.Registry, db store.Store, fixed map[string]automation.Capabilities) (*grants, error) {
	g := &grants{registry: registry, store: db, now: time.Now, fixed: fixed, stored: map[string]automation.Capabilities{}}
	marks, err := db.Marks(ctx, grantSource)
	if err != nil {
		return nil, fmt.Errorf("read the grants: %w", err)
	}
	for _, m := range marks {
		var c *automation.Capabilities
		if err := json.Unmarshal(m.Value, &c); err != nil {
			return nil, fmt.Errorf("read the grants of pack %s: %w", m.Key, err)
		}
		if c != nil {
			g.stored[m.Key] = *c
		}
	}
	return g, nil
}

// of is the ceiling of a pack; nil when it is left what it asks for.
func (g *grants) of(pack string) *automation.Capabilities {
	if c, ok := g.fixed[pack]; ok {
		return &c
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if c, ok := g.stored[pack]; ok {
		return &c
	}
	return nil
}

// Grants tells what a pack asks for and what it is granted.
func (g *grants) Grants(pack string) (automation.Grants, error) {
	p, ok := g.registry.Snapshot().Pack(pack)
	if !ok {
		return automation.Grants{}, automation.NotFound("there is no pack %s", pack).WithCode("unknown_pack").WithHint("list what there is: squall pack list")
	}
	out := automation.Grants{Pack: pack, Requested: p.Capabilities, Granted: g.of(pack), Source: automation.GrantAsked}
	if _, fixed := g.fixed[pack]; fixed {
		out.Source = automation.GrantConfig
	} else if out.Granted != nil {
		out.Source = automation.GrantStored
	}
	return out, nil
}

// Grant narrows a pack to c from now on; nil leaves it what it asks for.
func (g *grants) Grant(ctx context.Context, pack string, c *automation.Capabilities) error {
	if _, fixed := g.fixed[pack]; fixed {
		return automation.Conflict("the grants of pack %s stand in the server's configuration", pack).WithHint("change them there, under grants:")
	}
	if _, err := g.Grants(pack); err != nil && c != nil {
		return err
	}
	value, err := json.Marshal(c)
	if err != nil {
		return fmt.Errorf("remember the grants of pack %s: %w", pack, err)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	m := automation.Mark{Source: grantSource, Key: pack, Value: value, At: g.now()}
	if err := g.store.Accept(ctx, store.Acceptance{Marks: []automation.Mark{m}}); err != nil {
		return fmt.Errorf("remember the grants of pack %s: %w", pack, err)
	}
	if c == nil {
		delete(g.stored, pack)
	} else {
		g.stored[pack] = *c
	}
	return nil
}
