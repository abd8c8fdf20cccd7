package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/store"
)

const newArtifactColumns = `id, execution, name, media_type, size, sha256, created_at`

const artifactColumns = newArtifactColumns + `, pinned_by, pinned_at`

func scanArtifact(row scanner) (a automation.Artifact, err error) {
	err = row.Scan(&a.ID, &a.Execution, &a.Name, &a.MediaType, &a.Size, &a.SHA256, instant{&a.CreatedAt}, &a.PinnedBy, maybeInstant{&a.PinnedAt})
	return a, err
}

// Artifact returns what is known of one artifact; its content lies elsewhere.
func (s *Store) Artifact(ctx context.Context, id string) (automation.Artifact, error) {
	a, err := scanArtifact(s.read.QueryRowContext(ctx, `SELECT `+artifactColumns+` FROM artifacts WHERE id = ?`, id))
	if errors.Is(err, sql.ErrNoRows) {
		return a, automation.NotFound("there is no artifact %s", id).WithCode("unknown_artifact")
	}
	if err != nil {
		return a, fmt.Errorf("read artifact %s: %w", id, s.readError(ctx, err))
	}
	return a, nil
}

// Artifacts lists artifacts, newest first.
func (s *Store) Artifacts(ctx context.Context, q store.ArtifactQuery) ([]automation.Artifact, error) {
	w := &where{}
	w.equal("execution", q.Execution)
	w.equal("media_type", q.MediaType)
	if q.After != "" {
		w.add("id < ?", q.After)
	}
	list, err := collect(ctx, s.read, scanArtifact,
		`SELECT `+artifactColumns+` FROM artifacts`+w.String()+` ORDER BY id DESC LIMIT ?`,
		append(w.args, limitOr(q.Limit, defaultLimit))...)
	if err != nil {
		return nil, fmt.Errorf("list artifacts: %w", s.readError(ctx, err))
	}
	return list, nil
}

// HasArtifact reports whether some artifact has this content, so that files that
// belong to nobody can be swept away.
func (s *Store) HasArtifact(ctx context.Context, sha256 string) (known bool, err error) {
	err = s.read.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM artifacts WHERE sha256 = ?)`, sha256).Scan(&known)
	if err != nil {
		return false, fmt.Errorf("look for artifact content %s: %w", sha256, s.readError(ctx, err))
	}
	return known, nil
}

// newArtifactRow completes an artifact and returns it as the writer stores it.
func (s *Store) newArtifactRow(execution string, a *automation.Artifact) ([]any, error) {
	if a.Execution == "" {
		a.Execution = execution
	}
	if a.Execution != execution {
		return nil, automation.Invalid("artifact %s belongs to execution %s, not %s", a.ID, a.Execution, execution)
	}
	if a.ID == "" {
		a.ID = s.ids.New()
	}
	if !automation.ValidID(a.ID) {
		return nil, automation.Invalid("%q is not an artifact id", a.ID)
	}
	return []any{a.ID, a.Execution, a.Name, a.MediaType, a.Size, a.SHA256, nanos(a.CreatedAt)}, nil
}

func insertArtifact(t *tx, row []any) error {
	return t.exec(`INSERT INTO artifacts (`+newArtifactColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?)`, row...)
}
