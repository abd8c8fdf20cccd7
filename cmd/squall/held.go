package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"reflect"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/client"
)

func newStopAllCommand(c *cli) *cobra.Command {
	var reason string
	cmd := &cobra.Command{
		Use:     "stop-all",
		GroupID: groupRun,
		Short:   "Hold back everything that packs change; reading goes on",
		Long: "Hold back every host call that would change something, in executions that run and in those to come, until " +
			"squall resume-all. Events come in and rules are judged as before, and calls that only read go on.",
		Example: "  squall stop-all --reason 'INC-7: restarts in a loop'\n  squall resume-all",
		Args:    exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.changeGuard(cmd.Context(), func(ctx context.Context, api *client.Client) (automation.ChangeGuard, error) {
				return api.StopChanges(ctx, reason)
			})
		},
	}
	cmd.Flags().StringVar(&reason, "reason", "", "why, for those who find it stopped")
	return cmd
}

func newResumeAllCommand(c *cli) *cobra.Command {
	return &cobra.Command{
		Use:     "resume-all",
		GroupID: groupRun,
		Short:   "Let packs change things again after stop-all",
		Long:    "Let packs change things again after stop-all. What was held back stays so: look at it, and release what should happen.",
		Example: "  squall resume-all\n  squall held list",
		Args:    exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.changeGuard(cmd.Context(), func(ctx context.Context, api *client.Client) (automation.ChangeGuard, error) {
				return api.ResumeChanges(ctx)
			})
		},
	}
}

func newHeldCommand(c *cli) *cobra.Command {
	cmd := group(&cobra.Command{
		Use:     "held",
		GroupID: groupRun,
		Short:   "Look at changes that were held back, and release them",
		Long: "Look at changes that budgets, the breaker or stop-all held back, and release them. " +
			"Budgets stand in the server's configuration.",
		Example: "  squall held list\n  squall held release 6740b1e2c3d4e5f6a7b8c9d0",
	})
	list := &cobra.Command{
		Use:     "list",
		Aliases: []string{"ls"},
		Short:   "Show what holds changes back, and what was held back since the server started",
		Example: "  squall held list\n  squall held list -o json --jq '.held[].change.target'",
		Args:    exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.changeGuard(cmd.Context(), func(ctx context.Context, api *client.Client) (automation.ChangeGuard, error) {
				return api.Changes(ctx)
			})
		},
	}
	release := &cobra.Command{
		Use:     "release ID",
		Short:   "Run the execution again whose change was held back, and let the change pass once",
		Example: "  squall held release 6740b1e2c3d4e5f6a7b8c9d0",
		Args:    exactly("ID"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := c.checkFields(executionFields()); err != nil {
				return err
			}
			api, err := c.client()
			if err != nil {
				return err
			}
			x, err := api.ReleaseChange(cmd.Context(), args[0])
			if err != nil {
				return orList(err, "held list")
			}
			return c.print(c.executionResult(x))
		},
	}
	cmd.AddCommand(list, release)
	return cmd
}

// changeGuard asks the server and shows the state that follows.
func (c *cli) changeGuard(ctx context.Context, ask func(context.Context, *client.Client) (automation.ChangeGuard, error)) error {
	if err := c.checkFields(fieldsOf(reflect.TypeFor[automation.ChangeGuard]())); err != nil {
		return err
	}
	api, err := c.client()
	if err != nil {
		return err
	}
	g, err := ask(ctx, api)
	if err != nil {
		return err
	}
	return c.print(thing(g, stopWord(g), func(w io.Writer, t terminal, _ bool) error {
		p := &page{w: w, t: t}
		c.guardText(p, g)
		return p.err
	}))
}

func stopWord(g automation.ChangeGuard) string {
	if g.Stop != nil {
		return "stopped"
	}
	return "running"
}

func (c *cli) guardText(p *page, g automation.ChangeGuard) {
	if g.Stop != nil {
		p.line("%s every change is held back since %s, by %s. %s", p.paint(toneBad, "stopped"), c.when(p.t, g.Stop.At), g.Stop.By, g.Stop.Reason)
	} else {
		p.line("%s packs may change what they were granted", p.paint(toneOK, "running"))
	}
	for _, b := range g.Budgets {
		p.pair("Budget", fmt.Sprintf("%s  %d in %s by %s%s", b.Name, b.Limit, b.Per.Round(time.Second), b.By, usedText(b)))
	}
	for _, paused := range g.Paused {
		p.pair("Paused", fmt.Sprintf("%s until %s", paused.What, c.when(p.t, paused.Until)))
	}
	if len(g.Held) > 0 {
		p.line("")
	}
	for _, h := range g.Held {
		released := ""
		if h.Released {
			released = "  (released)"
		}
		p.line("%s  %s  %s %s  %s%s", h.ID, c.when(p.t, h.At), h.Change.Verb, h.Change.Target, h.Why, released)
	}
}

func usedText(b automation.BudgetState) string {
	text := ""
	for _, key := range slices.Sorted(maps.Keys(b.Used)) {
		text += fmt.Sprintf("  %d used", b.Used[key])
		if key != "" {
			text += " for " + key
		}
	}
	return text
}
