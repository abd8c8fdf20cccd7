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

const tokenColumns = `hash, name, user, role, created_at`

func scanToken(row scanner) (t store.Token, err error) {
	err = row.Scan(&t.Hash, &t.Name, &t.User, &t.Role, instant{&t.CreatedAt})
	return t, err
}

// PutToken stores an API token, in the place of one with the same hash.
func (s *Store) PutToken(ctx context.Context, token store.Token, noted ...automation.AuditRecord) error {
	const put = `INSERT OR REPLACE INTO tokens (` + tokenColumns + `) VALUES (?, ?, ?, ?, ?)`
	return s.do(ctx, "store a token", func(t *tx) error {
		if err := t.exec(put, token.Hash, token.Name, token.User, token.Role, nanos(token.CreatedAt)); err != nil {
			return err
		}
		return appendAudit(t, noted)
	})
}

// Token finds a token by its hash.
func (s *Store) Token(ctx context.Context, hash string) (store.Token, error) {
	t, err := scanToken(s.read.QueryRowContext(ctx, `SELECT `+tokenColumns+` FROM tokens WHERE hash = ?`, hash))
	if errors.Is(err, sql.ErrNoRows) {
		return t, automation.NotFound("there is no such token").WithCode("unknown_token")
	}
	if err != nil {
		return t, fmt.Errorf("read a token: %w", s.readError(ctx, err))
	}
	return t, nil
}

// Tokens lists all tokens, oldest first.
func (s *Store) Tokens(ctx context.Context) ([]store.Token, error) {
	tokens, err := collect(ctx, s.read, scanToken, `SELECT `+tokenColumns+` FROM tokens ORDER BY created_at, hash`)
	if err != nil {
		return nil, fmt.Errorf("list tokens: %w", s.readError(ctx, err))
	}
	return tokens, nil
}

// PutSession keeps a browser login, and forgets those that have expired when it
// begins.
func (s *Store) PutSession(ctx context.Context, session store.Session) error {
	const put = `INSERT OR REPLACE INTO sessions (hash, user, role, created_at, expires_at) VALUES (?, ?, ?, ?, ?)`
	return s.do(ctx, "store a session", func(t *tx) error {
		if err := t.exec(`DELETE FROM sessions WHERE expires_at <= ?`, nanos(session.CreatedAt)); err != nil {
			return err
		}
		return t.exec(put, session.Hash, session.User, session.Role, nanos(session.CreatedAt), nanos(session.ExpiresAt))
	})
}

// Session finds a login that has not expired.
func (s *Store) Session(ctx context.Context, hash string, at time.Time) (session store.Session, err error) {
	const find = `SELECT hash, user, role, created_at, expires_at FROM sessions WHERE hash = ? AND expires_at > ?`
	err = s.read.QueryRowContext(ctx, find, hash, nanos(at)).Scan(&session.Hash, &session.User, &session.Role,
		instant{&session.CreatedAt}, instant{&session.ExpiresAt})
	if errors.Is(err, sql.ErrNoRows) {
		return session, automation.NotFound("there is no such session").WithCode("unknown_session")
	}
	if err != nil {
		return session, fmt.Errorf("read a session: %w", s.readError(ctx, err))
	}
	return session, nil
}

// DeleteSession ends a login; one that is not there is ended already.
func (s *Store) DeleteSession(ctx context.Context, hash string) error {
	return s.do(ctx, "delete a session", func(t *tx) error {
		return t.exec(`DELETE FROM sessions WHERE hash = ?`, hash)
	})
}
