// Package artifacts is the host function with which a guest keeps a file that it
// has made itself. Large files do not pass through guests: kube_exec,
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
	}
}
