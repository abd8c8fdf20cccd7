package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// mostFaults bounds what one look at a damaged file tells.
const mostFaults = 20

// Check looks through a database that no server has open: its pages, its indexes,
// its CHECKs, its references. It returns what is wrong with it, in SQLite's words;
// nothing when all is well. It finds damage of the structure; a letter that became
// another one inside a text it can not know of.
func Check(ctx context.Context, path string) (faults []string, err error) {
	db, err := open(ctx, path, "", "busy_timeout(5000)", "query_only(1)")
	if err != nil {
		return nil, err
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
