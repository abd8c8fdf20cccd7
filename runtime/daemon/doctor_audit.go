package daemon

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/store"
	"github.com/squall-dev/squall/runtime/store/sqlite"
)

// quickAudit is how many records are looked at when it must not take long.
const quickAudit = 10_000

// auditHolds looks whether the audit chain holds: at its newest records, or, deep, at
// all of it.
func (d *doctor) auditHolds() finding {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	c := store.AuditCheck{Newest: quickAudit}
	if d.deep {
		c.Newest = 0
	}
	report, err := d.verifyAudit(ctx, c)
	switch {
	case automation.KindOf(err) == "not_found":
		return ok("there is none yet")
	case err != nil:
		return failed("the audit chain can not be read: "+err.Error(), automation.HintOf(err))
	}
	return judgeAudit(report)
}

// verifyAudit asks the server's store, or reads the file when there is no server.
func (d *doctor) verifyAudit(ctx context.Context, c store.AuditCheck) (automation.AuditReport, error) {
	if d.audit != nil {
		return d.audit(ctx, c)
	}
	path := filepath.Join(d.config.Data, "squall.db")
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return automation.AuditReport{}, automation.NotFound("there is no database")
	}
	return sqlite.CheckAudit(ctx, path, c)
}

func judgeAudit(r automation.AuditReport) finding {
	if r.Broken != nil {
		return failed(fmt.Sprintf("the audit chain does not hold at record %d: %s", r.Broken.Seq, r.Broken.Reason),
			"somebody has changed the database, or the disk has: compare it with a backup, squall audit verify --data")
	}
	if rest := r.Head.Seq - r.Anchor.Seq - int64(r.Records); rest > 0 {
		return ok(fmt.Sprintf("the newest %d records hold; --deep looks at all %d", r.Records, r.Head.Seq-r.Anchor.Seq))
	}
	return ok(fmt.Sprintf("all %d records hold", r.Records))
}

// logAuditHead notes the head of the chain down where somebody may keep it elsewhere. A
// chain that can not be read keeps no server from starting; the doctor tells.
func logAuditHead(ctx context.Context, db *sqlite.Store, log *slog.Logger) {
	c, err := db.AuditChain(ctx)
	if err != nil {
		log.Error("the audit chain can not be read", "err", err)
		return
	}
	log.Info("audit chain", "head", c.Head.String())
}

// auditHead is the number of the newest record; -1 when it can not be read.
func auditHead(db *sqlite.Store) func() float64 {
	return func() float64 {
		c, err := db.AuditChain(context.Background())
		if err != nil {
			return -1
		}
		return float64(c.Head.Seq)
	}
}

// VerifyAudit looks at the audit chain of a data directory, whose server may run or not.
// expect, which may be nil, is a place that must be in it.
func VerifyAudit(ctx context.Context, data string, expect *automation.AuditPlace) (automation.AuditReport, error) {
	path := filepath.Join(data, "squall.db")
	if _, err := os.Stat(path); err != nil {
		return automation.AuditReport{}, automation.NotFound("there is no database at %s", path).Because(err).
			WithHint("name the data directory of a server that has been started once: --data")
	}
	return sqlite.CheckAudit(ctx, path, store.AuditCheck{Expect: expect})
}
