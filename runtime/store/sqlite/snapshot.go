package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"time"

	"modernc.org/sqlite"

	"github.com/squall-dev/squall/runtime/automation"
)

// stepPages is how much is copied between two rests: 256 KiB, which takes about a
// millisecond.
const stepPages = 64

// Snapshot copies the database as it is at one moment into a new file, while others
// read and write. It needs no server: the database may be in service or not. It rests as
// long as it works: a copy that takes a processor and the disk for itself, as VACUUM INTO
// does, holds up whoever waits for an answer by tenths of a second.
func Snapshot(ctx context.Context, path, into string) (err error) {
	if _, err := os.Stat(path); err != nil {
		return automation.NotFound("there is no database at %s", path).Because(err).
			WithHint("name the data directory of a server that has been started once: --data")
	}
	if err := checkIdleLog(ctx, path); err != nil {
		return err
	}
	db, err := open(ctx, path, "", patient, "query_only(1)", "cache_size(-2000)")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	conn, err := db.Conn(ctx)
	if err != nil {
		return fmt.Errorf("copy %s: %w", path, kindOf(err, path))
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	if err := createFile(into, nil); err != nil { // empty, and for nobody else to read
		return err
	}
	// The moment must be held: without it each write of others starts the copy anew.
	if err := pin(ctx, conn); err != nil {
		return fmt.Errorf("copy %s: %w", path, kindOf(err, path))
	}
	err = conn.Raw(func(driver any) error { return copyPages(ctx, driver, into) })
	_, ended := conn.ExecContext(context.WithoutCancel(ctx), `ROLLBACK`)
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	if err = errors.Join(err, ended); err != nil {
		return fmt.Errorf("copy %s: %w", path, kindOf(err, into))
	}
	return syncFile(into)
}

func pin(ctx context.Context, conn *sql.Conn) error {
	if _, err := conn.ExecContext(ctx, `BEGIN`); err != nil {
		return err
	}
	var n int
	return conn.QueryRowContext(ctx, `SELECT count(*) FROM sqlite_schema`).Scan(&n)
}

func copyPages(ctx context.Context, driver any, into string) error {
	from, ok := driver.(interface {
		NewBackup(to string) (*sqlite.Backup, error)
	})
	if !ok {
		return errors.New("the driver can not copy")
	}
	name, err := dsn(into, "", "journal_mode(OFF)", "synchronous(OFF)") // a copy that is torn is thrown away
	if err != nil {
		return err
	}
	pages, err := from.NewBackup(name)
	if err != nil {
		return err
	}
	for more := true; more && err == nil && ctx.Err() == nil; {
		began := time.Now()
		if more, err = pages.Step(stepPages); more {
			rest(ctx, time.Since(began))
		}
	}
	return errors.Join(err, pages.Finish())
}

// rest waits, or until ctx is done.
func rest(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

func syncFile(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// Contents are what a database file holds.
type Contents struct {
	Schema     int   `json:"schema"`
	Seq        int64 `json:"seq"` // of the latest change
	Events     int64 `json:"events"`
	Executions int64 `json:"executions"`
	Artifacts  int64 `json:"artifacts"` // rows; several may have one content
}

// Content is the file of one or several artifacts.
type Content struct {
	SHA256 string
	Size   int64
}

// Inspect reads a database that no server has open, without changing its schema. It
// returns Conflict when the file is not ours or is of a newer program.
func Inspect(ctx context.Context, path string) (c Contents, files []Content, err error) {
	if err := checkIdleLog(ctx, path); err != nil {
		return c, nil, err
	}
	db, err := open(ctx, path, "", "query_only(1)")
	if err != nil {
		return c, nil, err
	}
	defer func() { _ = db.Close() }() // it was only read
	conn, err := db.Conn(ctx)
	if err != nil {
		return c, nil, fmt.Errorf("open %s: %w", path, kindOf(err, path))
	}
	defer func() { _ = conn.Close() }()
	if c.Schema, err = schemaVersion(ctx, conn, path); err != nil {
		return c, nil, err
	}
	if c.Schema == 0 {
		return c, nil, automation.Conflict("%s is no database of squall", path).WithCode("foreign_database")
	}
	if c.Schema > knownSchema() {
		return c, nil, tooNew(path, c.Schema, knownSchema())
	}
	const counts = `SELECT (SELECT value FROM meta WHERE key = 'seq'), (SELECT count(*) FROM events),
		(SELECT count(*) FROM executions), (SELECT count(*) FROM artifacts)`
	if err := conn.QueryRowContext(ctx, counts).Scan(&c.Seq, &c.Events, &c.Executions, &c.Artifacts); err != nil {
		return c, nil, fmt.Errorf("count what %s holds: %w", path, kindOf(err, path))
	}
	files, err = collect(ctx, db, scanContent, `SELECT DISTINCT sha256, size FROM artifacts ORDER BY sha256`)
	if err != nil {
		return c, nil, fmt.Errorf("list the artifacts of %s: %w", path, kindOf(err, path))
	}
	return c, files, nil
}

func scanContent(row scanner) (c Content, err error) { return c, row.Scan(&c.SHA256, &c.Size) }

// Check looks whether a database file is as SQLite wrote it: at its structure, or,
// deep, at every index entry, constraint and reference as well. What is wrong is in
// the error's text. Bits that changed within a value are not seen by either: CheckRows
// looks for those.
func Check(ctx context.Context, path string, deep bool) error {
	if err := checkIdleLog(ctx, path); err != nil {
		return err
	}
	db, err := open(ctx, path, "", patient, "query_only(1)")
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }() // it was only read
	pragma := `PRAGMA quick_check(5)`
	if deep {
		pragma = `PRAGMA integrity_check(5)`
	}
	said, err := collect(ctx, db, func(row scanner) (s string, err error) { return s, row.Scan(&s) }, pragma)
	if err != nil {
		return fmt.Errorf("check %s: %w", path, kindOf(err, path))
	}
	if deep && len(said) == 1 && said[0] == "ok" {
		said, err = collect(ctx, db, func(row scanner) (s string, err error) { return s, row.Scan(&s) },
			`SELECT 'a row of ' || "table" || ' refers to ' || parent || ', where there is none' FROM pragma_foreign_key_check LIMIT 5`)
		if err != nil {
			return fmt.Errorf("check %s: %w", path, kindOf(err, path))
		}
	}
	if len(said) == 0 || len(said) == 1 && said[0] == "ok" {
		return nil
	}
	return automation.Conflict("the database %s is damaged: %s", path, said).WithCode("database_damaged").
		WithHint("stop the server, keep a copy of the file, and restore a backup: squall restore")
}

// InUse is nil when no server has the database open, or Conflict.
func InUse(ctx context.Context, path string) error {
	if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
		return nil
	}
	lock, err := takeLock(ctx, path)
	if err != nil {
		return err
	}
	return lock.Close()
}
