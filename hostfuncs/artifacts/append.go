package artifacts

import (
	"context"

	"github.com/squall-dev/squall/hostfuncs"
	"github.com/squall-dev/squall/runtime/automation"
)

// AppendRequest asks to add to a file.
type AppendRequest struct {
	Name          string `json:"name" doc:"file name for people, such as report.txt; no slashes. The first piece begins the file"`
	MediaType     string `json:"media_type,omitempty" doc:"with the first piece; application/octet-stream when empty"`
	Content       string `json:"content,omitempty" doc:"the piece, when it is text"`
	ContentBase64 string `json:"content_base64,omitempty" doc:"the piece, when it is not text"`
	Close         bool   `json:"close,omitempty" doc:"this is the last piece: keep the file now. Without it the file is kept when the attempt ends"`
}

// AppendResponse tells how far the file has come.
type AppendResponse struct {
	Size     int64                `json:"size" doc:"bytes of the file so far"`
	Artifact *automation.Artifact `json:"artifact,omitempty" doc:"the file, once it is closed"`
}

func (r AppendRequest) describe() string {
	if r.Close {
		return "append to " + r.Name + " and keep it"
	}
	return "append to " + r.Name
}

// Append adds a piece to a file.
func (c *Client) Append(ctx context.Context, who hostfuncs.Caller, req AppendRequest) (AppendResponse, error) {
	content, err := hostfuncs.Bytes(req.Content, req.ContentBase64, "content")
	if err != nil {
		return AppendResponse{}, err
	}
	spec := hostfuncs.ArtifactSpec{Name: req.Name, MediaType: req.MediaType}
	if err := spec.Check(who); err != nil {
		return AppendResponse{}, err
	}
	if who.Appends == nil {
		return AppendResponse{}, automation.Unavailable("there is nowhere to keep artifact %q here", req.Name)
	}
	var r AppendResponse
	if r.Size, err = who.Appends.Add(ctx, who, spec, content); err != nil || !req.Close {
		return r, err
	}
	kept, err := who.Appends.Close(req.Name)
	if err != nil {
		return AppendResponse{}, err
	}
	r.Artifact = &kept
	return r, nil
}
