package daemon

import (
	"context"
	"errors"
	"time"

	"github.com/squall-dev/squall/hostfuncs"
	"github.com/squall-dev/squall/hostfuncs/kube"
	"github.com/squall-dev/squall/packs"
	"github.com/squall-dev/squall/runtime/access"
	"github.com/squall-dev/squall/runtime/api"
	"github.com/squall-dev/squall/runtime/artifact"
	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/budget"
	"github.com/squall-dev/squall/runtime/engine"
	"github.com/squall-dev/squall/runtime/live"
	"github.com/squall-dev/squall/runtime/retention"
	"github.com/squall-dev/squall/runtime/store/sqlite"
	"github.com/squall-dev/squall/runtime/telemetry"
	"github.com/squall-dev/squall/runtime/trigger"
	"github.com/squall-dev/squall/runtime/vault"
	"github.com/squall-dev/squall/runtime/wasm"
)

// remembered is how many changes a watcher may have missed and still catch up.
const remembered = 10_000

// parts is every part of the program, and how to take them apart again.
type parts struct {
	o       Options
	ids     *automation.IDs
	metrics *telemetry.Metrics

	db     *sqlite.Store
	files  *artifact.Store
	live   *live.Hub
	keeper *retention.Keeper

	funcs   hostfuncs.Set
	sandbox *wasm.Engine

	endpoints map[string]trigger.Endpoint
	loaded    *packAudit
	registry  *packs.Registry
	watcher   *packs.Watcher

	vault  *vault.Vault
	keyed  sealedKeys
	grants *grants
	budget *budget.Guard

	engine   *engine.Engine
	changes  *changes
	sensors  *trigger.Sensors
	cluster  *kube.Client
	triggers *trigger.Manager

	guard *access.Guard
	certs *certificates // nil for plain HTTP
	api   *api.Server

	adminToken, adminTokenFile string

	closers []func() error // in order of construction
}

// close takes the parts apart, last made first. It works after half a
// construction, and twice.
func (p *parts) close() error {
	var errs []error
	for i := len(p.closers) - 1; i >= 0; i-- {
		errs = append(errs, p.closers[i]())
	}
	p.closers = nil
	return errors.Join(errs...)
}

func (p *parts) onClose(f func() error) { p.closers = append(p.closers, f) }

// wire is the table of contents of the program: each part once, in the order of
// dependence. There is no other place where parts meet.
func wire(ctx context.Context, o Options) (*parts, error) {
	p := &parts{o: o, ids: &automation.IDs{}, metrics: telemetry.NewMetrics()}
	for _, step := range []func(context.Context) error{
		p.wireStorage, p.wireSandbox, p.wirePacks, p.wireSecrets, p.wireEngine, p.wireSources, p.wireAccess, p.wireAPI,
	} {
		if err := step(ctx); err != nil {
			return p, err
		}
	}
	return p, nil
}

// sweep removes artifact files that no execution names: those of attempts that died
// before their end was stored.
func (p *parts) sweep(ctx context.Context) (removed int, err error) {
	return p.files.Sweep(ctx, func(sha256 string) (bool, error) { return p.db.HasArtifact(ctx, sha256) })
}

// wake starts the modules that sleep.
func (p *parts) wake(ctx context.Context) { p.sandbox.Wake(ctx, p.called()) }

func (p *parts) wholeTape(ctx context.Context, t automation.Tape) (automation.Tape, error) {
	return p.files.WholeTape(ctx, p.db, t)
}

func (p *parts) newDoctor(kept *backups) *doctor {
	return &doctor{
		config: p.o.Config, facts: p.sandbox.Facts, started: time.Now(),
		packs:    func() []automation.PackStatus { return p.registry.Snapshot().Packs() },
		webhooks: func() map[string][]automation.Ref { return p.registry.Snapshot().Rules().Webhooks() },
		changes:  p.budget.State, secrets: p.vault.List, history: p.keeper.State,
		backups: kept.latest, audit: p.db.VerifyAudit, reach: p.cluster.Reach,
	}
}
