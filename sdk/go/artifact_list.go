package squall

import "github.com/squall-dev/squall/sdk/go/internal/host"

// ArtifactListRequest asks what files there are.
type ArtifactListRequest struct {
	Name string `json:"name,omitempty"` // only files of this name
	Own  bool   `json:"own,omitempty"`  // not those of the executions that this one was started from
}

// ArtifactListReply is what files there are: those of this execution first, then those
// of the one that started it, and so on.
type ArtifactListReply struct {
	Artifacts []Artifact `json:"artifacts"`
	Truncated bool       `json:"truncated,omitempty"` // there are more than 1000
}

// ArtifactList lists the files that this execution may read.
//
// The pack needs an artifacts capability.
func ArtifactList(r ArtifactListRequest) (reply ArtifactListReply, err error) {
	err = ask("artifact_list", host.ArtifactList, r, &reply)
	return reply, err
}
