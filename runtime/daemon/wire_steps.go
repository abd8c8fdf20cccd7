package daemon

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"github.com/squall-dev/squall/hostfuncs"
	"github.com/squall-dev/squall/hostfuncs/kube"
	"github.com/squall-dev/squall/packs"
	"github.com/squall-dev/squall/runtime/access"
	"github.com/squall-dev/squall/runtime/api"
	"github.com/squall-dev/squall/runtime/artifact"
	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/config"
	"github.com/squall-dev/squall/runtime/engine"
	"github.com/squall-dev/squall/runtime/live"
	"github.com/squall-dev/squall/runtime/parameter"
	"github.com/squall-dev/squall/runtime/retention"
	"github.com/squall-dev/squall/runtime/runner"
	"github.com/squall-dev/squall/runtime/store/sqlite"
	"github.com/squall-dev/squall/runtime/trigger"
	"github.com/squall-dev/squall/runtime/wasm"
	"github.com/squall-dev/squall/web"
)

// wireStorage opens what remembers: the database, the artifacts, the live stream and retention.
func (p *parts) wireStorage(ctx context.Context) error {
	if err := p.o.Faults.Layer.MakeDirs(p.o.Config.Data, 0o700); err != nil {
		return fmt.Errorf("make the data directory: %w", err)
	}

	var err error
	p.db, err = sqlite.Open(ctx, sqlite.Options{
		Path: filepath.Join(p.o.Config.Data, "squall.db"), IDs: p.ids, Logger: p.o.Logger, NoSync: !p.o.Config.Fsync, Faults: p.o.Faults,
		Published: p.published,
	})
	if err != nil {
		return fmt.Errorf("open the database: %w", err)
	}
	p.onClose(p.db.Close)
	last, err := p.db.LastSeq(ctx)
	if err != nil {
		return fmt.Errorf("read the last change: %w", err)
	}
	p.live = live.New(remembered, last)
	logAuditHead(ctx, p.db, p.o.Logger)
	p.files, err = artifact.Open(p.o.Config.Data, p.o.Faults.Layer)
	if err != nil {
		return fmt.Errorf("open the artifacts: %w", err)
	}
	p.keeper, err = retention.New(retention.Options{
		Store: p.db, Rules: p.o.Config.RetentionRules(), Audit: p.db, AuditAge: time.Duration(p.o.Config.Audit.Age), Removed: p.metrics.HistoryRemoved, Logger: p.o.Logger,
		RemoveFile: func(ctx context.Context, sha256 string) (bool, error) {
			return p.files.Remove(sha256, func(sha256 string) (bool, error) { return p.db.HasArtifact(ctx, sha256) })
		},
	})
	if err != nil {
		return err
	}
	historyGauges(p.metrics, p.db, p.keeper)
	p.metrics.Gauge("squall_audit_head", "Number of the newest record of the audit chain; it never falls.", auditHead(p.db))
	return nil
}

// published is told of each commit.
func (p *parts) published(changes []automation.Change) {
	p.live.Publish(changes)
	for i := range changes {
		if a := changes[i].Artifact; changes[i].Kind == automation.ArtifactCreated && a != nil {
			p.files.Named(a.SHA256)
		}
	}
}

// wireSandbox makes what guests run in, and what they may call.
func (p *parts) wireSandbox(ctx context.Context) error {
	around := p.world()
	around.Now = p.o.Now
	funcs, closeFuncs, err := HostFuncs(p.o.Config, p.o.Logger, around)
	if err != nil {
		return err
	}
	p.onClose(closeFuncs)
	p.funcs = funcs
	p.sandbox, err = wasm.New(ctx, wasm.Options{HostFuncs: funcs, CacheDir: cacheDir(p.o.Config.Data), Compiler: p.o.Compiler, Logger: p.o.Logger})
	if err != nil {
		return fmt.Errorf("start the Wasm engine: %w", err)
	}
	p.onClose(patiently(p.sandbox.Close))
	sandboxGauges(p.metrics, p.sandbox)
	p.sandbox.Doze()
	return nil
}

