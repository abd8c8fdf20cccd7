package hostfuncs

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/squall-dev/squall/runtime/automation"
)

// MaxAppended is how many artifacts one attempt may be writing at the same time.
const MaxAppended = 16

// Appends are the artifacts that an attempt is still writing, by name. The runner
// makes one for each attempt and closes it when the attempt has ended: what was
// written by then is kept, also when the attempt failed, because a report that breaks
// off says how far it came. The zero value is ready to use.
type Appends struct {
	mu   sync.Mutex // guards all below
	open map[string]*appended
	over bool
}

type appended struct {
	ArtifactWriter
	mediaType string
	size      int64
}

// Add appends content to the artifact of that name, which begins with the first
// content. It returns how large it is now. What passes the limit is refused, and what
// was written before stays.
func (a *Appends) Add(ctx context.Context, who Caller, spec ArtifactSpec, content []byte) (size int64, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.over {
		return 0, automation.Conflict("the attempt has ended")
	}
	w, there := a.open[spec.Name]
	if !there {
		if w, err = a.begin(ctx, who, spec); err != nil {
			return 0, err
		}
	}
	if spec.MediaType != "" && spec.MediaType != w.mediaType {
		return w.size, automation.Invalid("artifact %s has begun as %q", spec.Name, w.mediaType).
			WithHint("leave media_type out, or close the artifact and begin another")
	}
	if limit := ArtifactLimit(who); w.size+int64(len(content)) > limit {
		return w.size, automation.Invalid("artifact %s would be larger than %d bytes", spec.Name, limit).
			WithCode("artifact_too_large").WithHint("keep less, or raise artifacts.max_bytes in pack.yaml; what was appended before is kept")
	}
	n, err := w.Write(content)
	w.size += int64(n)
	if err != nil { // a writer that failed once keeps nothing
		w.Abort()
		delete(a.open, spec.Name)
		return 0, fmt.Errorf("append to artifact %s: %w", spec.Name, err)
	}
	return w.size, nil
}

func (a *Appends) begin(ctx context.Context, who Caller, spec ArtifactSpec) (*appended, error) {
	if len(a.open) >= MaxAppended {
		return nil, automation.Invalid("%d artifacts are being written already", MaxAppended).
			WithHint("close one: artifact_append with close")
	}
	w, err := spec.Open(ctx, who, 0)
	if err != nil {
		return nil, err
	}
	if a.open == nil {
		a.open = map[string]*appended{}
	}
	begun := &appended{ArtifactWriter: w, mediaType: spec.MediaType}
	a.open[spec.Name] = begun
	return begun, nil
}

// Close keeps the artifact of that name.
func (a *Appends) Close(name string) (automation.Artifact, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	w, there := a.open[name]
	if !there {
		return automation.Artifact{}, automation.NotFound("no artifact %q is being written", name)
	}
	delete(a.open, name)
	kept, err := w.Commit()
	if err != nil {
		return kept, fmt.Errorf("keep artifact %s: %w", name, err)
	}
	return kept, nil
}

// CloseAll keeps everything, and takes nothing more. It returns the errors by the
// names of what could not be kept.
func (a *Appends) CloseAll() map[string]error {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.over = true
	lost := map[string]error{}
	for _, name := range slices.Sorted(maps.Keys(a.open)) {
		if _, err := a.open[name].Commit(); err != nil {
			lost[name] = err
		}
	}
	a.open = nil
	return lost
}
