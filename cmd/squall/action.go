package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/squall-dev/squall/runtime/automation"
)

func newActionCommand(c *cli) *cobra.Command {
	cmd := group(&cobra.Command{
		Use:     "action",
		Aliases: []string{"actions"},
		GroupID: groupPacks,
		Short:   "Look at what can be run",
		Example: "  squall action list\n  squall action get core.echo",
	})
	cmd.AddCommand(newActionListCommand(c), newActionGetCommand(c))
	return cmd
}

func newActionListCommand(c *cli) *cobra.Command {
	return &cobra.Command{
		Use:     "list",
		Aliases: []string{"ls"},
		Short:   "List the actions of all packs",
		Example: "  squall action list\n  squall action list -o name",
		Args:    exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			api, err := c.client()
			if err != nil {
				return err
			}
			list, err := api.Actions(cmd.Context())
			if err != nil {
				return err
			}
			return c.print(listOf(list, list.Items, actionColumns(), actionRef, !c.flags.noHeaders))
		},
	}
}

func actionRef(a automation.Action) string { return a.Ref().String() }

func actionColumns() []column[automation.Action] {
	type row = automation.Action
	return []column[row]{
		{title: "ACTION", text: actionRef},
		{title: "ENABLED", wide: true, text: func(a row) string { return fmt.Sprint(a.Enabled) }},
		{title: "PARAMETERS", text: func(a row) string { return strings.Join(signature(a), " ") }},
		{title: "DESCRIPTION", text: func(a row) string { return a.Description }},
	}
}

// signature names the parameters, those that must be given first.
func signature(a automation.Action) []string {
	var required, optional []string
	for _, name := range sortedKeys(a.Parameters) {
		if p := a.Parameters[name]; p.Required {
			required = append(required, name)
		} else {
			optional = append(optional, "["+name+"]")
		}
	}
	return append(required, optional...)
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

func newActionGetCommand(c *cli) *cobra.Command {
	return &cobra.Command{
		Use:               "get ACTION",
		Aliases:           []string{"show", "explain"},
		Short:             "Explain an action and its parameters",
		Example:           "  squall action get core.echo",
		Args:              exactly("ACTION"),
		ValidArgsFunction: c.completeFirst(liveActions),
		RunE: func(cmd *cobra.Command, args []string) error {
			api, err := c.client()
			if err != nil {
				return err
			}
			a, err := api.Action(cmd.Context(), automation.Ref(args[0]))
			if err != nil {
				return suggestAction(cmd.Context(), api, automation.Ref(args[0]), err)
			}
			return c.print(thing(a, actionRef(a), func(w io.Writer, t terminal, _ bool) error {
				p := &page{w: w, t: t}
				p.action(a)
				return p.err
			}))
		},
	}
}

func (p *page) action(a automation.Action) {
	p.line("%s %s", p.paint(toneHead, actionRef(a)), a.Description)
	p.line("")
	p.pair("Runner", a.Runner)
	p.pair("Enabled", fmt.Sprint(a.Enabled))
	for _, name := range sortedKeys(a.Parameters) {
		p.line("")
		p.parameter(name, a.Parameters[name])
	}
}

func (p *page) parameter(name string, of automation.Parameter) {
	kind := firstOf(of.Type, "any type")
	if of.Required {
		kind += ", required"
	}
	p.line("%s (%s)", p.paint(toneHead, name), kind)
	if of.Description != "" {
		p.line("  %s", of.Description)
	}
	if text := compact(of.Default); text != "" {
		p.line("  default: %s", text)
	}
	if len(of.Enum) > 0 {
		p.line("  one of: %s", compact(of.Enum))
	}
}