// wirePacks makes the catalogue of packs; nothing is read yet.
func (p *parts) wirePacks(ctx context.Context) error {
	endpoints, err := endpointsOf(p.o.Config)
	if err != nil {
		return err
	}
	p.endpoints = endpoints
	loader, err := packs.NewLoader(packs.LoaderOptions{
		Engine: p.sandbox, HostFuncs: p.funcs, Config: p.o.Config.PackConfig, CheckTrigger: checkTrigger, CheckWebhook: packWebhooks{p.o.Config, endpoints}.check, Logger: p.o.Logger,
	})
	if err != nil {
		return fmt.Errorf("make the pack loader: %w", err)
	}
	if p.loaded, err = newPackAudit(ctx, p.db, p.metrics.AuditRecorded, p.o.Logger); err != nil {
		return err
	}
	p.registry, err = packs.NewRegistry(packs.RegistryOptions{Logger: p.o.Logger, Changed: p.packChanged(ctx, p.db, p.metrics, p.o.Logger)})
	if err != nil {
		return fmt.Errorf("make the catalogue: %w", err)
	}
	p.onClose(patiently(p.registry.Close))
	p.watcher, err = packs.NewWatcher(packs.WatcherOptions{Dir: p.o.Config.Packs, Embedded: p.o.Packs, Loader: loader, Registry: p.registry, Logger: p.o.Logger})
	if err != nil {
		return fmt.Errorf("make the pack watcher: %w", err)
	}
	return nil
}

// wireSecrets opens secrets and sealed keys, and makes what bounds the calls of guests.
func (p *parts) wireSecrets(ctx context.Context) error {
	var err error
	p.vault, err = openVault(ctx, p.o, p.db)
	if err != nil {
		return fmt.Errorf("open the vault of secrets: %w", err)
	}
	p.keyed, err = newSealedKeys(ctx, p.db, p.vault, p.o.Logger)
	if err != nil {
		return err
	}
	polled, err := newSensorUsage(ctx, p.db, p.o.Logger)
	if err != nil {
		return err
	}
	p.grants, err = newGrants(ctx, p.registry, p.db, p.o.Config.Grants, polled)
	if err != nil {
		return err
	}
	p.budget, err = newGuard(p.o.Config, p.ids, p.metrics.ChangeHeld, p.o)
	return err
}

// wireEngine makes what matches and runs.
func (p *parts) wireEngine(ctx context.Context) error {
	c := p.o.Config
	var err error
	p.engine, err = engine.New(engine.Options{
		Store: p.keyed, IDs: p.ids, Workers: c.Workers, MaxQueued: c.Engine.MaxQueued, DrainTimeout: c.DrainTimeout, Meter: p.metrics, Logger: p.o.Logger,
		Catalogue: func() engine.Catalogue { return p.registry.Snapshot() },
		Runner:    tortured(p.o.Faults.Points, runner.NewWasm(lender{p.registry, p.grants}, p.budget, p.vault)),
		Artifacts: func(execution string, kept func(automation.Artifact)) hostfuncs.ArtifactSink {
			return p.files.Sink(execution, p.ids, kept)
		},
		Content: p.files.Reader,
	})
	if err != nil {
		return err
	}
	p.metrics.Gauge("squall_executions_queued", "Pending executions held in memory.", func() float64 { return float64(p.engine.Queued()) })
	p.metrics.Gauge("squall_executions_waiting", "Executions that are pending or delayed, in memory or not.", func() float64 { return float64(p.db.Queued("")) })
	p.metrics.Gauge("squall_executions_running", "Executions running now.", func() float64 { return float64(p.engine.Busy()) })

	p.changes = newChanges(p.budget, p.db, p.engine.Rerun)
	return p.changes.recall(ctx)
}

