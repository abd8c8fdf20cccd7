package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/squall-dev/squall/runtime/automation"
)

func newPackCommand(c *cli) *cobra.Command {
	cmd := group(&cobra.Command{
		Use:     "pack",
		Aliases: []string{"packs"},
		GroupID: groupPacks,
		Short:   "Look at packs and check one before it goes into service",
		Long:    "Look at packs and check one before it goes into service. The page shows the same under /packs.",
		Example: "  squall pack list\n  squall pack get labs_sre\n  squall pack check ./packs/labs_sre\n  squall pack inspect pack.wasm",
	})
	cmd.AddCommand(newPackListCommand(c), newPackGetCommand(c), newPackCheckCommand(c), newPackInspectCommand(c),
		newPackTestCommand(c), newPackCapabilitiesCommand(c), newPackGrantCommand(c), newPackUngrantCommand(c))
	return cmd
}

func newPackListCommand(c *cli) *cobra.Command {
	return &cobra.Command{
		Use:     "list",
		Aliases: []string{"ls"},
		Short:   "List packs, and what is wrong with those that do not load",
		Example: "  squall pack list\n  squall pack list -o json --jq '.items[] | select(.error) | .name'",
		Args:    exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			api, err := c.client()
			if err != nil {
				return err
			}
			list, err := api.Packs(cmd.Context())
			if err != nil {
				return err
			}
			return c.print(listOf(list, list.Items, packColumns(), packName, !c.flags.noHeaders))
		},
	}
}

func packName(p automation.PackStatus) string { return p.Name }

func packColumns() []column[automation.PackStatus] {
	type row = automation.PackStatus
	return []column[row]{
		{title: "PACK", text: packName},
		{title: "VERSION", text: func(p row) string { return p.Version }},
		{title: "STATE", text: packState, tone: packTone},
		{title: "ACTIONS", text: func(p row) string { return fmt.Sprint(len(p.Actions)) }},
		{title: "RULES", text: func(p row) string { return fmt.Sprint(len(p.Rules)) }},
		{title: "PATH", wide: true, text: func(p row) string { return p.Path }},
		{title: "DIGEST", wide: true, text: func(p row) string { return p.Digest }},
		{title: "ERROR", text: func(p row) string { return p.Error }},
	}
}

// packState is one word for what people want to know first.
func packState(p automation.PackStatus) string {
	switch {
	case p.Error != "" && p.InService:
		return "outdated" // an older version goes on serving
	case p.Error != "":
		return "broken"
	case p.InService:
		return "in service"
	}
	return "off"
}

func packTone(p automation.PackStatus) tone {
	switch {
	case p.Error != "" && p.InService:
		return toneWarn
	case p.Error != "":
		return toneBad
	}
	return toneOK
}

func newPackCheckCommand(c *cli) *cobra.Command {
	return &cobra.Command{
		Use:     "check DIR",
		Short:   "Load a pack as the server would, without a server",
		Long:    "Load a pack as the server would, without a server: read its files, compile its code,\ncompare what it asks for with what it uses.",
		Example: "  squall pack check ./packs/labs_sre\n  squall pack check . -o json",
		Args:    exactly("DIR"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.checkPack(cmd.Context(), args[0])
		},
	}
}

// checkPack shows what it could find out also when the pack is broken.
func (c *cli) checkPack(ctx context.Context, dir string) error {
	status, err := c.loadPack(ctx, dir)
	if err != nil {
		return err
	}
	return c.print(thing(status, status.Name, func(w io.Writer, t terminal, _ bool) error {
		p := &page{w: w, t: t}
		p.line("%s pack %s %s can be loaded", styled(t.held(true)), status.Name, status.Version)
		p.pair("Actions", joinRefs(status.Actions))
		p.pair("Rules", joinRefs(status.Rules))
		p.pair("Webhooks", strings.Join(status.Webhooks, ", "))
		p.pair("Digest", status.Digest)
		return p.err
	}))
}

func joinRefs(refs []automation.Ref) string {
	words := make([]string, len(refs))
	for i, ref := range refs {
		words[i] = ref.String()
	}
	return strings.Join(words, ", ")
}
