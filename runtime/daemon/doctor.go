package daemon

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"time"

	"github.com/squall-dev/squall/hostfuncs/kube"
	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/config"
	"github.com/squall-dev/squall/runtime/store"
	"github.com/squall-dev/squall/runtime/wasm"
)

// doctor looks whether a server is well. A new check is a method that returns
// what it found, and a line in checks.
type doctor struct {
	config config.Config
	facts  func() wasm.Facts
	packs  func() []automation.PackStatus
	// webhooks are the paths that rules listen to.
	webhooks func() map[string][]automation.Ref
	changes  func() automation.ChangeGuard
	secrets  func() []automation.Secret
	backups  func() automation.LastBackup
	// audit verifies the audit chain of a server at work; nil: the file is read.
	audit   func(context.Context, store.AuditCheck) (automation.AuditReport, error)
	reach   func(context.Context, []automation.KubernetesCapability) (kube.Reached, error)
	started time.Time
	deep    bool // takes its time
	history func(context.Context) (automation.Retention, error)
}

// finding is what a check found; its name is the table's.
type finding = automation.Check

// check is a line of the table.
type check struct {
	name string
	look func() finding
	// serving tells that it looks at a server at work: without one there is
	// nothing to see.
	serving bool
}

// checks is the table, in the order in which people read it.
func (d *doctor) checks() []check {
	return []check{
		{name: "data directory", look: d.dataDirectory},
		{name: "disk space", look: d.diskSpace},
		{name: "fsync", look: d.syncs},
		{name: "clock", look: d.clock},
		{name: "private files", look: d.private},
		{name: "database", look: d.database},
		{name: "audit chain", look: d.auditHolds},
		{name: "backup", look: d.backedUp, serving: true},
		{name: "wasm engine", look: d.wasmEngine},
		{name: "memory reset", look: d.memoryReset},
		{name: "compile cache", look: d.compileCache},
		{name: "compile limits", look: d.compileLimits},
		{name: "guest memory", look: d.guestMemory, serving: true},
		{name: "packs", look: d.packsLoaded, serving: true},
		{name: "secrets", look: d.secretsOpen, serving: true},
		{name: "changes", look: d.changesPass, serving: true},
		{name: "kubernetes", look: d.clusterReached, serving: true},
		{name: "history", look: d.historyKept, serving: true},
		{name: "webhooks", look: d.webhooksDeclared, serving: true},
	}
}

// examination looks at everything, deep or only at what takes no time to speak of.
func (d *doctor) examination(deep bool) []automation.Check {
	with := *d
	with.deep = deep
	return with.examine()
}

// examine looks at everything.
func (d *doctor) examine() []automation.Check {
	found := []automation.Check{}
	for _, c := range d.checks() {
		if c.serving && d.packs == nil {
			continue
		}
		f := c.look()
		f.Name = c.name
		found = append(found, f)
	}
	return found
}

// Examine looks at this machine as a server with its data in that directory
// would, and leaves out what only a running server knows. It leaves nothing behind.
func Examine(ctx context.Context, data string, deep bool) (found []automation.Check, err error) {
	sandbox, err := wasm.New(ctx, wasm.Options{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, patiently(sandbox.Close)()) }()
	c := config.Default()
	c.Data = data
	d := &doctor{config: c, started: time.Now(), deep: deep, facts: func() wasm.Facts {
		f := sandbox.Facts()
		f.CacheDir = cacheDir(data)
		return f
	}}
	return d.examine(), nil
}

// cacheDir is where a server keeps compiled modules.
func cacheDir(data string) string { return filepath.Join(data, "cache", "wasm") }

func ok(detail string) finding { return finding{Status: automation.CheckOK, Detail: detail} }

func warning(detail, hint string) finding {
	return finding{Status: automation.CheckWarning, Detail: detail, Hint: hint}
}

func failed(detail, hint string) finding {
	return finding{Status: automation.CheckFailed, Detail: detail, Hint: hint}
}