// wireSources makes what raises events by itself.
func (p *parts) wireSources(_ context.Context) error {
	p.sensors = newSensors(p.registry, p.grants, p.budget, p.vault, p.engine, p.db, p.metrics, p.o.Logger)
	c := p.o.Config.Kubernetes
	cluster, err := kube.New(kube.Options{Kubeconfig: c.Kubeconfig, Context: c.Context, Logger: p.o.Logger})
	if err != nil {
		return fmt.Errorf("read the Kubernetes configuration: %w", err)
	}
	p.cluster = cluster
	p.triggers = trigger.NewManager(p.sensors,
		trigger.NewTimers(trigger.TimerOptions{Ingester: p.engine, Marks: p.db, Running: stillRunning(p.db), Meter: p.metrics, Logger: p.o.Logger}),
		trigger.NewKubeWatches(trigger.KubeWatchOptions{
			Cluster: watchedCluster{cluster, p.registry}, Ingester: p.engine, Marks: p.db, Meter: p.metrics, Logger: p.o.Logger,
		}),
	)
	return nil
}

// wireAccess makes what tells who somebody is.
func (p *parts) wireAccess(ctx context.Context) error {
	p.guard = access.New(p.db, nil)
	if err := p.firstToken(ctx, p.o.Config.Data, p.o.Faults.Layer); err != nil {
		return err
	}
	var err error
	if p.certs, err = newCertificates(p.o.Config.TLS, p.o.Logger); err != nil {
		return fmt.Errorf("configure TLS: %w", err)
	}
	certificateGauges(p.metrics, p.certs)
	return nil
}

// wireAPI makes what people and senders speak to.
func (p *parts) wireAPI(ctx context.Context) error {
	c := p.o.Config
	networks, err := c.ClientSubject.Networks()
	if err != nil {
		return fmt.Errorf("configure client_subject: %w", err)
	}
	trusted, err := config.Networks(c.TrustedProxies)
	if err != nil {
		return err
	}
	kept, err := newBackups(ctx, p.o, p.files, p.db, p.metrics.BackupFailed)
	if err != nil {
		return err
	}
	p.metrics.Gauge("squall_backup_last_timestamp_seconds", "When the last backup was written to its end; 0 for never.", kept.lastSeconds)
	tried := replayer{p.db, p.keyed, p.registry, p.vault.Scrub}
	p.api, err = api.New(api.Options{
		Engine: p.engine, Store: p.keyed, Guard: p.guard, Live: p.live, Artifacts: p.files,
		Audit: p.db, Recorded: p.metrics.AuditRecorded,
		Catalogue: func() api.Catalogue { return catalogue{p.registry.Snapshot()} },
		TestRule:  tried.test, TestRuleInService: tried.testInService, ReplayRule: tried.replay, Misses: tried.misses,
		Backup: kept.write, LastBackup: kept.latest, WholeTape: p.wholeTape, ReplayExecution: tapes{p.db, p.sandbox, p.wholeTape}.replay,
		Doctor: p.newDoctor(kept).examination, Retention: p.keeper, Sources: p.triggers.Status, Sensors: p.sensors, Changes: p.changes,
		Grants: p.grants, Secrets: sealedValues{p.vault, p.keyed}, Mask: maskParameters(p.registry, p.vault.Scrub), Example: parameter.Example,
		Page: web.Handler(), Metrics: p.metrics.Handler(), Rejected: p.metrics.WebhookRejected,
		Delivered: p.metrics.WebhookDelivered, Watched: p.metrics.StreamWatched, WatcherDropped: p.metrics.WatcherDropped,
		TrustedProxies: trusted,
		Proxies:        trigger.Proxies{Header: c.ClientSubject.Header, From: networks},
		Endpoints:      p.endpoints, DeclaredOnly: c.WebhooksDefault == config.WebhooksDeclared,
		MaxBody: c.MaxBody, PublicURL: c.PublicURL, Version: p.o.Version, Logger: p.o.Logger,
	})
	return err
}
