package main

import (
	"bytes"
	"fmt"
	"strings"

	squall "github.com/squall-dev/squall/sdk/go"
)

// shownStacks bounds what is kept of the goroutines: those that are most in number
// come first.
const shownStacks = 64 << 10

// goroutines counts them and keeps the beginning of what they do. Of its errors only
// final ones matter: the heap is tried nevertheless.
func (s *session) goroutines() error {
	if !s.room("the goroutines", goroutineCost) {
		return nil
	}
	got, err := s.fetch("/goroutine", "debug=1", nil, goroutineCost)
	if err != nil {
		s.skip("the goroutines: %v", err)
		return err
	}
	text := got.text
	if _, err := fmt.Sscanf(string(text), "goroutine profile: total %d", &s.out.Goroutines); err != nil {
		s.skip("the goroutines: the answer of %s is none of Go's profiles", s.way.name)
		return nil
	}
	kept, err := squall.ArtifactCreate(squall.NewArtifact{Name: s.file("goroutines", "", ".txt"), MediaType: "text/plain; charset=utf-8"}, beginning(text))
	if err != nil {
		s.skip("the goroutines: %v", err)
		return err
	}
	squall.Infof("%d goroutines", s.out.Goroutines)
	s.out.Stacks = &kept
	return nil
}

// beginning ends with a whole line.
func beginning(text []byte) []byte {
	if len(text) <= shownStacks {
		return text
	}
	text = text[:shownStacks]
	return text[:bytes.LastIndexByte(text, '\n')+1]
}

// heap keeps a heap profile; nil when there is no room for it.
func (s *session) heap(part, query string, cost int64) (*squall.Artifact, error) {
	what := "the heap profile " + part
	if !s.room(what, cost) {
		return nil, nil
	}
	name := s.file("heap", part, ".pb.gz")
	got, err := s.fetch("/heap", query, &squall.NewArtifact{Name: name, MediaType: squall.MediaTypePprof}, cost)
	if err != nil {
		return nil, err
	}
	squall.Infof("%s: kept %s, %d bytes", s.way.name, got.file.Name, got.file.Size)
	return got.file, nil
}

// fetch tries the way that has worked before, else one after the other.
func (s *session) fetch(path, query string, keep *squall.NewArtifact, cost int64) (answer, error) {
	var failures failures
	for _, w := range s.ways() {
		if s.way != nil && w.name != s.way.name {
			continue
		}
		if w.cost > 0 && !s.room(w.name, cost+w.cost) {
			failures.add(w.name, errNoRoom)
			continue
		}
		got, err := w.get(request{strings.TrimSuffix(s.Path, "/") + path, query, keep})
		if err == nil {
			s.way, s.out.Via = &w, w.via
			return got, nil
		}
		squall.Warnf("%s: %v", w.name, err)
		failures.add(w.name, err)
		if final(err) {
			break
		}
	}
	return answer{}, failures
}
