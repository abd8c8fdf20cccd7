// Package hostfuncstest has what tests of host functions need in place of the
// real thing: a sink for artifacts and a caller.
package hostfuncstest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"sync"
	"time"

	"github.com/squall-dev/squall/hostfuncs"
	"github.com/squall-dev/squall/runtime/automation"
)

// Sink is an artifact sink in memory. Its zero value is ready to use and safe
// for concurrent use.
type Sink struct {
	// Discard keeps only size and hash of what is written, for tests of streams
	// that are larger than memory should be.
	Discard bool
	// Opened, when set, runs at every Create.
	Opened func(name string)
	// Fail, when set, is the error of every Write.
	Fail error
	// Execution is whose artifacts these are.
	Execution string
	// Now and NewID, when set, make what is kept the same in every run.
	Now   func() time.Time
	NewID func() string

	mu      sync.Mutex // guards everything below
	kept    []File
	aborted []string
	open    int
	ids     automation.IDs
}

// File is an artifact that was committed.
type File struct {
	automation.Artifact
	Content []byte
}

// Guard line.
var _ hostfuncs.ArtifactSink = (*Sink)(nil)

// Create opens an artifact.
func (s *Sink) Create(_ context.Context, name, mediaType string, maxBytes int64) (hostfuncs.ArtifactWriter, error) {
	if s.Opened != nil {
		s.Opened(name)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open++
	return &writer{sink: s, name: name, media: mediaType, max: maxBytes, sum: sha256.New()}, nil
}

// Kept returns the artifacts that were committed.
func (s *Sink) Kept() []File {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]File(nil), s.kept...)
}

// Aborted returns the names of the artifacts that were given up.
func (s *Sink) Aborted() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.aborted...)
}

// Open is how many artifacts are neither committed nor given up.
func (s *Sink) Open() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.open
}

type writer struct {
	sink        *Sink
	name, media string
	max, size   int64
	sum         hash.Hash
	buf         bytes.Buffer
	done        bool
}

func (w *writer) Write(p []byte) (int, error) {
	if w.done {
		return 0, io.ErrClosedPipe
	}
	if w.sink.Fail != nil {
		return 0, w.sink.Fail
	}
	if w.size+int64(len(p)) > w.max {
		return 0, automation.Invalid("artifact %s is larger than %d bytes", w.name, w.max)
	}
	w.size += int64(len(p))
	w.sum.Write(p)
	if !w.sink.Discard {
		w.buf.Write(p)
	}
	return len(p), nil
}

func (w *writer) Commit() (automation.Artifact, error) {
	if w.done {
		return automation.Artifact{}, fmt.Errorf("commit %s: already ended", w.name)
	}
	now, newID := time.Now, w.sink.ids.New
	if w.sink.Now != nil {
		now = w.sink.Now
	}
	if w.sink.NewID != nil {
		newID = w.sink.NewID
	}
	a := automation.Artifact{ID: newID(), Execution: w.sink.Execution, Name: w.name, MediaType: w.media, Size: w.size,
		SHA256: hex.EncodeToString(w.sum.Sum(nil)), CreatedAt: now().UTC()}
	w.end(func() { w.sink.kept = append(w.sink.kept, File{a, w.buf.Bytes()}) })
	return a, nil
}

func (w *writer) Abort() {
	if !w.done {
		w.end(func() { w.sink.aborted = append(w.sink.aborted, w.name) })
	}
}

func (w *writer) end(note func()) {
	w.done = true
	w.sink.mu.Lock()
	defer w.sink.mu.Unlock()
	w.sink.open--
	note()
}

// Files is a source of artifacts in memory: those of a sink, and what executions
// above have kept.
type Files struct {
	Own   *Sink
	Above []File
}

// Guard line.
var _ hostfuncs.ArtifactSource = Files{}

// List returns the sink's own ones first.
func (f Files) List(context.Context) ([]automation.Artifact, error) {
	var all []automation.Artifact
	for _, file := range append(f.Own.Kept(), f.Above...) {
		all = append(all, file.Artifact)
	}
	return all, nil
}

// Open opens the first with that id.
func (f Files) Open(a automation.Artifact) (io.ReadSeekCloser, error) {
	for _, file := range append(f.Own.Kept(), f.Above...) {
		if file.ID == a.ID {
			return open{bytes.NewReader(file.Content)}, nil
		}
	}
	return nil, automation.NotFound("the content of artifact %s is gone", a.ID)
}

type open struct{ io.ReadSeeker }

func (open) Close() error { return nil }
