package daemon

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"time"

	"github.com/squall-dev/squall/hostfuncs"
	"github.com/squall-dev/squall/hostfuncs/kube"
	"github.com/squall-dev/squall/packs"
	"github.com/squall-dev/squall/runtime/access"
	"github.com/squall-dev/squall/runtime/api"
	"github.com/squall-dev/squall/runtime/artifact"
	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/config"
	"github.com/squall-dev/squall/runtime/disk"
	"github.com/squall-dev/squall/runtime/engine"
	"github.com/squall-dev/squall/runtime/live"
	"github.com/squall-dev/squall/runtime/parameter"
	"github.com/squall-dev/squall/runtime/retention"
	"github.com/squall-dev/squall/runtime/runner"
	"github.com/squall-dev/squall/runtime/store"
	"github.com/squall-dev/squall/runtime/store/sqlite"
	"github.com/squall-dev/squall/runtime/telemetry"
	"github.com/squall-dev/squall/runtime/trigger"
	"github.com/squall-dev/squall/runtime/wasm"
	"github.com/squall-dev/squall/web"
)

// remembered is how many changes a watcher may have missed and still catch up.
const remembered = 10_000

// parts is every part of the program, and how to take them apart again.
type parts struct {
	live     *live.Hub
	guard    *access.Guard
	registry *packs.Registry
	watcher  *packs.Watcher
	engine   *engine.Engine
	triggers *trigger.Manager
	keeper   *retention.Keeper
	loaded   *packAudit
	api      *api.Server
	certs    *certificates // nil for plain HTTP
	// sweep removes artifact files that no execution names: those of attempts that
	// died before their end was stored.
	sweep func(context.Context) (removed int, err error)
	wake  func(context.Context) // starts the modules that sleep

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
// dependence. It is long on purpose; there is no other place where parts meet.
func wire(ctx context.Context, o Options) (*parts, error) {
	p := &parts{}
	c := o.Config
	ids := &automation.IDs{}
	metrics := telemetry.NewMetrics()
	if err := o.Faults.Layer.MakeDirs(c.Data, 0o700); err != nil {
		return p, fmt.Errorf("make the data directory: %w", err)
	}

	db, err := sqlite.Open(ctx, sqlite.Options{
		Path: filepath.Join(c.Data, "squall.db"), IDs: ids, Logger: o.Logger, NoSync: !c.Fsync, Faults: o.Faults,
		Published: func(changes []automation.Change) { p.live.Publish(changes) },
	})
	if err != nil {
		return p, fmt.Errorf("open the database: %w", err)
	}
	p.onClose(db.Close)
	last, err := db.LastSeq(ctx)
	if err != nil {
		return p, fmt.Errorf("read the last change: %w", err)
	}
	p.live = live.New(remembered, last)
	logAuditHead(ctx, db, o.Logger)
	files, err := artifact.Open(c.Data, o.Faults.Layer)
	if err != nil {
		return p, fmt.Errorf("open the artifacts: %w", err)
	}
	p.sweep = func(ctx context.Context) (int, error) {
		return files.Sweep(ctx, func(sha256 string) (bool, error) { return db.HasArtifact(ctx, sha256) })
	}
	p.keeper, err = retention.New(retention.Options{
		Store: db, Rules: c.RetentionRules(), Audit: db, AuditAge: time.Duration(c.Audit.Age), Removed: metrics.HistoryRemoved, Logger: o.Logger,
		RemoveFile: func(ctx context.Context, sha256 string) (bool, error) {
			return files.Remove(sha256, func(sha256 string) (bool, error) { return db.HasArtifact(ctx, sha256) })
		},
	})
	if err != nil {
		return p, err
	}
	historyGauges(metrics, db, p.keeper)
	metrics.Gauge("squall_audit_head", "Number of the newest record of the audit chain; it never falls.", auditHead(db))

	around := p.world()
	around.Now = o.Now
	funcs, closeFuncs, err := HostFuncs(c, o.Logger, around)
	if err != nil {
		return p, err
	}
	p.onClose(closeFuncs)
	sandbox, err := wasm.New(ctx, wasm.Options{HostFuncs: funcs, CacheDir: cacheDir(c.Data), Compiler: o.Compiler, Logger: o.Logger})
	if err != nil {
		return p, fmt.Errorf("start the Wasm engine: %w", err)
	}
	p.onClose(patiently(sandbox.Close))
	sandboxGauges(metrics, sandbox)
	sandbox.Doze()
	p.wake = func(ctx context.Context) { sandbox.Wake(ctx, p.called()) }

	endpoints, err := endpointsOf(c)
	if err != nil {
		return p, err
	}
	loader, err := packs.NewLoader(packs.LoaderOptions{
		Engine: sandbox, HostFuncs: funcs, Config: c.PackConfig, CheckTrigger: checkTrigger, CheckWebhook: packWebhooks{c, endpoints}.check, Logger: o.Logger,
	})
	if err != nil {
		return p, fmt.Errorf("make the pack loader: %w", err)
	}
	if p.loaded, err = newPackAudit(ctx, db, metrics.AuditRecorded, o.Logger); err != nil {
		return p, err
	}
	p.registry, err = packs.NewRegistry(packs.RegistryOptions{Logger: o.Logger, Changed: p.packChanged(ctx, db, metrics, o.Logger)})
	if err != nil {
		return p, fmt.Errorf("make the catalogue: %w", err)
	}
	p.onClose(patiently(p.registry.Close))
	p.watcher, err = packs.NewWatcher(packs.WatcherOptions{Dir: c.Packs, Embedded: o.Packs, Loader: loader, Registry: p.registry, Logger: o.Logger})
	if err != nil {
		return p, fmt.Errorf("make the pack watcher: %w", err)
	}

	values, err := openVault(ctx, o, db)
	if err != nil {
		return p, fmt.Errorf("open the vault of secrets: %w", err)
	}
	keyed, err := newSealedKeys(ctx, db, values, o.Logger)
	if err != nil {
		return p, err
	}
	polled, err := newSensorUsage(ctx, db, o.Logger)
	if err != nil {
		return p, err
	}
	granted, err := newGrants(ctx, p.registry, db, c.Grants, polled)
	if err != nil {
		return p, err
	}
	guard, err := newGuard(c, ids, metrics.ChangeHeld, o)
	if err != nil {
		return p, err
	}
	p.engine, err = engine.New(engine.Options{
		Store: keyed, IDs: ids, Workers: c.Workers, MaxQueued: c.Engine.MaxQueued, DrainTimeout: c.DrainTimeout, Meter: metrics, Logger: o.Logger,
		Catalogue: func() engine.Catalogue { return p.registry.Snapshot() },
		Runner:    tortured(o.Faults.Points, runner.NewWasm(lender{p.registry, granted}, guard, values)),
		Artifacts: func(execution string, kept func(automation.Artifact)) hostfuncs.ArtifactSink {
			return files.Sink(execution, ids, kept)
		},
		Content: files.Reader,
	})
	if err != nil {
		return p, err
	}
	metrics.Gauge("squall_executions_queued", "Pending executions held in memory.", func() float64 { return float64(p.engine.Queued()) })
	metrics.Gauge("squall_executions_waiting", "Executions that are pending or delayed, in memory or not.", func() float64 { return float64(db.Queued("")) })
	metrics.Gauge("squall_executions_running", "Executions running now.", func() float64 { return float64(p.engine.Busy()) })

	made := newChanges(guard, db, p.engine.Rerun)
	if err := made.recall(ctx); err != nil {
		return p, err
	}

	sensors := newSensors(p.registry, granted, guard, values, p.engine, db, metrics, o.Logger)
	watched, err := kube.New(kube.Options{Kubeconfig: c.Kubernetes.Kubeconfig, Context: c.Kubernetes.Context, Logger: o.Logger})
	if err != nil {
		return p, fmt.Errorf("read the Kubernetes configuration: %w", err)
	}
	p.triggers = trigger.NewManager(sensors,
		trigger.NewTimers(trigger.TimerOptions{Ingester: p.engine, Marks: db, Running: stillRunning(db), Meter: metrics, Logger: o.Logger}),
		trigger.NewKubeWatches(trigger.KubeWatchOptions{
			Cluster: watchedCluster{watched, p.registry}, Ingester: p.engine, Marks: db, Meter: metrics, Logger: o.Logger,
		}),
	)

	p.guard = access.New(db, nil)
	if err := p.firstToken(ctx, c.Data, o.Faults.Layer); err != nil {
		return p, err
	}
	if p.certs, err = newCertificates(c.TLS, o.Logger); err != nil {
		return p, fmt.Errorf("configure TLS: %w", err)
	}
	certificateGauges(metrics, p.certs)
	networks, err := c.ClientSubject.Networks()
	if err != nil {
		return p, fmt.Errorf("configure client_subject: %w", err)
	}
	tried := replayer{db, keyed, p.registry, values.Scrub}
	trusted, err := config.Networks(c.TrustedProxies)
	if err != nil {
		return p, err
	}
	whole := func(ctx context.Context, t automation.Tape) (automation.Tape, error) {
		return files.WholeTape(ctx, db, t)
	}
	kept, err := newBackups(ctx, o, files, db, metrics.BackupFailed)
	if err != nil {
		return p, err
	}
	metrics.Gauge("squall_backup_last_timestamp_seconds", "When the last backup was written to its end; 0 for never.", kept.lastSeconds)
	p.api, err = api.New(api.Options{
		Engine: p.engine, Store: keyed, Guard: p.guard, Live: p.live, Artifacts: files,
		Audit: db, Recorded: metrics.AuditRecorded,
		Catalogue: func() api.Catalogue { return catalogue{p.registry.Snapshot()} },
		TestRule:  tried.test, TestRuleInService: tried.testInService, ReplayRule: tried.replay, Misses: tried.misses,
		Backup: kept.write, LastBackup: kept.latest, WholeTape: whole, ReplayExecution: tapes{db, sandbox, whole}.replay,
		Doctor: (&doctor{config: c, facts: sandbox.Facts, packs: func() []automation.PackStatus { return p.registry.Snapshot().Packs() },
			webhooks: func() map[string][]automation.Ref { return p.registry.Snapshot().Rules().Webhooks() }, changes: guard.State, secrets: values.List, history: p.keeper.State,
			backups: kept.latest, audit: db.VerifyAudit, reach: watched.Reach, started: time.Now()}).examination,
		Retention: p.keeper, Sources: p.triggers.Status, Sensors: sensors, Changes: made, Grants: granted, Secrets: sealedValues{values, keyed}, Mask: maskParameters(p.registry, values.Scrub), Example: parameter.Example,
		Page: web.Handler(), Metrics: metrics.Handler(), Rejected: metrics.WebhookRejected,
		Delivered: metrics.WebhookDelivered, TrustedProxies: trusted,
		Proxies:   trigger.Proxies{Header: c.ClientSubject.Header, From: networks},
		Endpoints: endpoints, DeclaredOnly: c.WebhooksDefault == config.WebhooksDeclared,
		MaxBody: c.MaxBody, PublicURL: c.PublicURL, Version: o.Version, Logger: o.Logger,
	})
	return p, err
}

// historyGauges ask once a scrape; a history that can not be measured shows as -1.
func historyGauges(metrics *telemetry.Metrics, db *sqlite.Store, keeper *retention.Keeper) {
	size := func(of func(automation.HistorySize) float64) func() float64 {
		return func() float64 {
			s, err := db.Size(context.Background())
			if err != nil {
				return -1
			}
			return of(s)
		}
	}
	metrics.Gauge("squall_history_executions", "Executions that are kept.", size(func(s automation.HistorySize) float64 { return float64(s.Executions) }))
	metrics.Gauge("squall_history_bytes", "Size of the database.", size(func(s automation.HistorySize) float64 { return float64(s.Bytes) }))
	metrics.Gauge("squall_history_unindexed", "Executions that the search has yet to index.", size(func(s automation.HistorySize) float64 { return float64(s.Unindexed) }))
	metrics.Gauge("squall_retention_failing", "1 while retention fails.", func() float64 {
		if keeper.Failing() == "" {
			return 0
		}
		return 1
	})
}

func sandboxGauges(metrics *telemetry.Metrics, sandbox *wasm.Engine) {
	metrics.Gauge("squall_wasm_memory_budget_bytes", "Memory that all guests together may use.", func() float64 { return float64(sandbox.MemoryBudget()) })
	metrics.Gauge("squall_wasm_memory_used_bytes", "Memory that guests have taken of the budget.", func() float64 { return float64(sandbox.MemoryUsed()) })
	metrics.Gauge("squall_wasm_idle_instances", "Instances that wait for a call.", func() float64 { return float64(sandbox.IdleInstances()) })
	metrics.Gauge("squall_wasm_modules", "Modules loaded.", func() float64 { return float64(sandbox.ModuleCount()) })
}

// certificateGauges are there when the server speaks HTTPS.
func certificateGauges(metrics *telemetry.Metrics, certs *certificates) {
	if certs == nil {
		return
	}
	metrics.Gauge("squall_tls_certificate_expires_timestamp_seconds", "When the server's certificate expires.", certs.expires)
	metrics.Gauge("squall_tls_files_unusable", "1 while the files of TLS can not be used, and what they held before serves on.", certs.unusable)
}

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
