package squall

import "github.com/squall-dev/squall/sdk/go/internal/host"

// ArtifactReadRequest asks for a part of a file, by its id or its name.
type ArtifactReadRequest struct {
	ID     string `json:"id,omitempty"`
	Name   string `json:"name,omitempty"`   // the newest of that name, of the nearest execution that has one
	Offset int64  `json:"offset,omitempty"` // from the end when negative
	Length int64  `json:"length,omitempty"` // at most 1 MiB, which is meant when zero
}

// ArtifactReadReply is a part of a file: Content when it is text, else ContentBase64.
type ArtifactReadReply struct {
	Artifact      Artifact `json:"artifact"`
	Offset        int64    `json:"offset"`
	Content       string   `json:"content,omitempty"`
	ContentBase64 []byte   `json:"content_base64,omitempty"`
	NextOffset    int64    `json:"next_offset,omitempty"` // where the rest begins; zero at the end
}

// Bytes is the part, whatever it is.
func (r ArtifactReadReply) Bytes() []byte {
	if r.Content != "" {
		return []byte(r.Content)
	}
	return r.ContentBase64
}

// ArtifactRead reads a part of a file of this execution, or of those that it was
// started from. Read on at NextOffset.
//
// The pack needs an artifacts capability.
func ArtifactRead(r ArtifactReadRequest) (reply ArtifactReadReply, err error) {
	err = ask("artifact_read", host.ArtifactRead, r, &reply)
	return reply, err
}
