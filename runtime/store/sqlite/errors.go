package sqlite

import (
	"context"
	"errors"

	"modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"

	"github.com/squall-dev/squall/runtime/automation"
)

// kindOf gives SQLite's error codes our kinds. What has no kind is a fault of
// ours and stays as it is.
func kindOf(err error, path string) error {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return err
	}
	switch e.Code() {
	case lib.SQLITE_CONSTRAINT_PRIMARYKEY, lib.SQLITE_CONSTRAINT_UNIQUE:
		return automation.Conflict("it is stored already").Because(err)
	case lib.SQLITE_CONSTRAINT_TRIGGER:
		return automation.Conflict("the state does not allow it").Because(err)
	case lib.SQLITE_CONSTRAINT_FOREIGNKEY:
		return automation.NotFound("what it belongs to is not stored").Because(err)
	}
	switch primary(e) {
	case lib.SQLITE_CONSTRAINT:
		return automation.Invalid("it breaks a rule of the schema").Because(err)
	case lib.SQLITE_NOTADB, lib.SQLITE_CORRUPT:
		return automation.Unavailable("%s is damaged or not a database", path).
			WithHint("restore it from a backup, or move it away to start with an empty one").Because(err)
	case lib.SQLITE_FULL, lib.SQLITE_IOERR, lib.SQLITE_CANTOPEN, lib.SQLITE_READONLY,
		lib.SQLITE_PERM, lib.SQLITE_BUSY, lib.SQLITE_LOCKED, lib.SQLITE_NOMEM:
		return unavailable(path).Because(err)
	}
	return err
}

// unavailable is the error for a disk that does not take or give what it should.
func unavailable(path string) *automation.Error {
	return automation.Unavailable("the database can not be used").
		WithCode("store_unavailable").
		WithHint("check that the disk that holds %s has free space and that the server may write there", path)
}

// isBusy reports whether somebody else holds the lock that was asked for.
func isBusy(err error) bool {
	var e *sqlite.Error
	return errors.As(err, &e) && (primary(e) == lib.SQLITE_BUSY || primary(e) == lib.SQLITE_LOCKED)
}

// endsTransaction reports whether SQLite may have rolled back on its own when it
// returned err, so that nothing more can be done in this transaction.
func endsTransaction(err error) bool {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return false
	}
	switch primary(e) {
	case lib.SQLITE_FULL, lib.SQLITE_IOERR, lib.SQLITE_NOMEM, lib.SQLITE_BUSY, lib.SQLITE_INTERRUPT, lib.SQLITE_CORRUPT:
		return true
	}
	return false
}

// primary drops the extension of a result code.
func primary(e *sqlite.Error) int { return e.Code() & 0xff }

// readError says what a query was for and gives its error a kind. A query that
// was cut short because the caller went away returns why the caller did.
func (s *Store) readError(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return kindOf(err, s.path)
}
