package daemon

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"sync"
	"time"

	"github.com/squall-dev/squall/runtime/artifact"
	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/backup"
	"github.com/squall-dev/squall/runtime/store"
	"github.com/squall-dev/squall/runtime/store/sqlite"
)

// backups writes backups of a server at work, one at a time, and remembers the last.
type backups struct {
	data    string
	version string
	files   *artifact.Store
	store   store.Store
	failed  func()
	now     func() time.Time
	busy    chan struct{} // has room for one

	mu   sync.Mutex // guards last
	last automation.LastBackup
}

// The mark of the last backup.
const (
	backupSource = "backup"
	lastKey      = "last"
)

func newBackups(ctx context.Context, o Options, files *artifact.Store, db store.Store, failed func()) (*backups, error) {
	b := &backups{data: o.Config.Data, version: o.Version.Version, files: files, store: db, failed: failed, now: time.Now, busy: make(chan struct{}, 1)}
	if err := backup.Tidy(b.data); err != nil {
		return nil, fmt.Errorf("remove what a backup left: %w", err)
	}
	marks, err := db.Marks(ctx, backupSource)
	if err != nil {
		return nil, fmt.Errorf("read when the last backup was: %w", err)
	}
	for _, m := range marks {
		if m.Key == lastKey {
			if err := json.Unmarshal(m.Value, &b.last); err != nil {
				return nil, fmt.Errorf("read when the last backup was: %w", err)
			}
		}
	}
	return b, nil
}

// write writes a backup. No content is removed meanwhile.
func (b *backups) write(ctx context.Context, w io.Writer) error {
	select {
	case b.busy <- struct{}{}:
		defer func() { <-b.busy }()
	default:
		return automation.Conflict("another backup is being written").WithCode("backup_running").WithHint("wait for its end")
	}
	defer b.files.Hold()()
	out, err := backup.Write(ctx, w, backup.Source{
		Database: filepath.Join(b.data, "squall.db"), Temp: b.data, Open: b.files.Reader, Version: b.version, Now: b.now})
	if err != nil {
		b.failed()
		return err
	}
	return b.remember(context.WithoutCancel(ctx), automation.LastBackup{At: out.CreatedAt, Bytes: out.Bytes, Missing: len(out.Missing)})
}

func (b *backups) remember(ctx context.Context, last automation.LastBackup) error {
	text, err := json.Marshal(last)
	if err != nil {
		return err
	}
	mark := automation.Mark{Source: backupSource, Key: lastKey, Value: text, At: last.At}
	if err := b.store.Accept(ctx, store.Acceptance{Marks: []automation.Mark{mark}}); err != nil {
		return fmt.Errorf("remember the backup: %w", err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.last = last
	return nil
}

// latest is the zero value when there was none.
func (b *backups) latest() automation.LastBackup {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.last
}

// Backup writes a backup of a data directory that no server has open.
func Backup(ctx context.Context, data, version string, w io.Writer) (backup.Summary, error) {
	database := filepath.Join(data, "squall.db")
	if err := sqlite.InUse(ctx, database); err != nil {
		return backup.Summary{}, err
	}
	files, err := artifact.Open(data, nil)
	if err != nil {
		return backup.Summary{}, err
	}
	return backup.Write(ctx, w, backup.Source{Database: database, Temp: data, Open: files.Reader, Version: version, Now: time.Now})
}

// lastSeconds is when the last backup was written, in seconds since 1970; 0 for never.
func (b *backups) lastSeconds() float64 {
	last := b.latest()
	if last.At.IsZero() {
		return 0
	}
	return float64(last.At.Unix())
}
