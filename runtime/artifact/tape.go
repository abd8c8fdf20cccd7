package artifact

import (
	"context"
	"fmt"
	"io"

	"github.com/squall-dev/squall/runtime/automation"
)

// rows know which content belongs to an artifact.
type rows interface {
	Artifact(ctx context.Context, id string) (automation.Artifact, error)
}

// WholeTape puts the large bodies of a tape back into it.
func (s *Store) WholeTape(ctx context.Context, r rows, t automation.Tape) (automation.Tape, error) {
	return t.Whole(func(id string) ([]byte, error) {
		a, err := r.Artifact(ctx, id)
		if err != nil {
			return nil, err
		}
		content, err := s.Reader(a)
		if err != nil {
			return nil, err
		}
		defer content.Close()
		body, err := io.ReadAll(content)
		if err != nil {
			return nil, fmt.Errorf("read artifact %s: %w", id, err)
		}
		return body, nil
	})
}
