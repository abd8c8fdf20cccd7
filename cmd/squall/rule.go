package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/client"
)

func newRuleCommand(c *cli) *cobra.Command {
	cmd := group(&cobra.Command{
		Use:     "rule",
		Aliases: []string{"rules"},
		GroupID: groupAutomate,
		Short:   "Look at rules and try them",
		Long:    "Look at rules and try them. The page shows the same under /rules.",
		Example: "  squall rule list\n  squall rule get labs_sre.generate_pprof_with_webhook\n  squall rule test --rule rule.yaml --event event.json",
	})
	cmd.AddCommand(newRuleListCommand(c), newRuleGetCommand(c), newRuleTestCommand(c))
	return cmd
}

func newRuleListCommand(c *cli) *cobra.Command {
	return &cobra.Command{
		Use:     "list",
		Aliases: []string{"ls"},
		Short:   "List the rules of all packs",
		Example: "  squall rule list\n  squall rule list -o json --jq '.items[] | select(.enabled) | .name'",
		Args:    exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			api, err := c.client()
			if err != nil {
				return err
			}
			list, err := api.Rules(cmd.Context())
			if err != nil {
				return err
			}
			return c.print(listOf(list, list.Items, ruleColumns(), ruleRef, !c.flags.noHeaders))
		},
	}
}

func ruleRef(r automation.Rule) string { return r.Ref().String() }

func ruleColumns() []column[automation.Rule] {
	type row = automation.Rule
	return []column[row]{
		{title: "RULE", text: ruleRef},
		{title: "ENABLED", text: func(r row) string { return fmt.Sprint(r.Enabled) }},
		{title: "TRIGGER", text: func(r row) string { return string(r.Trigger.Type) }},
		{title: "PARAMETERS", text: func(r row) string { return compact(r.Trigger.Parameters) }},
		{title: "ACTION", text: func(r row) string { return string(r.Action.Ref) }},
		{title: "CRITERIA", wide: true, text: func(r row) string { return fmt.Sprint(len(r.Criteria)) }},
		{title: "DESCRIPTION", wide: true, text: func(r row) string { return r.Description }},
	}
}

func newRuleGetCommand(c *cli) *cobra.Command {
	return &cobra.Command{
		Use:               "get RULE",
		Aliases:           []string{"show"},
		Short:             "Show one rule and what it decided of late",
		Example:           "  squall rule get labs_sre.generate_pprof_with_webhook",
		Args:              exactly("RULE"),
		ValidArgsFunction: c.completeFirst(liveRules),
		RunE: func(cmd *cobra.Command, args []string) error {
			api, err := c.client()
			if err != nil {
				return err
			}
			detail, err := api.Rule(cmd.Context(), automation.Ref(args[0]))
			if err != nil {
				return orList(err, "rule list")
			}
			return c.print(thing(detail, ruleRef(detail.Rule), func(w io.Writer, t terminal, _ bool) error {
				p := &page{w: w, t: t}
				p.rule(detail)
				return p.err
			}))
		},
	}
}

func (p *page) rule(detail client.RuleDetail) {
	r := detail.Rule
	p.line("%s %s", p.paint(toneHead, ruleRef(r)), r.Description)
	p.line("")
	p.pair("Enabled", fmt.Sprint(r.Enabled))
	p.pair("Trigger", fmt.Sprintf("%s %s", r.Trigger.Type, compact(r.Trigger.Parameters)))
	for _, criterion := range r.Criteria {
		p.pair("Criterion", fmt.Sprintf("%s %s %s", criterion.Key, criterion.Operator, compact(criterion.Pattern)))
	}
	p.pair("Action", fmt.Sprintf("%s %s", r.Action.Ref, compact(r.Action.Parameters)))
	for _, v := range detail.Verdicts {
		p.line("")
		p.line("event %s", v.Event)
		p.verdict(v)
	}
}
