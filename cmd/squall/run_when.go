package main

import (
	"time"

	"github.com/spf13/cobra"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/client"
)

// runFlags say how and when an execution is to run.
type runFlags struct {
	dry      bool
	at       string
	in       time.Duration
	priority int

	cmd *cobra.Command
}

func (r *runFlags) addFlags(cmd *cobra.Command) {
	r.cmd = cmd
	f := cmd.Flags()
	f.BoolVar(&r.dry, "dry-run", false, "change nothing in the world: show what would be changed")
	f.StringVar(&r.at, "at", "", "run it at this time, such as 2026-11-22T10:00:00Z, and return at once")
	f.DurationVar(&r.in, "in", 0, "run it after this time, such as 2h, and return at once")
	f.IntVar(&r.priority, "priority", 0, "of those that wait for a worker the higher one runs first (-1000 to 1000)")
}

// options are what the server is asked for.
func (r *runFlags) options() (client.RunOptions, error) {
	o := client.RunOptions{DryRun: r.dry}
	if r.cmd.Flags().Changed("priority") {
		if r.priority < automation.LeastPriority || r.priority > automation.MostPriority {
			return o, usage("--priority is %d; it may be from %d to %d", r.priority, automation.LeastPriority, automation.MostPriority)
		}
		o.Priority = &r.priority
	}
	switch at, in := r.at != "", r.cmd.Flags().Changed("in"); {
	case at && in:
		return o, usage("--at and --in exclude each other")
	case at:
		t, err := time.Parse(time.RFC3339, r.at)
		if err != nil {
			return o, usage("--at %q is not a time", r.at).WithHint("for example: --at 2026-11-22T10:00:00Z, or --in 2h")
		}
		o.RunAt = &t
	case in && r.in <= 0:
		return o, usage("--in must be more than nothing")
	case in:
		t := time.Now().Add(r.in)
		o.RunAt = &t
	}
	return o, nil
}

// pursuit is how far to watch what runs later: not at all, unless that is asked for.
func (r *runFlags) pursuit(p pursuit, o client.RunOptions) pursuit {
	if o.RunAt != nil && !p.wait && !p.follow {
		p.detach = true
	}
	return p
}
