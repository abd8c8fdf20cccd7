// Package flame turns a profile in pprof's format into what a flame graph draws:
// a tree of frames with what each used itself and together with its callees.
//
//	p, err := flame.Parse(file)
//	graph, err := p.Flame("inuse_space")
//
// It draws nothing and keeps nothing. Profiles come out of strange processes, so
// everything here is bounded: the input, what it unpacks to, and the tree.
//
// The package is the only door to github.com/google/pprof/profile.
package flame

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"

	"github.com/google/pprof/profile"

	"github.com/squall-dev/squall/runtime/automation"
)

// Bounds of a profile.
const (
	// maxBytes bounds the profile, packed and unpacked. Those of very large
	// processes have some ten million bytes.
	maxBytes = 64 << 20
	// maxRecords bounds samples, locations, functions and strings together: an
	// empty record takes two bytes in the file and a hundred in memory.
	maxRecords = 4 << 20
)

// Profile is a profile that was read and found consistent. It does not change and
// is safe for concurrent use.
type Profile struct {
	p *profile.Profile
}

// Parse reads a profile in pprof's protobuf format, compressed or not. What is not
// one is an error of kind ErrInvalid.
func Parse(r io.Reader) (*Profile, error) {
	data, err := readBounded(r)
	if err != nil {
		return nil, err
	}
	if data, err = unpack(data); err != nil {
		return nil, err
	}
	if err := checkRecords(data); err != nil {
		return nil, err
	}
	p, err := profile.ParseUncompressed(data)
	if err == nil {
		err = p.CheckValid()
	}
	if err == nil && len(p.SampleType) == 0 {
		err = errors.New("it has no sample types")
	}
	if err != nil {
		return nil, notAProfile(err)
	}
	return &Profile{p}, nil
}

func notAProfile(err error) error {
	return automation.Invalid("this is not a profile in pprof's format").WithCode("not_a_profile").Because(err).
		WithHint("a Go program serves one under /debug/pprof/heap, without ?debug=1")
}

func tooLarge() error {
	return automation.Invalid("the profile is too large to draw").WithCode("profile_too_large").
		WithHint("download it and look at it with: go tool pprof -http=: FILE")
}

// readBounded reads everything, or fails when that is too much. A reader that
// breaks is not the profile's fault.
func readBounded(r io.Reader) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxBytes+1))
	if err != nil {
		return nil, fmt.Errorf("read a profile: %w", err)
	}
	if len(data) > maxBytes {
		return nil, tooLarge()
	}
	return data, nil
}

func unpack(data []byte) ([]byte, error) {
	if !bytes.HasPrefix(data, []byte{0x1f, 0x8b}) {
		return data, nil
	}
	z, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, unpackError(err)
	}
	unpacked, err := readBounded(z)
	if err != nil && !errors.Is(err, automation.ErrInvalid) { // the reader is the profile itself
		err = unpackError(err)
	}
	return unpacked, err
}

// unpackError tells a profile that lacks its end, which happens when the command
// that wrote it was stopped, from what never was one.
func unpackError(err error) error {
	if !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return notAProfile(err)
	}
	return automation.Invalid("the profile is cut off: its end is missing").WithCode("not_a_profile").
		WithHint("take it again: the command that wrote it ended too early, or its output was limited")
}
