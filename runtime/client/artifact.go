package client

import (
	"context"
	"io"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/flame"
)

// ArtifactQuery selects artifacts. Zero fields do not restrict.
type ArtifactQuery struct {
	Page
	Execution string
	MediaType string
}

// Artifacts lists artifacts.
func (c *Client) Artifacts(ctx context.Context, q ArtifactQuery) (List[automation.Artifact], error) {
	query := q.Page.values().set("execution", q.Execution).set("media_type", q.MediaType)
	return list[automation.Artifact](ctx, c, get("artifacts").with(query.query()))
}

// Artifact returns what is known of one artifact.
func (c *Client) Artifact(ctx context.Context, id string) (automation.Artifact, error) {
	return one[automation.Artifact](ctx, c, get("artifacts", id))
}

// ArtifactContent opens the file itself. The caller closes it, and compares
// size and hash with what [Client.Artifact] says.
func (c *Client) ArtifactContent(ctx context.Context, id string) (io.ReadCloser, error) {
	r := get("artifacts", id, "content")
	// Without this the transport unpacks what the server packed for the way, and
	// a file that is itself gzip must arrive as it is.
	r.header = map[string]string{"Accept": "*/*", "Accept-Encoding": "identity"}
	resp, err := c.send(ctx, r)
	if err != nil {
		return nil, err
	}
	return resp.Body, nil
}

// FlameQuery says which graph of a profile is wanted. Zero fields are left to the server.
type FlameQuery struct {
	Sample string // such as alloc_space
	Base   string // the artifact that it is compared with
}

// Flame is a profile as a flame graph. FlameRow is one function of its table, which
// names a FlameFunction; FlameBase is what it was compared with.
type (
	Flame         = flame.Flame
	FlameRow      = flame.Top
	FlameFunction = flame.Function
	FlameBase     = flame.Base
)

// Flame returns a profile as a flame graph.
func (c *Client) Flame(ctx context.Context, id string, q FlameQuery) (Flame, error) {
	query := values{}.set("sample", q.Sample).set("base", q.Base)
	return one[Flame](ctx, c, get("artifacts", id, "flame").with(query.query()))
}
