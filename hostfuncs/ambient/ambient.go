// Package ambient has the host functions that every guest has without asking:
// they tell it about itself and let it speak. Nothing here reaches the world.
package ambient

import (
	"time"

	"github.com/squall-dev/squall/hostfuncs"
)

// Options configure a [Client].
type Options struct {
	// Now is the clock that guests are told; nil means time.Now.
	Now func() time.Time
}

// Client holds the family's functions.
type Client struct{ now func() time.Time }

// New returns the family.
func New(o Options) (*Client, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Client{o.Now}, nil
}

// Funcs announces the family's functions.
func (c *Client) Funcs() []hostfuncs.Func {
	return []hostfuncs.Func{
		hostfuncs.New("log", "Adds a line to the execution's log.", nil, nil, c.Log),
		hostfuncs.New("config", "Returns the pack's configuration.", nil, nil, c.Config),
		hostfuncs.New("sleep", "Waits; that counts as waiting, not as computing.", nil, nil, c.Sleep),
		hostfuncs.New("time", "Tells the time.", nil, nil, c.Time),
		hostfuncs.New("random", "Gives random bytes.", nil, nil, c.Random),
		hostfuncs.New("context", "Tells the guest which execution it is and when its time is up.", nil, nil, c.Context),
	}
}
