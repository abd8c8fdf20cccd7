package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/squall-dev/squall/runtime/automation"
)

func newSourceCommand(c *cli) *cobra.Command {
	cmd := group(&cobra.Command{
		Use:     "source",
		Aliases: []string{"sources"},
		GroupID: groupAutomate,
		Short:   "Look at what raises events by itself: timers, sensors, watches",
		Long:    "Look at what raises events by itself: timers, sensors and watches. Webhooks wait for\nothers; see squall webhook list.",
		Example: "  squall source list\n  squall source list --kind timer -o wide",
	})
	cmd.AddCommand(newSourceListCommand(c, "list", "", "List timers, sensors and watches, and how they are doing"))
	return cmd
}

func newTimerCommand(c *cli) *cobra.Command {
	cmd := group(&cobra.Command{
		Use:     "timer",
		Aliases: []string{"timers"},
		GroupID: groupAutomate,
		Short:   "Look at timers and when they fire next",
		Example: "  squall timer list",
	})
	cmd.AddCommand(newSourceListCommand(c, "list", "timer", "List the timers that rules want, and when they fire next"))
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
		{title: "EVENTS", wide: true, text: func(s row) string { return fmt.Sprint(s.Events) }},
		{title: "PROBLEM", text: func(s row) string { return s.Error }},
	}
	if all {
		return append([]column[row]{{title: "KIND", text: func(s row) string { return s.Kind }}}, columns...)
	}
	return columns
}
