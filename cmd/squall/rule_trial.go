package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"github.com/squall-dev/squall/packs"
	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/client"
)

// trial is what the arguments of rule test name.
type trial struct {
	ref   string // a rule in service
	rule  string // or a file
	event string // a file with a payload, or the id of a stored event
	last  int    // or so many of the last events
	many  bool   // whether last was given
}

func newRuleTestCommand(c *cli) *cobra.Command {
	var t trial
	cmd := &cobra.Command{
		Use:   "test [RULE]",
		Short: "Say what a rule would decide, without starting anything",
		Long: "Say what a rule would decide, without starting anything. When rule and event are\n" +
			"files no server is needed. The event file holds the payload, which is what\n" +
			"\"trigger.\" refers to: for a webhook {\"body\": ..., \"headers\": ...}.\n\n" +
			"The exit code is 0 whether or not the rule matches, and 5 when it is invalid.",
		Example: "  squall rule test --rule rule.yaml --event event.json -o json\n" +
			"  squall rule test --rule rule.yaml --event 6740b1e2c3d4e5f6a7b8c9d0\n" +
			"  squall rule test labs_sre.generate_pprof_with_webhook --event event.yaml\n" +
			"  squall rule test -f rule.yaml --last 200",
		Args:              optional("RULE"),
		ValidArgsFunction: c.completeFirst(liveRules),
		RunE: func(cmd *cobra.Command, args []string) error {
			t.ref, t.many = firstOf(args...), cmd.Flags().Changed("last")
			return c.testRule(cmd.Context(), t)
		},
	}
	cmd.Flags().StringVarP(&t.rule, "rule", "f", "", "file of the rule; - is stdin")
	cmd.Flags().IntVar(&t.last, "last", 0, "try it on so many of the last events of its trigger")
	cmd.Flags().StringVar(&t.event, "event", "", "file of the payload, - for stdin, or the id of an event")
	return cmd
}

func (c *cli) testRule(ctx context.Context, t trial) error {
	switch {
	case t.many && t.last < 1:
		return usage("--last %d tries it on no event", t.last).WithHint("name how many of the last events, from 1 to 1000: --last 200")
	case (t.ref == "") == (t.rule == "") && (!t.many || t.ref == ""):
		return usage("either --rule FILE or the name of a rule is needed")
	case t.many && t.event != "":
		return usage("either --event or --last N is needed, not both")
	case t.many:
		return c.replayRule(ctx, t)
	case t.event == "":
		return usage("--event is missing").WithHint("name a file with the payload, or the id of an event: squall event list; or --last 200")
	case t.rule == "-" && t.event == "-":
		return usage("rule and event can not both be stdin")
	}
	test, err := c.judge(ctx, t)
	if err != nil {
		return err
	}
	return c.print(thing(verdictOf(test), outcomeOf(test), func(w io.Writer, screen terminal, _ bool) error {
		p := &page{w: w, t: screen}
		p.trial(test)
		return p.err
	}))
}

// ruleTest is what rule test prints: every member is always there, so that
// scripts need not ask whether it is. Only those with foreach have an item or a
// reason.
type ruleTest struct {
	Matched    bool           `json:"matched"`
	Criteria   []criterion    `json:"criteria"`
	Parameters map[string]any `json:"parameters"`
	Error      string         `json:"error"`
	Item       *int           `json:"item,omitempty"`
	Reason     string         `json:"reason,omitempty"`

	Keys automation.KeysRead `json:"keys,omitempty"`
}

type criterion struct {
	automation.CriterionResult
	Error string `json:"error"`
}

func verdictOf(test automation.RuleTest) ruleTest {
	t := ruleTest{Matched: test.Matched, Criteria: []criterion{}, Parameters: test.Parameters, Error: test.Error, Item: test.Item, Reason: test.Reason, Keys: test.Keys}
	for _, c := range test.Criteria {
		t.Criteria = append(t.Criteria, criterion{c, c.Error})
	}
	if t.Parameters == nil {
		t.Parameters = map[string]any{}
	}
	return t
}

// judge asks the server only for what files do not hold.
func (c *cli) judge(ctx context.Context, t trial) (automation.RuleTest, error) {
	ask := client.RuleTrial{Ref: automation.Ref(t.ref)}
	var rule []byte
	var err error
	if t.rule != "" {
		if rule, err = c.readInput(t.rule); err != nil {
			return automation.RuleTest{}, err
		}
		ask.Rule = string(rule)
	}
	if isEventID(t.event) {
		ask.Event = t.event
		return c.askServer(ctx, ask)
	}
	payload, err := c.readInput(t.event)
	if err != nil {
		return automation.RuleTest{}, err
	}
	if ask.Payload, err = asJSON(payload, t.event); err != nil {
		return automation.RuleTest{}, err
	}
	c.noteBareBody(rule, ask.Payload)
	if t.ref != "" {
		return c.askServer(ctx, ask)
	}
	return packs.TestRule(t.rule, rule, ask.Payload)
}

// noteBareBody tells those who gave the body of a webhook where a payload goes.
func (c *cli) noteBareBody(rule, payload []byte) {
	var members map[string]json.RawMessage
	if json.Unmarshal(payload, &members) == nil && members["body"] == nil && bytes.Contains(rule, []byte("trigger.body")) {
		c.note("the event has no \"body\": if it is what a webhook was sent, wrap it as {\"body\": ...}")
	}
}

// isEventID prefers a file, should one have such a name.
func isEventID(name string) bool {
	_, err := os.Stat(name)
	return automation.ValidID(name) && errors.Is(err, fs.ErrNotExist)
}

func (c *cli) askServer(ctx context.Context, ask client.RuleTrial) (automation.RuleTest, error) {
	api, err := c.client()
	if err != nil {
		return automation.RuleTest{}, err
	}
	return api.TestRule(ctx, ask)
}

func outcomeOf(test automation.RuleTest) string {
	switch {
	case test.Error != "":
		return string(automation.Errored)
	case test.Matched:
		return string(automation.Matched)
	}
	return string(automation.NotMatched)
}

func (p *page) trial(test automation.RuleTest) {
	word := map[bool]string{true: "matches", false: "does not match"}[test.Matched]
	p.line("%s %s", styled(p.t.held(test.Matched)), word)
	p.criteria(test.Criteria, "  ")
	told := slices.ContainsFunc(test.Criteria, func(r automation.CriterionResult) bool { return r.Error != "" })
	if test.Error != "" && !told {
		p.line("  %s", test.Error)
	}
	for _, name := range sortedKeys(test.Parameters) {
		p.pair(name, compact(test.Parameters[name]))
	}
	if test.Item != nil {
		p.pair("Item", fmt.Sprint(*test.Item))
	}
	if test.Reason != "" {
		p.line("  %s", test.Reason)
	}
	p.keysRead(test.Keys)
}

// keysRead says which keys of the key-value store a trial has seen.
func (p *page) keysRead(k automation.KeysRead) {
	switch k {
	case automation.KeysNow:
		p.line("keys were read as they are now")
	case automation.KeysNone:
		p.line("no server was asked, so every key counts as missing; to read them, name a rule in service or an event's id")
	}
}
