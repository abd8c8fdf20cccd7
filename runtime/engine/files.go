package engine

import (
	"context"
	"fmt"
	"io"
	"slices"

	"github.com/squall-dev/squall/hostfuncs"
	"github.com/squall-dev/squall/runtime/automation"
)

// files are the artifacts that an execution may read: its own, and those of the
// executions that it was started from.
type files struct {
	engine *Engine
	of     automation.Execution
}

var _ hostfuncs.ArtifactSource = files{}

// List asks the store, and for attempts under way the memory: their artifacts are
// stored when they end.
func (f files) List(ctx context.Context) ([]automation.Artifact, error) {
	var all []automation.Artifact
	known := map[string]bool{} // an attempt may end between the two questions
	for id := f.of.ID; id != ""; {
		kept := f.engine.running.artifacts(id)
		x, err := f.engine.Store.Execution(ctx, id)
		if err != nil {
			return nil, fmt.Errorf("list the artifacts of execution %s: %w", id, err)
		}
		for _, a := range slices.Concat(x.Artifacts, kept) {
			if !known[a.ID] && a.MediaType != automation.MediaTypeTapeBody {
				all = append(all, a)
			}
			known[a.ID] = true
		}
		id = x.StartedFrom
	}
	return all, nil
}

func (f files) Open(a automation.Artifact) (io.ReadSeekCloser, error) {
	if f.engine.Content == nil {
		return nil, automation.Unavailable("there are no artifacts to read here")
	}
	return f.engine.Content(a)
}
