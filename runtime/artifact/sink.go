package artifact

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"os"

	"github.com/squall-dev/squall/hostfuncs"
	"github.com/squall-dev/squall/runtime/automation"
)

// DefaultMaxBytes bounds an artifact when nobody says otherwise.
const DefaultMaxBytes = 512 << 20

// Sink keeps files for one execution. Each that is committed is handed to kept,
// on the goroutine that commits, for the row that gives it a name.
func (s *Store) Sink(execution string, ids *automation.IDs, kept func(automation.Artifact)) hostfuncs.ArtifactSink {
	return &sink{store: s, execution: execution, ids: ids, kept: kept}
}

type sink struct {
	store     *Store
	execution string
	ids       *automation.IDs
	kept      func(automation.Artifact)
}

var (
	_ hostfuncs.ArtifactSink   = (*sink)(nil)
	_ hostfuncs.ArtifactWriter = (*writer)(nil)
)

// Create opens a new artifact. Its name and type are made harmless: they come
// from a guest. Without a limit, DefaultMaxBytes holds.
func (k *sink) Create(ctx context.Context, name, mediaType string, maxBytes int64) (hostfuncs.ArtifactWriter, error) {
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	if maxBytes <= 0 {
		maxBytes = DefaultMaxBytes
	}
	f, err := k.store.create(k.store.tmp)
	if err != nil {
		return nil, k.store.unavailable("create an artifact").Because(err)
	}
	return &writer{
		sink: k, file: f, hash: sha256.New(), limit: maxBytes,
		name: cleanName(name), mediaType: cleanMediaType(mediaType),
	}, nil
}

// writer streams into a temporary file and hashes on the way.
type writer struct {
	sink            *sink
	name, mediaType string
	limit           int64

	file file // nil once committed or aborted
	hash hash.Hash
	size int64
	err  error // the first that happened; a file with a hole is never committed
}

var errClosed = errors.New("the artifact is committed or aborted already")

// Write fails with kind ErrInvalid when the limit is passed, and for good.
func (w *writer) Write(p []byte) (int, error) {
	switch {
	case w.file == nil:
		return 0, errClosed
	case w.err != nil:
		return 0, w.err
	case int64(len(p)) > w.limit-w.size:
		w.err = automation.Invalid("artifact %s is larger than %d bytes", w.name, w.limit).
			WithCode("artifact_too_large").WithHint("keep less, or ask for a higher limit in pack.yaml")
		return 0, w.err
	}
	n, err := w.file.Write(p)
	w.hash.Write(p[:n])
	w.size += int64(n)
	if err != nil {
		w.err = w.sink.store.unavailable("write artifact " + w.name).Because(err)
	}
	return n, w.err
}

// Commit makes the content durable under its hash. When it fails, nothing is
// kept.
func (w *writer) Commit() (automation.Artifact, error) {
	if w.file == nil {
		return automation.Artifact{}, errClosed
	}
	if w.err != nil {
		w.Abort()
		return automation.Artifact{}, w.err
	}
	hash := hex.EncodeToString(w.hash.Sum(nil))
	if err := w.finish(hash); err != nil {
		return automation.Artifact{}, w.sink.store.unavailable("keep artifact " + w.name).Because(err)
	}
	a := automation.Artifact{
		ID: w.sink.ids.New(), Execution: w.sink.execution, Name: w.name, MediaType: w.mediaType,
		Size: w.size, SHA256: hash, CreatedAt: w.sink.store.now().UTC(),
	}
	if w.sink.kept != nil {
		w.sink.kept(a)
	}
	return a, nil
}

func (w *writer) finish(hash string) error {
	f := w.file
	w.file = nil
	err := errors.Join(f.Sync(), f.Close())
	if err == nil {
		err = w.sink.store.publish(f.Name(), hash)
	}
	if err != nil {
		_ = os.Remove(f.Name()) // what stays is removed at the next start
	}
	return err
}

// Abort drops what was written.
func (w *writer) Abort() {
	if w.file == nil {
		return
	}
	f := w.file
	w.file = nil
	_ = f.Close()
	_ = os.Remove(f.Name()) // what stays is removed at the next start
}
