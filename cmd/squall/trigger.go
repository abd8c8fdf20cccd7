package main

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/client"
)

func newTriggerCommand(c *cli) *cobra.Command {
	cmd := group(&cobra.Command{
		Use:     "trigger",
		Aliases: []string{"triggers"},
		GroupID: groupAutomate,
		Short:   "Look at the kinds of events that rules can listen to",
		Long:    "Look at the kinds of events that rules can listen to. The page shows the same under /triggers.",
		Example: "  squall trigger list\n  squall trigger get core.st2.webhook",
	})
	cmd.AddCommand(newTriggerListCommand(c), newTriggerGetCommand(c))
	return cmd
}

func newTriggerListCommand(c *cli) *cobra.Command {
	return &cobra.Command{
		Use:     "list",
		Aliases: []string{"ls"},
		Short:   "List the trigger types of all packs",
		Example: "  squall trigger list\n  squall trigger list -o json --jq '.items[] | select(.rules == []) | .ref'",
		Args:    exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			api, err := c.client()
			if err != nil {
				return err
			}
			list, err := api.Triggers(cmd.Context())
			if err != nil {
				return err
			}
			return c.print(listOf(list, list.Items, c.triggerColumns(), triggerRef, !c.flags.noHeaders))
		},
	}
}

func triggerRef(t client.Trigger) string { return t.Ref.String() }

func (c *cli) triggerColumns() []column[client.Trigger] {
	type row = client.Trigger
	screen := c.terminalOf(c.out, c.flags.color)
	return []column[row]{
		{title: "TRIGGER", text: triggerRef},
		{title: "RULES", text: func(t row) string { return fmt.Sprint(len(t.Rules)) }},
		{title: "LAST EVENT", text: func(t row) string {
			if t.LastEvent == nil {
				return ""
			}
			return c.when(screen, *t.LastEvent)
		}},
		{title: "PAYLOAD", wide: true, text: func(t row) string { return string(t.PayloadCheck) }},
		{title: "DESCRIPTION", text: func(t row) string { return t.Description }},
	}
}

func newTriggerGetCommand(c *cli) *cobra.Command {
	return &cobra.Command{
		Use:     "get TRIGGER",
		Aliases: []string{"show"},
		Short:   "Show a trigger type: its schemas, an example and the rules that listen to it",
		Example: "  squall trigger get core.st2.webhook\n  squall trigger get core.execution.failed --jq .example",
		Args:    exactly("TRIGGER"),

		ValidArgsFunction: c.completeFirst(liveTriggers),
		RunE: func(cmd *cobra.Command, args []string) error {
			api, err := c.client()
			if err != nil {
				return err
			}
			t, err := api.Trigger(cmd.Context(), automation.Ref(args[0]))
			if err != nil {
				return orList(err, "trigger list")
			}
			return c.print(thing(t, triggerRef(t), func(w io.Writer, screen terminal, _ bool) error {
				p := &page{w: w, t: screen}
				p.trigger(t)
				return p.err
			}))
		},
	}
}

func (p *page) trigger(t client.Trigger) {
	p.line("%s %s", p.paint(toneHead, triggerRef(t)), t.Description)
	p.line("")
	p.pair("Rules", joinRefs(t.Rules))
	if t.LastEvent != nil {
		p.pair("Last event", t.LastEvent.UTC().Format("2006-01-02T15:04:05Z"))
	}
	switch t.PayloadCheck {
	case automation.PayloadReject:
		p.pair("Payload", "what does not fit the schema is refused")
	case automation.PayloadWarn:
		p.pair("Payload", "what does not fit the schema is taken in with a warning")
	}
	p.value("Parameters", t.ParametersSchema)
	p.value("Payload", t.PayloadSchema)
	p.value("Example", t.Example)
}

// value shows what can be written as JSON; nothing for nothing.
func (p *page) value(name string, v any) {
	if data, err := json.Marshal(v); err == nil {
		p.json(name, data)
	}
}
