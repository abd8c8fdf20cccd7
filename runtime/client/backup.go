package client

import (
	"context"
	"io"

	"github.com/squall-dev/squall/runtime/automation"
)

// Backup opens a backup that the server writes while it is read. The caller closes it,
// and checks it: one that could not be written to its end has none.
func (c *Client) Backup(ctx context.Context) (io.ReadCloser, error) {
	r := get("backup")
	r.header = map[string]string{"Accept": "*/*", "Accept-Encoding": "identity"}
	resp, err := c.send(ctx, r)
	if err != nil {
		return nil, err
	}
	return resp.Body, nil
}

// LastBackup tells when the server last wrote a backup.
func (c *Client) LastBackup(ctx context.Context) (automation.LastBackup, error) {
	return one[automation.LastBackup](ctx, c, get("backup", "last"))
}
