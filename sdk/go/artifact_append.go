package squall

import "github.com/squall-dev/squall/sdk/go/internal/host"

// ArtifactAppendReply tells how far a file has come.
type ArtifactAppendReply struct {
	Size     int64     `json:"size"`               // bytes so far
	Artifact *Artifact `json:"artifact,omitempty"` // once it is closed
}

// ArtifactAppend adds a piece to a file of this execution; the first piece begins it.
// It is kept when the attempt ends, or at once with last.
//
// The pack needs an artifacts capability.
func ArtifactAppend(a NewArtifact, piece []byte, last bool) (reply ArtifactAppendReply, err error) {
	request := struct {
		NewArtifact
		Content []byte `json:"content_base64,omitempty"`
		Close   bool   `json:"close,omitempty"`
	}{a, piece, last}
	err = ask("artifact_append", host.ArtifactAppend, request, &reply)
	return reply, err
}
