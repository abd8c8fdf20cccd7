package client

import (
	"context"

	"github.com/squall-dev/squall/runtime/automation"
)

// FollowOptions say what to do while an execution goes on. The zero value waits
// until it has ended.
type FollowOptions struct {
	// Line is given every line of the log from number From on; nil wants none.
	Line func(automation.LogLine) error
	From int
	// Until decides whether the execution has come far enough; nil means that its
	// status is final. A final status always ends the wait.
	Until func(automation.Execution) bool
}

// Follow blocks until an execution has come far enough and returns it as it is
// then. It sees everything however short, because it begins to listen where the
// stream stood when it first looked.
func (c *Client) Follow(ctx context.Context, id string, o FollowOptions) (automation.Execution, error) {
	f := &follower{client: c, id: id, options: o, from: max(o.From, 1)}
	seq, done, err := f.look(ctx)
	if err != nil || done {
		return f.latest, err
	}
	for change, err := range c.Stream(ctx, seq) {
		if err == nil {
			done, err = f.take(ctx, change)
		}
		if err != nil || done {
			return f.latest, err
		}
	}
	return f.latest, context.Cause(ctx)
}

type follower struct {
	client  *Client
	id      string
	options FollowOptions
	from    int // number of the next line of the log
	latest  automation.Execution
}

func (f *follower) take(ctx context.Context, change automation.Change) (done bool, err error) {
	switch {
	case change.Kind == Resync, change.Execution != nil && change.Execution.ID == f.id:
		_, done, err = f.look(ctx)
	case change.Log != nil && change.Log.Execution == f.id:
		err = f.log(ctx)
	}
	return done, err
}

// look reads the execution, then its log: in this order, so that a final status
// means that the log read after it is whole.
func (f *follower) look(ctx context.Context) (seq int64, done bool, err error) {
	f.latest, seq, err = f.client.execution(ctx, f.id)
	if err != nil {
		return 0, false, err
	}
	done = f.latest.Status.Final() || (f.options.Until != nil && f.options.Until(f.latest))
	return seq, done, f.log(ctx)
}

func (f *follower) log(ctx context.Context) error {
	for f.options.Line != nil {
		page, err := f.client.Log(ctx, f.id, f.from, 1000)
		if err != nil {
			return err
		}
		for _, line := range page.Items {
			if err := f.options.Line(line); err != nil {
				return err
			}
			f.from = line.Number + 1
		}
		if page.NextFrom == 0 || len(page.Items) == 0 {
			return nil
		}
	}
	return nil
}
