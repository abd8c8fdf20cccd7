// Package artifacts has the host functions with which a guest keeps files that it
// has made itself, at once or piece by piece, and reads files back. Large files do not pass through guests: kube_exec,
// kube_proxy_get and http_send stream them into artifacts directly.
package artifacts

import "github.com/squall-dev/squall/hostfuncs"

// Options configure a [Client].
type Options struct{}

// Client holds the family's functions.
type Client struct{}

// New returns the family.
func New(Options) (*Client, error) { return &Client{}, nil }

// Funcs announces the family's functions.
func (c *Client) Funcs() []hostfuncs.Func {
	return []hostfuncs.Func{
		hostfuncs.New("artifact_create", "Keeps a file with the execution.",
			hostfuncs.ArtifactsGranted, CreateRequest.describe, c.Create),
		hostfuncs.New("artifact_append", "Adds to a file that grows piece by piece; it is kept when it is closed or the attempt ends.",
			hostfuncs.ArtifactsGranted, AppendRequest.describe, c.Append),
		hostfuncs.New("artifact_list", "Lists the files of this execution and of those that it was started from.",
			hostfuncs.ArtifactsGranted, ListRequest.describe, c.List),
		hostfuncs.New("artifact_read", "Reads a part of a file of this execution or of those that it was started from.",
			hostfuncs.ArtifactsGranted, ReadRequest.describe, c.Read),
	}
}
