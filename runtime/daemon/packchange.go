package daemon

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/disk"
	"github.com/squall-dev/squall/runtime/store"
	"github.com/squall-dev/squall/runtime/store/sqlite"
	"github.com/squall-dev/squall/runtime/telemetry"
)

// packChanged tells everybody whom a pack's change concerns.
func (p *parts) packChanged(ctx context.Context, db *sqlite.Store, metrics *telemetry.Metrics, log *slog.Logger) func(automation.PackStatus) {
	return func(s automation.PackStatus) {
		metrics.PackLoaded(s.Name, s.Error == "")
		p.loaded.changed(ctx, s)
		if p.triggers != nil { // nil only while the parts are made
			p.triggers.Sync(p.registry.Snapshot().Rules().Wanted())
		}
		if err := db.Announce(context.WithoutCancel(ctx), automation.Change{Kind: automation.PackUpdated, Pack: &s}); err != nil {
			log.Warn("a pack's change was not announced", "pack", s.Name, "err", err)
		}
		if err := p.raisePack(ctx, s); err != nil {
			log.Warn("a pack's change raised no event", "pack", s.Name, "err", err)
		}
	}
}

// raisePack tells rules that a pack came into service or could not. What happens
// while the server starts or stops is no event.
func (p *parts) raisePack(ctx context.Context, s automation.PackStatus) error {
	if p.engine == nil || !p.engine.Ready() || s.Error == "" && !s.InService {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closePatience)
	defer cancel()
	payload := map[string]any{"pack": s.Name, "version": s.Version, "path": s.Path, "digest": s.Digest, "in_service": s.InService}
	if s.Error == "" {
		payload["actions"], payload["rules"] = len(s.Actions), len(s.Rules)
		return p.engine.Raise(ctx, automation.TriggerPackLoaded, "pack "+s.Name+" loaded", payload)
	}
	payload["error"], payload["hint"] = s.Error, s.Hint
	return p.engine.Raise(ctx, automation.TriggerPackFailed, "pack "+s.Name+" not loaded", payload)
}

// stillRunning tells whether something that an event started has not ended.
func stillRunning(db store.Reader) func(ctx context.Context, event string) bool {
	return func(ctx context.Context, event string) bool {
		ev, err := db.Event(ctx, event)
		return err == nil && slices.ContainsFunc(ev.Executions, func(x automation.ExecutionSummary) bool { return !x.Status.Final() })
	}
}

// firstToken makes the admin token at the first start and keeps it where the CLI
// on this machine finds it. The file comes first: a server that dies in between
// makes another token at its next start, where the other way around nobody would
// know the only one.
func (p *parts) firstToken(ctx context.Context, data string, layer disk.Layer) error {
	p.adminTokenFile = filepath.Join(data, "admin.token")
	token, err := p.guard.EnsureAdmin(ctx, func(token string) error {
		if err := layer.WriteFile(p.adminTokenFile, []byte(token+"\n"), 0o600); err != nil {
			return fmt.Errorf("write the admin token: %w", err)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("make the admin token: %w", err)
	}
	p.adminToken = token
	return nil
}

// patiently gives a closer that waits for others a bound.
func patiently(closer func(context.Context) error) func() error {
	return func() error {
		ctx, cancel := context.WithTimeout(context.Background(), closePatience)
		defer cancel()
		return closer(ctx)
	}
}
