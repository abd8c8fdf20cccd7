package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/client"
)

// pursuit says how far a started execution is watched.
type pursuit struct {
	wait, follow, detach bool
	timeout              time.Duration
}

func (p *pursuit) addFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.BoolVar(&p.follow, "follow", false, "show its log on stderr and wait for its end (default)")
	f.BoolVar(&p.wait, "wait", false, "wait for its end only")
	f.BoolVar(&p.detach, "detach", false, "return at once")
	f.DurationVar(&p.timeout, "timeout", 0, "wait no longer than this; the execution goes on")
}

func (p pursuit) check() error {
	if p.follow && p.wait || p.follow && p.detach || p.wait && p.detach {
		return usage("--follow, --wait and --detach exclude each other")
	}
	return nil
}

// pursue watches a new execution as far as was asked and shows it.
func (c *cli) pursue(ctx context.Context, api *client.Client, started automation.Execution, p pursuit) error {
	if p.detach {
		return c.print(c.executionResult(started))
	}
	c.note("started %s %s", started.Action, started.ID)
	o := client.FollowOptions{}
	if !p.wait {
		o.Line = c.lineWriter(c.err)
	}
	ended, err := c.follow(ctx, api, started.ID, o, p.timeout)
	if err != nil {
		return err
	}
	return oneOrAll([]error{c.print(c.executionResult(ended)), unsuccessful(ended)})
}

// follow waits for an execution. An interrupt leaves it running.
func (c *cli) follow(ctx context.Context, api *client.Client, id string, o client.FollowOptions, timeout time.Duration) (automation.Execution, error) {
	if timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, timeout, errWaitTimeout)
		defer cancel()
	}
	e, err := api.Follow(ctx, id, o)
	if err == nil {
		return e, nil
	}
	if errors.Is(context.Cause(ctx), errWaitTimeout) {
		return e, errWaitTimeout.WithHint("wait on: squall execution wait %s", id)
	}
	if ctx.Err() != nil {
		return e, errInterrupted.WithHint("still running: squall execution logs %s --follow", id)
	}
	return e, orList(err, "execution list")
}

// unsuccessful is the error of an execution that ended otherwise than well.
func unsuccessful(e automation.Execution) error {
	if e.Status == automation.Succeeded {
		return nil
	}
	err := &automation.Error{Code: codeFailed, Message: fmt.Sprintf("%s %s: %s", e.Action, e.ID, wordOf(e.Status)), Hint: e.Hint}
	if e.Message != "" {
		err.Err = errors.New(e.Message)
	}
	if err.Hint == "" {
		err.Hint = "see its log: squall execution logs " + e.ID
	}
	return err
}

func wordOf(s automation.Status) string {
	if s == automation.TimedOut {
		return "timed out"
	}
	return string(s)
}
