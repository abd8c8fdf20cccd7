package artifacts

import (
	"context"
	"fmt"

	"github.com/squall-dev/squall/hostfuncs"
	"github.com/squall-dev/squall/runtime/automation"
)

// CreateRequest asks to keep content as a file.
type CreateRequest struct {
	Name          string `json:"name" doc:"file name for people, such as report.txt; no slashes"`
	MediaType     string `json:"media_type,omitempty" doc:"application/octet-stream when empty"`
	Content       string `json:"content,omitempty" doc:"the content, when it is text"`
	ContentBase64 string `json:"content_base64,omitempty" doc:"the content, when it is not text"`
}

func (r CreateRequest) describe() string { return "keep " + r.Name }

// Create keeps a file: all of it or nothing.
func (c *Client) Create(ctx context.Context, who hostfuncs.Caller, req CreateRequest) (automation.Artifact, error) {
	content, err := hostfuncs.Bytes(req.Content, req.ContentBase64, "content")
	if err != nil {
		return automation.Artifact{}, err
	}
	w, err := hostfuncs.ArtifactSpec{Name: req.Name, MediaType: req.MediaType}.Open(ctx, who, 0)
	if err != nil {
		return automation.Artifact{}, err
	}
	defer w.Abort()
	if _, err := w.Write(content); err != nil {
		return automation.Artifact{}, fmt.Errorf("keep artifact %s: %w", req.Name, err)
	}
	return w.Commit()
}
