package main

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/client"
)

func newSourceCommand(c *cli) *cobra.Command {
	cmd := group(&cobra.Command{
		Use:     "source",
		Aliases: []string{"sources"},
		GroupID: groupAutomate,
		Short:   "Look at what raises events by itself: timers, sensors, watches",
		Long:    "Look at what raises events by itself: timers, sensors and watches. Webhooks wait for\nothers; see squall webhook list.",
		Example: "  squall source list\n  squall source list --kind timer -o wide\n  squall source get feeds.releases",
	})
	cmd.AddCommand(newSourceListCommand(c, "list", "", "List timers, sensors and watches, and how they are doing"),
		newSourceGetCommand(c, "", "Show one timer, sensor or watch"))
	return cmd
}

func newTimerCommand(c *cli) *cobra.Command {
	cmd := group(&cobra.Command{
		Use:     "timer",
		Aliases: []string{"timers"},
		GroupID: groupAutomate,
		Short:   "Look at timers and when they fire next",
		Example: "  squall timer list\n  squall timer get \"$(squall timer list --jq '.items[0].id')\"",
	})
	cmd.AddCommand(newSourceListCommand(c, "list", "timer", "List the timers that rules want, and when they fire next"),
		newSourceGetCommand(c, "timer", "Show one timer"))
	return cmd
}

// newSourceListCommand lists one kind, or lets the caller choose.
func newSourceListCommand(c *cli, use, only, short string) *cobra.Command {
	kind := only
	cmd := &cobra.Command{
		Use:     use,
		Aliases: []string{"ls"},
		Short:   short,
		Example: "  squall " + firstOf(only, "source") + " list",
		Args:    exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			api, err := c.client()
			if err != nil {
				return err
			}
			list, err := api.Sources(cmd.Context(), kind)
			if err != nil {
				return err
			}
			return c.print(listOf(list, list.Items, c.sourceColumns(only == ""), func(s automation.SourceStatus) string { return s.ID }, !c.flags.noHeaders))
		},
	}
	if only == "" {
		cmd.Flags().StringVar(&kind, "kind", "", "only these: timer, sensor, watch")
	}
	return cmd
}

func (c *cli) sourceColumns(all bool) []column[automation.SourceStatus] {
	type row = automation.SourceStatus
	t := c.terminalOf(c.out, c.flags.color)
	columns := []column[row]{
		{title: "SCHEDULE", text: func(s row) string { return firstOf(s.Description, s.ID) }},
		{title: "STATE", text: func(s row) string { return string(s.State) }},
		{title: "NEXT", text: func(s row) string {
			if len(s.Next) == 0 {
				return "never"
			}
			return c.when(t, s.Next[0])
		}},
		{title: "LAST EVENT", text: func(s row) string { return s.LastEvent }},
		{title: "RULES", text: func(s row) string { return joinRefs(s.Rules) }},
		{title: "ID", wide: true, text: func(s row) string { return s.ID }},
		{title: "EVENTS", wide: true, text: func(s row) string { return fmt.Sprint(s.Events) }},
		{title: "PROBLEM", text: func(s row) string { return s.Error }},
	}
	if all {
		return append([]column[row]{{title: "KIND", text: func(s row) string { return s.Kind }}}, columns...)
	}
	return columns
}

// newSourceGetCommand shows one of a kind, or of all.
func newSourceGetCommand(c *cli, only, short string) *cobra.Command {
	kind, plural := only, firstOf(only, "source")
	cmd := &cobra.Command{
		Use:     "get ID",
		Aliases: []string{"show"},
		Short:   short,
		Long:    short + ". Its id stands in the wide list: squall " + plural + " list -o wide. It may hold blanks\nand braces, so put it in quotes.",
		Example: "  squall " + plural + " get 'core.st2.IntervalTimer {\"delta\":5,\"unit\":\"minutes\"}'",
		Args:    exactly("ID"),

		ValidArgsFunction: c.completeFirst(liveSources(only)),
		RunE: func(cmd *cobra.Command, args []string) error {
			api, err := c.client()
			if err != nil {
				return err
			}
			s, err := api.Source(cmd.Context(), kind, args[0])
			if err != nil {
				return orList(err, plural+" list -o wide")
			}
			return c.print(thing(s, s.ID, func(w io.Writer, t terminal, _ bool) error {
				p := &page{w: w, t: t}
				c.sourceText(p, s)
				return p.err
			}))
		},
	}
	if only == "" {
		cmd.Flags().StringVar(&kind, "kind", "", "timer, sensor or watch, should two have the same id")
	}
	return cmd
}

func (c *cli) sourceText(p *page, s automation.SourceStatus) {
	p.line("%s %s", p.paint(toneHead, s.ID), s.Description)
	p.line("")
	p.pair("Kind", s.Kind)
	p.pair("State", string(s.State))
	p.pair("Raises", string(s.Trigger))
	p.pair("Parameters", compact(s.Parameters))
	p.pair("Rules", joinRefs(s.Rules))
	for _, at := range s.Next {
		p.pair("Next", c.when(p.t, at))
	}
	if s.LastRun != nil {
		p.pair("Last run", c.when(p.t, *s.LastRun))
	}
	p.pair("Last event", s.LastEvent)
	p.pair("Runs", fmt.Sprintf("%d, %d events since the server started", s.Runs, s.Events))
	if s.Failures > 0 {
		p.pair("Failures", fmt.Sprintf("%d in a row", s.Failures))
	}
	p.pair("Error", s.Error)
	p.pair("Hint", s.Hint)
}

func liveSources(kind string) live {
	return func(ctx context.Context, api *client.Client) ([]cobra.Completion, error) {
		list, err := api.Sources(ctx, kind)
		return completions(list.Items, func(s automation.SourceStatus) string { return s.ID }, func(s automation.SourceStatus) string { return s.Description }), err
	}
}
