package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"

	"github.com/squall-dev/squall/runtime/automation"
)

// mostFaults bounds what one look at a damaged file tells.
const mostFaults = 20

// CodeOpen is the code of the error for a database that somebody has open, or that
// was not closed.
const CodeOpen = "database_open"

// Check looks through a database that no server has open: its pages, its indexes,
// its CHECKs, its references. It returns what is wrong with it, in SQLite's words;
// nothing when all is well. It finds damage of the structure; a letter that became
// another one inside a text it can not know of: those have checksums, which whoever
// reads them compares.
//
// It leaves everything as it is. SQLite would take a log that lies beside the
// database into it, so such a database is a Conflict, after a look at the log.
func Check(ctx context.Context, path string) (faults []string, err error) {
	if err := checkLog(path); err != nil {
		return nil, err
	}
	if info, err := os.Stat(path + "-wal"); err == nil && info.Size() > 0 {
		return nil, automation.Conflict("%s is in use, or was not closed", path).WithCode(CodeOpen).
			WithHint("stop the server in order first")
	}
	name := url.URL{Scheme: "file", Path: filepath.ToSlash(path), RawQuery: "immutable=1&mode=ro"}
	db, err := sql.Open("sqlite", name.String())
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	return check(ctx, db, path)
}

// Check looks through the database in service.
func (s *Store) Check(ctx context.Context) ([]string, error) { return check(ctx, s.read, s.path) }

func check(ctx context.Context, db *sql.DB, path string) (faults []string, err error) {
	for _, query := range []string{
		fmt.Sprintf(`SELECT integrity_check FROM pragma_integrity_check WHERE integrity_check <> 'ok' LIMIT %d`, mostFaults),
		fmt.Sprintf(`SELECT 'a row of ' || "table" || ' refers to ' || parent || ', where there is none' FROM pragma_foreign_key_check LIMIT %d`, mostFaults),
	} {
		found, err := collect(ctx, db, func(row scanner) (text string, err error) { return text, row.Scan(&text) }, query)
		if err != nil {
			return faults, fmt.Errorf("look through %s: %w", path, kindOf(err, path))
		}
		faults = append(faults, found...)
	}
	return faults, nil
}
