package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/client"
)

func newEventCommand(c *cli) *cobra.Command {
	cmd := group(&cobra.Command{
		Use:     "event",
		Aliases: []string{"events"},
		GroupID: groupAutomate,
		Short:   "Look at what happened, or make something happen",
		Long:    "Look at what happened, or make something happen. The page shows the same under /events.",
		Example: "  squall event list --matched=false\n  squall event get ID\n  squall event send --webhook pprof --data @alert.json",
	})
	cmd.AddCommand(newEventListCommand(c), newEventGetCommand(c), newEventSendCommand(c), newEventReleaseCommand(c))
	return cmd
}

type eventFilter struct {
	paging
	query   client.EventQuery
	since   string
	until   string
	matched bool
}

func newEventListCommand(c *cli) *cobra.Command {
	var filter eventFilter
	cmd := &cobra.Command{
		Use:     "list",
		Aliases: []string{"ls"},
		Short:   "List events, newest first",
		Example: "  squall event list --since 1h\n  squall event list --trigger 'core.*' --matched=false",
		Args:    exactly(),
		RunE:    func(cmd *cobra.Command, _ []string) error { return c.listEvents(cmd, filter) },
	}
	filter.addFlags(cmd)
	f := cmd.Flags()
	f.StringVar(&filter.query.Trigger, "trigger", "", "a trigger, or a pattern such as 'core.*'")
	f.BoolVar(&filter.matched, "matched", false, "only those that some rule matched; =false: that none did")
	f.StringVar(&filter.query.TraceID, "trace-id", "", "of this story: what one event or one run led to")
	f.StringVar(&filter.query.Text, "search", "", "text in id or summary")
	f.StringVar(&filter.since, "since", "", "from this time on, or for that long: 24h")
	f.StringVar(&filter.until, "until", "", "before this time, or that long ago")
	return cmd
}

func (c *cli) listEvents(cmd *cobra.Command, filter eventFilter) error {
	if err := errors.Join(checkTime("--since", filter.since), checkTime("--until", filter.until)); err != nil {
		return err
	}
	filter.query.Since, filter.query.Until = client.Time(filter.since), client.Time(filter.until)
	if cmd.Flags().Changed("matched") {
		filter.query.Matched = &filter.matched
	}
	api, err := c.client()
	if err != nil {
		return err
	}
	list, err := collect(filter.paging, func(p client.Page) (client.List[automation.Event], error) {
		q := filter.query
		q.Page = p
		return api.Events(cmd.Context(), q)
	})
	if err != nil {
		return err
	}
	c.noteMore(cmd, list.Next)
	return c.print(listOf(list, list.Items, c.eventColumns(), func(e automation.Event) string { return e.ID }, !c.flags.noHeaders))
}

func (c *cli) eventColumns() []column[automation.Event] {
	t := c.terminalOf(c.out, c.flags.color)
	return []column[automation.Event]{
		{title: "ID", text: func(e automation.Event) string { return e.ID }},
		{title: "TRIGGER", text: func(e automation.Event) string { return string(e.Trigger) }},
		{title: "PARAMETERS", wide: true, text: func(e automation.Event) string { return compact(e.Parameters) }},
		{title: "RECEIVED", text: func(e automation.Event) string { return c.when(t, e.ReceivedAt) }},
		{title: "MATCHED", text: func(e automation.Event) string { return fmt.Sprintf("%d of %d", e.Matched, e.Looked) }},
		{title: "SIZE", wide: true, text: func(e automation.Event) string { return automation.SizeText(e.PayloadBytes) }},
		{title: "SUMMARY", text: func(e automation.Event) string { return e.Summary }},
	}
}

