package squall

import (
	"time"

	"github.com/squall-dev/squall/sdk/go/internal/host"
)

// NewArtifact names the artifact into which the server shall stream something.
type NewArtifact struct {
	Name      string `json:"name"`                 // a file name: "heap.pb.gz"
	MediaType string `json:"media_type,omitempty"` // application/octet-stream when empty
}

// MediaTypePprof marks a profile in pprof's format; the page draws it as a flame
// graph.
const MediaTypePprof = "application/vnd.google.pprof"

// Artifact is a file that the execution keeps.
type Artifact struct {
	ID        string    `json:"id"`
	Execution string    `json:"execution"`
	Name      string    `json:"name"`
	MediaType string    `json:"media_type"`
	Size      int64     `json:"size"`   // bytes
	SHA256    string    `json:"sha256"` // hexadecimal
	CreatedAt time.Time `json:"created_at"`
}

// ArtifactCreate keeps content as a file of this execution. What is large is
// better streamed by the call that fetches it.
//
// The pack needs an artifacts capability.
func ArtifactCreate(a NewArtifact, content []byte) (kept Artifact, err error) {
	request := struct {
		NewArtifact
		Content []byte `json:"content_base64"`
	}{a, content}
	err = ask("artifact_create", host.ArtifactCreate, request, &kept)
	return kept, err
}
