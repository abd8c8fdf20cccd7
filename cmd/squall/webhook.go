package main

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/client"
)

func newWebhookCommand(c *cli) *cobra.Command {
	cmd := group(&cobra.Command{
		Use:     "webhook",
		Aliases: []string{"webhooks"},
		GroupID: groupAutomate,
		Short:   "Look at webhooks and at what was refused there",
		Example: "  squall webhook list\n  squall webhook deliveries github --outcome rejected",
	})
	cmd.AddCommand(newWebhookListCommand(c), newWebhookDeliveriesCommand(c))
	return cmd
}

func newWebhookListCommand(c *cli) *cobra.Command {
	return &cobra.Command{
		Use:     "list",
		Aliases: []string{"ls"},
		Short:   "List the webhooks that rules listen to, and who may send",
		Example: "  squall webhook list",
		Args:    exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			api, err := c.client()
			if err != nil {
				return err
			}
			list, err := api.Webhooks(cmd.Context())
			if err != nil {
				return err
			}
			return c.print(listOf(list, list.Items, webhookColumns(), func(w client.Webhook) string { return w.Path }, !c.flags.noHeaders))
		},
	}
}

func webhookColumns() []column[client.Webhook] {
	return []column[client.Webhook]{
		{title: "WEBHOOK", text: func(w client.Webhook) string { return w.Path }},
		{title: "SENDERS", text: sendersText},
		{title: "ACCEPTED", text: func(w client.Webhook) string { return strconv.FormatInt(w.Counts.Accepted, 10) }},
		{title: "REJECTED", text: func(w client.Webhook) string { return strconv.FormatInt(w.Counts.Rejected, 10) }},
		{title: "URL", text: func(w client.Webhook) string { return w.URL }},
		{title: "RULES", text: func(w client.Webhook) string { return joinRefs(w.Rules) }},
	}
}

// sendersText says who may send, and which pack says so.
func sendersText(w client.Webhook) string {
	text := w.Auth
	switch {
	case w.Closed:
		return "nobody: not declared"
	case w.Auth == "none":
		text = "anybody"
	case w.Observe:
		text += " (only observed)"
	}
	if w.Pack != "" {
		text += ", by pack " + w.Pack
	}
	return text
}

func newWebhookDeliveriesCommand(c *cli) *cobra.Command {
	var q client.DeliveryQuery
	var p paging
	cmd := &cobra.Command{
		Use:   "deliveries [WEBHOOK]",
		Short: "List deliveries that were refused, observed or repeated, and why",
		Long: "List deliveries that were not simply accepted: refused, accepted though the sender\n" +
			"was not known (observed), or accepted before (duplicate). An accepted one is an event.",
		Example: "  squall webhook deliveries\n  squall webhook deliveries github --outcome rejected",
		Args:    optional("WEBHOOK"),
		RunE: func(cmd *cobra.Command, args []string) error {
			api, err := c.client()
			if err != nil {
				return err
			}
			q.Webhook = strings.Join(args, "")
			list, err := collect(p, func(page client.Page) (client.List[automation.Delivery], error) {
				q.Page = page
				return api.Deliveries(cmd.Context(), q)
			})
			if err != nil {
				return err
			}
			c.noteMore(cmd, list.Next)
			return c.print(listOf(list, list.Items, c.deliveryColumns(), func(d automation.Delivery) string { return d.ID }, !c.flags.noHeaders))
		},
	}
	cmd.Flags().StringVar(&q.Outcomes, "outcome", "", "only these: rejected, observed, duplicate")
	p.addFlags(cmd)
	return cmd
}

func (c *cli) deliveryColumns() []column[automation.Delivery] {
	type row = automation.Delivery
	t := c.terminalOf(c.out, c.flags.color)
	return []column[row]{
		{title: "WHEN", text: func(d row) string { return c.when(t, d.At) }},
		{title: "WEBHOOK", text: func(d row) string { return d.Webhook }},
		{title: "OUTCOME", text: func(d row) string { return string(d.Outcome) }},
		{title: "STATUS", text: func(d row) string { return fmt.Sprint(d.Status) }},
		{title: "WHY", text: func(d row) string { return d.Message }},
		{title: "FROM", wide: true, text: func(d row) string { return d.Remote }},
		{title: "SIZE", wide: true, text: func(d row) string { return automation.SizeText(d.BodyBytes) }},
		{title: "EVENT", wide: true, text: func(d row) string { return d.Event }},
	}
}
