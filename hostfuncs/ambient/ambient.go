// Package ambient has the host functions that every guest has without asking:
// they tell it about itself and let it speak. Nothing here reaches the world.
package ambient

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
		hostfuncs.New("log", "Adds a line to the execution's log.", nil, nil, c.Log),
		hostfuncs.New("config", "Returns the pack's configuration.", nil, nil, c.Config),
		hostfuncs.New("context", "Tells the guest which execution it is and when its time is up.", nil, nil, c.Context),
	}
}
