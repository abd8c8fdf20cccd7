package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"

	"github.com/squall-dev/squall/runtime/automation"
)

// migrations are applied in the order of their names and never change once
// released: a correction is a new file.
//
//go:embed migrations/*.sql
var migrations embed.FS

// applicationID marks our files for SQLite and file(1): "SQUA".
const applicationID = 0x53515541

// migrate brings the schema up to date, one transaction a migration.
func migrate(ctx context.Context, conn *sql.Conn, path string) error {
	version, err := schemaVersion(ctx, conn, path)
	if err != nil {
		return err
	}
	files, err := fs.Glob(migrations, "migrations/*.sql") // sorted
	if err != nil {
		return fmt.Errorf("list migrations: %w", err)
	}
	if version > len(files) {
		return tooNew(path, version, len(files))
	}
	for i := version; i < len(files); i++ {
		if err := apply(ctx, conn, files[i], i+1); err != nil {
			return fmt.Errorf("migrate %s with %s: %w", path, files[i], kindOf(err, path))
		}
	}
	return nil
}

func tooNew(path string, version, known int) error {
	return automation.Conflict("%s was written by a newer squall (schema %d, this one knows %d)", path, version, known).
		WithCode("schema_too_new").
		WithHint("start a squall at least as new as the one that used this data directory last")
}

// knownSchema is the number of migrations that there are.
func knownSchema() int {
	files, _ := fs.Glob(migrations, "migrations/*.sql") // the pattern is well-formed
	return len(files)
}

// schemaVersion is the number of migrations the file has seen. A database that
// somebody else made is refused before anything is written to it.
func schemaVersion(ctx context.Context, conn *sql.Conn, path string) (version int, err error) {
	var application, tables int
	const state = `SELECT
		(SELECT user_version FROM pragma_user_version),
		(SELECT application_id FROM pragma_application_id),
		(SELECT count(*) FROM sqlite_schema)`
	if err := conn.QueryRowContext(ctx, state).Scan(&version, &application, &tables); err != nil {
		return 0, fmt.Errorf("read the schema version of %s: %w", path, kindOf(err, path))
	}
	if application != applicationID && (application != 0 || version != 0 || tables != 0) {
		return 0, automation.Conflict("%s is a database of another program", path).
			WithCode("foreign_database").
			WithHint("choose another data directory with --data")
	}
	return version, nil
}

func apply(ctx context.Context, conn *sql.Conn, file string, version int) error {
	script, err := migrations.ReadFile(file)
	if err != nil {
		return err
	}
	tx, err := conn.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() //nolint:errcheck // after Commit it does nothing
	if _, err := tx.ExecContext(ctx, string(script)); err != nil {
		return err
	}
	versions := fmt.Sprintf("PRAGMA user_version = %d; PRAGMA application_id = %d", version, applicationID)
	if _, err := tx.ExecContext(ctx, versions); err != nil {
		return err
	}
	return tx.Commit()
}