// compact shows a value in one line; nothing for an empty one.
func compact(v any) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false) // people read "n > 1"
	if err := e.Encode(v); err != nil || b.String() == "null\n" {
		return ""
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func newEventGetCommand(c *cli) *cobra.Command {
	var why bool
	cmd := &cobra.Command{
		Use:     "get ID",
		Aliases: []string{"show"},
		Short:   "Show one event: its payload, which rules looked at it, and why they did what they did",
		Example: "  squall event get 6740b1e2c3d4e5f6a7b8c9d0\n  squall event get 6740b1e2c3d4e5f6a7b8c9d0 --why\n  squall event get 6740b1e2c3d4e5f6a7b8c9d0 --jq .payload.body",
		Args:    exactly("ID"),

		ValidArgsFunction: c.completeFirst(liveEvents),
		RunE: func(cmd *cobra.Command, args []string) error {
			api, err := c.client()
			if err != nil {
				return err
			}
			e, err := api.Event(cmd.Context(), args[0])
			if err != nil {
				return orList(err, "event list")
			}
			seen := eventSeen{Event: e}
			if why && unexplained(e) > 0 {
				misses, err := api.EventMisses(cmd.Context(), e.ID)
				if err != nil {
					return err
				}
				seen.Misses = &misses
			}
			return c.print(thing(seen, e.ID, func(w io.Writer, t terminal, _ bool) error {
				p := &page{w: w, t: t}
				c.eventText(p, seen, why)
				return p.err
			}))
		},
	}
	cmd.Flags().BoolVar(&why, "why", false, "what the rules decided, without the payload")
	return cmd
}

// eventSeen is an event and, when somebody asks why, what was made anew about it.
type eventSeen struct {
	automation.Event
	Misses *automation.EventMisses `json:"misses,omitempty"`
}

// unexplained counts the rules that looked at an event and left no verdict.
func unexplained(e automation.Event) int {
	rules := map[automation.Ref]bool{}
	for _, v := range e.Verdicts {
		rules[v.Rule] = true
	}
	return e.Looked - len(rules)
}

// misses shows verdicts that were not kept.
func (p *page) misses(m automation.EventMisses) {
	p.line("")
	p.line("%d rules look at it now and left no verdict. As they are now, the nearest %d decide:", m.Total, len(m.Verdicts))
	p.keysRead(m.Keys)
	for _, v := range m.Verdicts {
		p.line("")
		p.verdict(v)
	}
}

func (c *cli) eventText(p *page, seen eventSeen, why bool) {
	e := seen.Event
	p.line("%s %s", p.paint(toneHead, string(e.Trigger)), e.Summary)
	p.line("")
	p.pair("ID", e.ID)
	p.pair("Received", c.when(p.t, e.ReceivedAt))
	p.pair("Parameters", compact(e.Parameters))
	p.pair("Matched", fmt.Sprintf("%d of %d rules that looked", e.Matched, e.Looked))
	p.pair("About", e.Cause)
	if e.Depth > 0 {
		p.pair("Chain", fmt.Sprintf("event %d of a chain", e.Depth))
	}
	p.pair("Warning", e.Warning)
	for _, v := range e.Verdicts {
		p.line("")
		p.verdict(v)
	}
	for _, x := range e.Executions {
		p.pair("Started", fmt.Sprintf("%s  %s  %s", x.ID, x.Action, x.Status))
	}
	if seen.Misses != nil {
		p.misses(*seen.Misses)
	}
	if why {
		return
	}
	if n := unexplained(e); n > 0 {
		p.line("%d more rules looked, did not match and left no verdict: squall event get %s --why", n, e.ID)
	}
	p.line("")
	p.json("Payload", e.Payload)
}

// sending is the event that the flags of send describe.
type sending struct {
	webhook     string
	data        string
	contentType string
	pairs       []string
}

func newEventSendCommand(c *cli) *cobra.Command {
	var s sending
	cmd := &cobra.Command{
		Use:   "send [TRIGGER]",
		Short: "Send an event, or deliver a body to a webhook",
		Long: "Send an event, or deliver a body to a webhook as its sender would: without a token.\n" +
			"--data takes @FILE, - for stdin, or the text itself. For a trigger it is JSON or\n" +
			"YAML, and what rules see as \"trigger\"; for a webhook it is any body.",
		Example: "  squall event send --webhook pprof --data @alert.json\n" +
			"  squall event send core.st2.webhook -p url=pprof --data '{\"body\":{\"alerts\":[]}}'\n" +
			"  some-program | squall event send --webhook build --data -",
		Args: optional("TRIGGER"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.send(cmd.Context(), firstOf(args...), s)
		},
	}
	f := cmd.Flags()
	f.StringVar(&s.webhook, "webhook", "", "path of the webhook to deliver to")
	f.StringVarP(&s.data, "data", "d", "{}", "what to send: @FILE, - or the text")
	f.StringVar(&s.contentType, "content-type", "", "of a webhook's body; found out when empty")
	f.StringArrayVarP(&s.pairs, "param", "p", nil, "parameter of the trigger as name=text or name:=JSON")
	must(cmd.RegisterFlagCompletionFunc("webhook", c.completeLive(liveWebhooks)))
	return cmd
}

func (c *cli) send(ctx context.Context, trigger string, s sending) error {
	if (trigger == "") == (s.webhook == "") {
		return usage("either a trigger or --webhook is needed").WithHint("for example: squall event send --webhook pprof --data @alert.json")
	}
	if s.webhook != "" && len(s.pairs) > 0 {
		return usage("a webhook has no parameters but its path")
	}
	data, err := c.readData(s.data)
	if err != nil {
		return err
	}
	api, err := c.client()
	if err != nil {
		return err
	}
	receipt, err := s.deliver(ctx, api, trigger, data)
	if err != nil {
		return err
	}
	c.note("see why: squall event get %s", receipt.Event)
	return c.print(thing(receipt, receipt.Event, func(w io.Writer, t terminal, _ bool) error {
		p := &page{w: w, t: t}
		p.pair("Event", receipt.Event)
		p.pair("Matched", fmt.Sprintf("%d of %d rules that looked", receipt.Matched, receipt.Looked))
		for _, id := range receipt.Executions {
			p.pair("Started", id)
		}
		return p.err
	}))
}

func (s sending) deliver(ctx context.Context, api *client.Client, trigger string, data []byte) (automation.Accepted, error) {
	if s.webhook != "" {
		return api.Webhook(ctx, strings.TrimPrefix(s.webhook, "/"), s.typeOf(data), bytes.NewReader(data))
	}
	ref, err := automation.ParseRef(trigger)
	if err != nil {
		return automation.Accepted{}, usage("%q does not name a trigger", trigger).WithHint("write it as pack.name, such as core.st2.webhook")
	}
	parameters, err := parsePairs(s.pairs)
	if err != nil {
		return automation.Accepted{}, err
	}
	payload, err := asJSON(data, "--data")
	if err != nil {
		return automation.Accepted{}, err
	}
	return api.Send(ctx, client.NewEvent{Trigger: ref, Parameters: parameters, Payload: payload})
}

func (s sending) typeOf(data []byte) string {
	switch {
	case s.contentType != "":
		return s.contentType
	case json.Valid(data):
		return "application/json"
	}
	return "text/plain; charset=utf-8"
}
