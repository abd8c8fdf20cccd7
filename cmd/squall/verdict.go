package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/client"
)

// verdict shows why a rule matched, or why not.
func (p *page) verdict(v automation.Verdict) {
	p.line("%s %s: %s, %d of %d criteria held", styled(p.t.held(v.Outcome == automation.Matched)), verdictName(v), outcomeText(v), v.Held, v.Total)
	p.criteria(v.Criteria, "  ")
	for _, line := range []string{v.Reason, v.Error} {
		if line != "" {
			p.line("    %s", line)
		}
	}
	if v.ReleasedBy != "" {
		p.line("    released by %s: execution %s", v.ReleasedBy, v.Execution)
	}
}

// verdictName is the rule, and the item when it judged one.
func verdictName(v automation.Verdict) string {
	if v.Item == nil {
		return string(v.Rule)
	}
	return fmt.Sprintf("%s, item %d", v.Rule, *v.Item)
}

func outcomeText(v automation.Verdict) string {
	switch {
	case v.Observed:
		return string(v.Outcome) + " (only observes)"
	case v.Outcome == automation.Suppressed:
		return fmt.Sprintf("suppressed by %s", v.Control)
	}
	return string(v.Outcome)
}

// criteria shows conditions, the members of groups further in.
func (p *page) criteria(list []automation.CriterionResult, indent string) {
	for _, r := range list {
		line := strings.TrimSpace(fmt.Sprintf("%s %s %s", r.Key, r.Operator, compact(r.Pattern)))
		p.line("%s%s %s", indent, styled(p.t.held(r.Matched)), line)
		switch {
		case r.Error != "":
			p.line("%s    %s", indent, r.Error)
		case len(r.Members) == 0 && !r.Matched:
			p.line("%s    is: %s", indent, firstOf(compact(r.Actual), "not there"))
		}
		p.criteria(r.Members, indent+"  ")
	}
}

func newRuleWhyCommand(c *cli) *cobra.Command {
	var q client.VerdictQuery
	cmd := &cobra.Command{
		Use:               "why RULE",
		Short:             "Show what a rule decided of late, and why",
		Example:           "  squall rule why labs_sre.on_memory --last 20\n  squall rule why labs_sre.on_memory --outcome suppressed,error",
		Args:              exactly("RULE"),
		ValidArgsFunction: c.completeFirst(liveRules),
		RunE: func(cmd *cobra.Command, args []string) error {
			q.Rule = args[0]
			return c.ruleWhy(cmd, q)
		},
	}
	f := cmd.Flags()
	f.IntVar(&q.Limit, "last", 20, "how many verdicts")
	f.StringVar(&q.Outcomes, "outcome", "", "only these: matched, not_matched, suppressed, error")
	f.BoolVar(&q.Held, "held", false, "only what was suppressed and nobody released")
	return cmd
}

func (c *cli) ruleWhy(cmd *cobra.Command, q client.VerdictQuery) error {
	api, err := c.client()
	if err != nil {
		return err
	}
	if _, err := api.Rule(cmd.Context(), automation.Ref(q.Rule)); err != nil {
		return orList(err, "rule list")
	}
	verdicts, err := api.Verdicts(cmd.Context(), q)
	if err != nil {
		return err
	}
	return c.print(thing(verdicts, q.Rule, func(w io.Writer, t terminal, _ bool) error {
		p := &page{w: w, t: t}
		if len(verdicts.Items) == 0 {
			p.line("no event has come that %s looks at, or none with such an outcome", q.Rule)
			p.line("where more than 100 rules look, misses are not kept; try it on the last events: squall rule test %s --last 20", q.Rule)
		}
		for _, v := range verdicts.Items {
			p.line("event %s", v.Event)
			p.verdict(v)
			p.line("")
		}
		return p.err
	}))
}

func newEventReleaseCommand(c *cli) *cobra.Command {
	var item int
	cmd := &cobra.Command{
		Use:   "release EVENT RULE",
		Short: "Let a suppressed rule act on an event after all",
		Long: "Let a rule that matched an event, but was held back by dedupe, throttle, debounce or\n" +
			"count, act after all. It is asked again, as it is now; each verdict is released once.",
		Example: "  squall event release 6740b1e2c3d4e5f6a7b8c9d0 labs_sre.on_memory",
		Args:    exactly("EVENT", "RULE"),

		ValidArgsFunction: c.completeFirst(liveEvents),
		RunE: func(cmd *cobra.Command, args []string) error {
			api, err := c.client()
			if err != nil {
				return err
			}
			var which *int
			if cmd.Flags().Changed("item") {
				which = &item
			}
			x, err := api.Release(cmd.Context(), args[0], automation.Ref(args[1]), which)
			if err != nil {
				return err
			}
			return c.print(thing(x, x.ID, func(w io.Writer, _ terminal, _ bool) error {
				_, err := fmt.Fprintf(w, "%s started: squall execution get %s\n", x.Action, x.ID)
				return err
			}))
		},
	}
	cmd.Flags().IntVar(&item, "item", 0, "index of the list item, for a rule with foreach")
	return cmd
}
