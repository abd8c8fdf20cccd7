package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/store"
)

const (
	kvColumns = `scope, name, value, encrypted, created_at, updated_at, expires_at, sum`
	kvOne     = `SELECT ` + kvColumns + ` FROM kv WHERE scope = ? AND name = ? AND (expires_at IS NULL OR expires_at > ?)`
)

func scanKV(row scanner) (e automation.KVEntry, err error) {
	var sum *int64
	err = row.Scan(&e.Scope, &e.Name, &e.Value, &e.Encrypted, instant{&e.CreatedAt}, instant{&e.UpdatedAt}, maybeInstant{&e.ExpiresAt}, &sum)
	if err == nil && !sumFits(sum, e.Scope, e.Name, e.Value) {
		err = damagedRow("key", e.Name)
	}
	return e, err
}

// scanWhole is for lists: one damaged value must not hide the others. It shows as empty,
// and whoever reads the key itself is told.
func (s *Store) scanWhole(row scanner) (automation.KVEntry, error) {
	e, err := scanKV(row)
	if isDamaged(err) {
		s.logger.Error("the value of a key is damaged", "scope", e.Scope, "key", e.Name)
		e.Value, err = "", nil
	}
	return e, err
}

// KVGet returns one entry.
func (s *Store) KVGet(ctx context.Context, scope, name string, at time.Time) (automation.KVEntry, error) {
	e, err := scanKV(s.read.QueryRowContext(ctx, kvOne, scope, name, nanos(at)))
	if errors.Is(err, sql.ErrNoRows) {
		return e, unknownKey(scope, name)
	}
	if err != nil {
		return e, fmt.Errorf("read key %s: %w", name, s.readError(ctx, err))
	}
	return e, nil
}

func unknownKey(scope, name string) error {
	return automation.NotFound("there is no key %q in scope %s", name, scope).WithCode("unknown_key").
		WithHint("list the keys there are: squall kv list")
}

// KVList returns entries by scope and name.
func (s *Store) KVList(ctx context.Context, q store.KVQuery) ([]automation.KVEntry, error) {
	w := &where{}
	w.equal("scope", q.Scope)
	w.add("(expires_at IS NULL OR expires_at > ?)", nanos(q.At))
	if q.Encrypted {
		w.add("encrypted")
	}
	if q.Prefix != "" {
		w.add("substr(name, 1, length(?)) = ?", q.Prefix, q.Prefix)
	}
	switch {
	case q.After == "":
	case q.Scope != "":
		w.add("name > ?", q.After)
	default:
		w.add("(scope, name) > (?, ?)", q.AfterScope, q.After)
	}
	entries, err := collect(ctx, s.read, s.scanWhole, `SELECT `+kvColumns+` FROM kv`+w.String()+` ORDER BY scope, name LIMIT ?`,
		append(w.args, limitOr(q.Limit, defaultLimit))...)
	if err != nil {
		return nil, fmt.Errorf("list keys: %w", s.readError(ctx, err))
	}
	return entries, nil
}

// KVPut stores an entry and returns the one before it.
func (s *Store) KVPut(ctx context.Context, e automation.KVEntry, then ...store.Acceptance) (before *automation.KVEntry, err error) {
	follows, err := newConsequences(then)
	if err != nil {
		return nil, err
	}
	err = s.do(ctx, "set key "+e.Name, func(t *tx) error {
		old, err := kvEntry(t, e.Scope, e.Name, e.UpdatedAt)
		if err != nil {
			return err
		}
		if before = old; old != nil {
			e.CreatedAt = old.CreatedAt
		}
		err = t.exec(`INSERT OR REPLACE INTO kv (`+kvColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
			e.Scope, e.Name, e.Value, e.Encrypted, nanos(e.CreatedAt), nanos(e.UpdatedAt), nanosOrNull(e.ExpiresAt), sumOf(e.Scope, e.Name, e.Value))
		if err != nil {
			return err
		}
		return follows.insert(t)
	})
	if err != nil {
		return nil, err
	}
	return before, nil
}

// KVDelete removes an entry and returns it.
func (s *Store) KVDelete(ctx context.Context, scope, name string, at time.Time, then ...store.Acceptance) (gone automation.KVEntry, err error) {
	follows, err := newConsequences(then)
	if err != nil {
		return gone, err
	}
	err = s.do(ctx, "delete key "+name, func(t *tx) error {
		old, err := kvEntry(t, scope, name, at)
		if err != nil {
			return err
		}
		if old == nil {
			return unknownKey(scope, name)
		}
		gone = *old
		if err := t.exec(`DELETE FROM kv WHERE scope = ? AND name = ?`, scope, name); err != nil {
			return err
		}
		return follows.insert(t)
	})
	if err != nil {
		return automation.KVEntry{}, err
	}
	return gone, nil
}

// kvEntry reads an entry inside a transaction; nil when there is none. One that is
// damaged can be replaced and removed.
func kvEntry(t *tx, scope, name string, at time.Time) (*automation.KVEntry, error) {
	row, err := t.row(kvOne, scope, name, nanos(at))
	if err != nil {
		return nil, err
	}
	e, err := scanKV(row)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if isDamaged(err) {
		e.Value, err = "", nil
	}
	return &e, err
}
