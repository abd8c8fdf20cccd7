package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/client"
)

func newRetentionCommand(c *cli) *cobra.Command {
	var dry, now bool
	cmd := &cobra.Command{
		Use:     "retention",
		GroupID: groupAdmin,
		Short:   "Show how far the history is kept, and what is to go",
		Long: "Show how far the history is kept: what each rule of the server's configuration holds, what of it is to go, and\n" +
			"what went. The rules are applied once a minute; --now does not wait for that, --dry-run tells what would go.\n" +
			"Live executions and those with a pinned artifact always stay.",
		Example: "  squall retention\n  squall retention --dry-run\n  squall retention --now -o json --jq .removed",
		Args:    exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if dry && now {
				return usage("--dry-run and --now exclude each other")
			}
			return c.retention(cmd.Context(), dry, now)
		},
	}
	cmd.Flags().BoolVar(&dry, "dry-run", false, "tell what would go, and leave it")
	cmd.Flags().BoolVar(&now, "now", false, "apply the rules now")
	return cmd
}

func (c *cli) retention(ctx context.Context, dry, now bool) error {
	api, err := c.client()
	if err != nil {
		return err
	}
	state, err := automation.Retention{}, error(nil)
	if dry || now {
		state, err = api.ApplyRetention(ctx, dry)
	} else {
		state, err = api.Retention(ctx)
	}
	if err != nil {
		return err
	}
	return c.print(thing(state, "retention", func(w io.Writer, t terminal, _ bool) error {
		p := &page{w: w, t: t}
		p.pair("History", fmt.Sprintf("%d executions, database %s, %s of it free", state.Size.Executions, automation.SizeText(state.Size.Bytes), automation.SizeText(state.Size.FreeBytes)))
		for _, r := range state.Rules {
			p.pair("Rule", boundsOf(r.RetentionRule))
			p.line("  holds %d executions, %s; %s", r.Executions, automation.SizeText(r.HeldBytes), excessOf(r))
		}
		if len(state.Rules) == 0 {
			p.pair("Rules", "none: everything is kept")
		}
		p.pair("Removed", fmt.Sprintf("%d executions, %d events, %d files since the server started", state.Removed, state.RemovedEvents, state.RemovedFiles))
		p.pair("Pinned", fmt.Sprintf("%d artifacts", state.Pinned))
		if state.Busy {
			p.pair("Now", "removing")
		}
		p.pair("Failed", state.Error)
		return p.err
	}))
}

// boundsOf is a rule in one line.
func boundsOf(r automation.RetentionRule) string {
	var bounds []string
	if r.Age > 0 {
		bounds = append(bounds, fmt.Sprintf("%g days", r.Age.Hours()/24))
	}
	if r.Count > 0 {
		bounds = append(bounds, fmt.Sprintf("%d executions", r.Count))
	}
	if r.Bytes > 0 {
		bounds = append(bounds, automation.SizeText(r.Bytes))
	}
	of := "all"
	if len(r.Statuses) > 0 {
		of = strings.Join(statusTexts(r.Statuses), ", ")
	}
	if r.Pack != "" {
		of += " of pack " + r.Pack
	}
	return of + ": at most " + strings.Join(bounds, ", ")
}

func statusTexts(list []automation.Status) []string {
	var texts []string
	for _, s := range list {
		texts = append(texts, string(s))
	}
	return texts
}

func excessOf(r automation.RetentionLimit) string {
	switch {
	case r.ExcessBytes > 0:
		return fmt.Sprintf("%d executions or %s are to go", r.Excess, automation.SizeText(r.ExcessBytes))
	case r.Excess > 0:
		return fmt.Sprintf("%d executions are to go", r.Excess)
	}
	return "nothing is to go"
}

func newPinCommand(c *cli) *cobra.Command {
	return c.pinCommand("pin ID", "Keep an artifact and its execution, whatever retention says", (*client.Client).PinArtifact)
}

func newUnpinCommand(c *cli) *cobra.Command {
	return c.pinCommand("unpin ID", "Leave an artifact to retention", (*client.Client).UnpinArtifact)
}

func (c *cli) pinCommand(use, short string, set func(*client.Client, context.Context, string) (automation.Artifact, error)) *cobra.Command {
	verb, _, _ := strings.Cut(use, " ")
	return &cobra.Command{
		Use:               use,
		Short:             short,
		Example:           "  squall artifact " + verb + " 6740b1e2c3d4e5f6a7b8c9d0",
		Args:              exactly("ID"),
		ValidArgsFunction: c.completeFirst(liveArtifacts),
		RunE: func(cmd *cobra.Command, args []string) error {
			api, err := c.client()
			if err != nil {
				return err
			}
			a, err := set(api, cmd.Context(), args[0])
			if err != nil {
				return orList(err, "artifact list")
			}
			list := client.List[automation.Artifact]{Items: []automation.Artifact{a}}
			return c.print(listOf(list, list.Items, c.artifactColumns(), artifactID, !c.flags.noHeaders))
		},
	}
}
