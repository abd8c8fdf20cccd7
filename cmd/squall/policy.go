package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/squall-dev/squall/runtime/automation"
)

func newPolicyCommand(c *cli) *cobra.Command {
	cmd := group(&cobra.Command{
		Use:     "policy",
		Aliases: []string{"policies"},
		GroupID: groupPacks,
		Short:   "Look at what bounds how actions run, and what it holds back",
		Example: "  squall policy list --action shop.dump\n  squall policy get shop.one_dump_at_a_time",
	})
	cmd.AddCommand(newPolicyListCommand(c), newPolicyGetCommand(c))
	return cmd
}

func newPolicyListCommand(c *cli) *cobra.Command {
	var action string
	cmd := &cobra.Command{
		Use:     "list",
		Aliases: []string{"ls"},
		Short:   "List the policies of all packs",
		Example: "  squall policy list\n  squall policy list --action shop.dump",
		Args:    exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			api, err := c.client()
			if err != nil {
				return err
			}
			list, err := api.Policies(cmd.Context(), action)
			if err != nil {
				return err
			}
			return c.print(listOf(list, list.Items, policyColumns(), func(p automation.PolicyStatus) string { return string(p.Ref) }, !c.flags.noHeaders))
		},
	}
	cmd.Flags().StringVar(&action, "action", "", "only those of this action")
	must(cmd.RegisterFlagCompletionFunc("action", c.completeLive(liveActions)))
	return cmd
}

func policyColumns() []column[automation.PolicyStatus] {
	type row = automation.PolicyStatus
	return []column[row]{
		{title: "POLICY", text: func(p row) string { return string(p.Ref) }},
		{title: "ACTION", text: func(p row) string { return string(p.Resource) }},
		{title: "TYPE", text: func(p row) string { return string(p.Type) }},
		{title: "SAYS", text: func(p row) string { return policyText(p.Policy) }},
		{title: "RUNNING", text: func(p row) string { return fmt.Sprint(p.Running) }},
		{title: "WAITING", text: func(p row) string { return fmt.Sprint(p.Waiting) }},
		{title: "QUEUED", wide: true, text: func(p row) string { return fmt.Sprint(p.Queued) }},
	}
}

// policyText says in a few words what a policy does.
func policyText(p automation.Policy) string {
	var says string
	switch p.Type {
	case automation.PolicyConcurrency:
		says = fmt.Sprintf("%d at a time, %s", p.Threshold, p.Action)
	case automation.PolicyConcurrencyAttr:
		says = fmt.Sprintf("%d at a time with the same %s, %s", p.Threshold, strings.Join(p.Attributes, ", "), p.Action)
	case automation.PolicyRetry:
		says = fmt.Sprintf("%d more after a %s, pause %s", p.MaxRetryCount, p.RetryOn, p.Delay)
	case automation.PolicyRate:
		says = fmt.Sprintf("%d in %s, %s", p.Limit, p.Window, p.Action)
	case automation.PolicyQueue:
		says = fmt.Sprintf("at most %d wait", p.MaxDepth)
	}
	if !p.Enabled {
		return "disabled: " + says
	}
	return says
}

func newPolicyGetCommand(c *cli) *cobra.Command {
	return &cobra.Command{
		Use:     "get POLICY",
		Aliases: []string{"show"},
		Short:   "Show one policy and what it holds back",
		Example: "  squall policy get shop.one_dump_at_a_time",
		Args:    exactly("POLICY"),
		RunE: func(cmd *cobra.Command, args []string) error {
			api, err := c.client()
			if err != nil {
				return err
			}
			policy, err := api.Policy(cmd.Context(), automation.Ref(args[0]))
			if err != nil {
				return orList(err, "policy list")
			}
			return c.print(thing(policy, args[0], func(w io.Writer, t terminal, _ bool) error {
				p := &page{w: w, t: t}
				p.line("%s %s", p.paint(toneHead, string(policy.Ref)), policy.Description)
				p.line("")
				p.pair("Action", string(policy.Resource))
				p.pair("Type", string(policy.Type))
				p.pair("Says", policyText(policy.Policy))
				p.pair("Running", fmt.Sprint(policy.Running))
				p.pair("Waiting", fmt.Sprintf("%d for this policy", policy.Waiting))
				p.pair("Queued", fmt.Sprintf("%d of the action in all", policy.Queued))
				return p.err
			}))
		},
	}
}
