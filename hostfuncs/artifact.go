package hostfuncs

import (
	"context"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/squall-dev/squall/runtime/automation"
)

// DefaultArtifactBytes is how large one artifact may be when the pack's
// capability sets no limit.
const DefaultArtifactBytes = 512 << 20

// ArtifactSpec is how a request names the artifact that is to receive a stream.
type ArtifactSpec struct {
	Name      string `json:"name" doc:"file name for people, such as heap.pb.gz; no slashes"`
	MediaType string `json:"media_type,omitempty" doc:"application/octet-stream when empty"`
}

// ArtifactsGranted is the granted function of everything that keeps files: nil,
// or an error of kind ErrDenied that names the missing line.
func ArtifactsGranted(c automation.Capabilities) error {
	if len(c.Artifacts) > 0 {
		return nil
	}
	return automation.Denied("the pack may not keep artifacts").
		WithHint(`add to pack.yaml: capabilities: {artifacts: [{max_bytes: 512MiB}]}`)
}

// Open begins an artifact on behalf of who, after checking name and right. A
// positive maxBytes narrows the pack's limit.
func (s ArtifactSpec) Open(ctx context.Context, who Caller, maxBytes int64) (ArtifactWriter, error) {
	if err := s.validate(); err != nil {
		return nil, err
	}
	if err := who.Permit(ArtifactsGranted); err != nil {
		return nil, err
	}
	if who.Artifacts == nil {
		return nil, automation.Unavailable("there is nowhere to keep artifact %q here", s.Name).
			WithHint("run the action on a server; a dry run keeps no files")
	}
	limit := ArtifactLimit(who)
	if maxBytes > 0 {
		limit = min(limit, maxBytes)
	}
	media := s.MediaType
	if media == "" {
		media = "application/octet-stream"
	}
	return who.Artifacts.Create(ctx, s.Name, media, limit)
}

// Check reports what [ArtifactSpec.Open] would refuse, before any work is done.
// A nil spec asks for no artifact and passes.
func (s *ArtifactSpec) Check(who Caller) error {
	if s == nil {
		return nil
	}
	if err := s.validate(); err != nil {
		return err
	}
	return who.Permit(ArtifactsGranted)
}

func (s ArtifactSpec) validate() error {
	bad := s.Name == "" || s.Name == "." || s.Name == ".." || len(s.Name) > 255 ||
		!utf8.ValidString(s.Name) || strings.ContainsAny(s.Name, `/\`) ||
		strings.ContainsFunc(s.Name, unicode.IsControl)
	if bad {
		return automation.Invalid("%q can not name an artifact", s.Name).
			WithHint("give a file name of 1 to 255 bytes without slashes, such as heap.pb.gz")
	}
	if len(s.MediaType) > 255 || strings.ContainsFunc(s.MediaType, unicode.IsControl) {
		return automation.Invalid("%q is not a media type", s.MediaType)
	}
	return nil
}

// ArtifactLimit is how many bytes one artifact of a caller may have.
func ArtifactLimit(who Caller) int64 {
	limit := artifactLimit(who.Grants)
	if who.Ceiling != nil {
		limit = min(limit, artifactLimit(*who.Ceiling))
	}
	return limit
}

// artifactLimit is the most generous of the pack's entries.
func artifactLimit(c automation.Capabilities) int64 {
	var limit int64
	for _, entry := range c.Artifacts {
		if entry.MaxBytes <= 0 {
			entry.MaxBytes = DefaultArtifactBytes
		}
		limit = max(limit, entry.MaxBytes)
	}
	return limit
}
