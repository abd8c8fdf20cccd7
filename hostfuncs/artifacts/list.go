package artifacts

import (
	"context"

	"github.com/squall-dev/squall/hostfuncs"
	"github.com/squall-dev/squall/runtime/automation"
)

// maxListed is how many files one reply lists.
const maxListed = 1000

// ListRequest asks what files there are.
type ListRequest struct {
	Name string `json:"name,omitempty" doc:"only files of this name"`
	Own  bool   `json:"own,omitempty" doc:"only files of this execution, not of those that it was started from"`
}

// ListResponse is what files there are: those of this execution first, then those of
// the one that started it, and so on; those of one execution in the order in which
// they were kept.
type ListResponse struct {
	Artifacts []automation.Artifact `json:"artifacts"`
	Truncated bool                  `json:"truncated,omitempty" doc:"there are more than 1000; the rest is left out"`
}

func (r ListRequest) describe() string {
	if r.Name != "" {
		return "list files named " + r.Name
	}
	return "list files"
}

// List lists files.
func (c *Client) List(ctx context.Context, who hostfuncs.Caller, req ListRequest) (ListResponse, error) {
	all, err := readable(ctx, who)
	if err != nil {
		return ListResponse{}, err
	}
	r := ListResponse{Artifacts: []automation.Artifact{}}
	for _, a := range all {
		switch {
		case req.Name != "" && a.Name != req.Name, req.Own && a.Execution != who.Execution:
		case len(r.Artifacts) == maxListed:
			r.Truncated = true
		default:
			r.Artifacts = append(r.Artifacts, a)
		}
	}
	return r, nil
}

// readable are the files that a caller may read.
func readable(ctx context.Context, who hostfuncs.Caller) ([]automation.Artifact, error) {
	if err := who.Permit(hostfuncs.ArtifactsGranted); err != nil {
		return nil, err
	}
	if who.Files == nil {
		return nil, automation.Unavailable("there are no artifacts to read here").
			WithHint("only the code of actions can read them, not that of sensors")
	}
	return who.Files.List(ctx)
}
