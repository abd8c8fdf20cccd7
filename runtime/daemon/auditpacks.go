package daemon

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/store"
)

// packAudit notes in the audit chain which code came into service and left it. Packs
// come from the disk, so nobody knows who did it; but that it was done, also while the
// server was down, shows by the digest, which a mark remembers.
type packAudit struct {
	db       store.Store
	recorded func(ok bool)
	log      *slog.Logger

	mu    sync.Mutex // guards known
	known map[string]string
}

// packAuditSource is the source of the marks: the digest that was noted last, by pack.
const packAuditSource = "audit.packs"

func newPackAudit(ctx context.Context, db store.Store, recorded func(bool), log *slog.Logger) (*packAudit, error) {
	a := &packAudit{db: db, recorded: recorded, log: log, known: map[string]string{}}
	marks, err := db.Marks(ctx, packAuditSource)
	if err != nil {
		return nil, fmt.Errorf("read which packs were noted: %w", err)
	}
	for _, m := range marks {
		var digest string
		if err := json.Unmarshal(m.Value, &digest); err != nil {
			return nil, fmt.Errorf("read which packs were noted: %w", err)
		}
		if digest != "" {
			a.known[m.Key] = digest
		}
	}
	return a, nil
}

// changed notes what serves now, unless that is noted. Files that can not be loaded
// change nothing.
func (a *packAudit) changed(ctx context.Context, s automation.PackStatus) {
	if s.Error != "" {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	was := a.known[s.Name]
	if !s.InService {
		s.Digest = ""
	}
	if was == s.Digest {
		return
	}
	r := automation.AuditRecord{At: time.Now(), Via: "server", Verb: "load", Kind: "pack", ID: s.Name, Outcome: automation.AuditOK,
		Detail: map[string]string{"digest": s.Digest, "version": s.Version, "path": s.Path, "was": was}}
	if s.Digest == "" {
		r.Verb, r.Detail = "unload", map[string]string{"was": was}
	}
	if was == "" {
		delete(r.Detail, "was")
	}
	if err := a.note(ctx, r, s.Digest); err != nil { // it is noted at the next start
		a.log.Error("no audit record", "verb", r.Verb, "kind", r.Kind, "id", r.ID, "err", err)
	}
}

// note appends the record and remembers the digest; a death in between notes it twice.
func (a *packAudit) note(ctx context.Context, r automation.AuditRecord, digest string) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closePatience)
	defer cancel()
	err := a.db.AppendAudit(ctx, r)
	if a.recorded(err == nil); err != nil {
		return err
	}
	a.known[r.ID] = digest
	value, err := json.Marshal(digest)
	if err != nil {
		return err
	}
	return a.db.Accept(ctx, store.Acceptance{Marks: []automation.Mark{{Source: packAuditSource, Key: r.ID, Value: value, At: r.At}}})
}

// started notes packs that are gone since the server was last up.
func (a *packAudit) started(ctx context.Context, there []automation.PackStatus) {
	names := map[string]bool{}
	for _, s := range there {
		names[s.Name] = true
	}
	for _, name := range a.missing(names) {
		a.changed(ctx, automation.PackStatus{Name: name})
	}
}

func (a *packAudit) missing(there map[string]bool) (gone []string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for name, digest := range a.known {
		if digest != "" && !there[name] {
			gone = append(gone, name)
		}
	}
	return gone
}
