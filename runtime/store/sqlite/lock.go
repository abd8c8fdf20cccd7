package sqlite

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/squall-dev/squall/runtime/automation"
)

// takeLock makes this process the only server on the database, until the pool it
// returns is closed or the process dies.
//
// The lock is an exclusive transaction in an empty database beside the real one:
// SQLite's own file locks work on every system we run on and leave nothing behind
// after a crash. Locking the database itself would shut out our own readers.
func takeLock(ctx context.Context, path string) (*sql.DB, error) {
	name := path + ".lock"
	if err := createFile(name, nil); err != nil {
		return nil, err
	}
	db, err := open(ctx, name, "", "busy_timeout(0)")
	if err != nil {
		return nil, lockError(path, err) // the driver looks at the file when it connects
	}
	db.SetMaxOpenConns(1) // the lock belongs to this one connection,
	db.SetConnMaxLifetime(0)
	db.SetConnMaxIdleTime(0) // which must never be replaced
	// A caller who goes away must not interrupt a connection that has the lock.
	if _, err := db.ExecContext(context.WithoutCancel(ctx), `BEGIN EXCLUSIVE`); err != nil {
		_ = db.Close()
		return nil, lockError(path, err)
	}
	return db, nil
}

func lockError(path string, err error) error {
	if !isBusy(err) {
		return fmt.Errorf("lock %s: %w", path, kindOf(err, path))
	}
	return automation.Conflict("another server has %s open", path).
		WithCode("database_locked").
		WithHint("stop the other server, or give this one a data directory of its own with --data")
}
