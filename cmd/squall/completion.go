package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/client"
)

func newCompletionCommand(c *cli) *cobra.Command {
	shells := []string{"bash", "zsh", "fish", "powershell"}
	return &cobra.Command{
		Use:     "completion SHELL",
		GroupID: groupAdmin,
		Short:   "Write the script that completes command lines",
		Long:    "Write the script that completes command lines, also with what the server knows:\nactions, executions, the parameters of an action.",
		Example: "  source <(squall completion bash)\n" +
			"  squall completion zsh > \"${fpath[1]}/_squall\"\n" +
			"  squall completion fish > ~/.config/fish/completions/squall.fish\n" +
			"  squall completion powershell | Out-String | Invoke-Expression",
		Args:      exactly("SHELL"),
		ValidArgs: shells,
		RunE: func(cmd *cobra.Command, args []string) error {
			root := cmd.Root()
			switch args[0] {
			case "bash":
				return root.GenBashCompletionV2(c.out, true)
			case "zsh":
				return root.GenZshCompletion(c.out)
			case "fish":
				return root.GenFishCompletion(c.out, true)
			case "powershell":
				return root.GenPowerShellCompletionWithDesc(c.out)
			}
			return usage("there is no completion for %q", args[0]).WithHint("%s", alternatives(args[0], shells, "shells: bash, zsh, fish, powershell"))
		},
	}
}

// patience is how long a shell waits for suggestions: better none than late ones.
const patience = 100 * time.Millisecond

// live asks the server for suggestions, each with what tells it apart.
type live func(context.Context, *client.Client) ([]cobra.Completion, error)

// completeFirst suggests values for the first argument only.
func (c *cli) completeFirst(ask live) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, prefix string) ([]cobra.Completion, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return c.completeLive(ask)(cmd, args, prefix)
	}
}

// completeLive suggests what the server knows; nothing when it is silent, since
// an error has no place on a line that is being typed.
func (c *cli) completeLive(ask live) cobra.CompletionFunc {
	return func(cmd *cobra.Command, _ []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
		found, err := c.askLive(cmd.Context(), ask)
		if err != nil {
			found = nil
		}
		return found, cobra.ShellCompDirectiveNoFileComp
	}
}

func (c *cli) askLive(ctx context.Context, ask live) ([]cobra.Completion, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	api, err := c.client()
	if err != nil {
		return nil, err
	}
	return ask(ctx, api)
}

// completeParameters suggests the parameters of the action that stands before,
// and what they may be.
func (c *cli) completeParameters(cmd *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	if len(args) == 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	found, err := c.askLive(cmd.Context(), func(ctx context.Context, api *client.Client) ([]cobra.Completion, error) {
		a, err := api.Action(ctx, automation.Ref(args[0]))
		return parameterCompletions(a), err
	})
	if err != nil {
		found = nil
	}
	return found, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
}

func parameterCompletions(a automation.Action) []cobra.Completion {
	var found []cobra.Completion
	for _, name := range sortedKeys(a.Parameters) {
		of := a.Parameters[name]
		if len(of.Enum) == 0 {
			found = append(found, cobra.CompletionWithDesc(name+"=", of.Description))
		}
		for _, value := range of.Enum {
			found = append(found, cobra.CompletionWithDesc(fmt.Sprintf("%s=%v", name, value), of.Description))
		}
	}
	return found
}

func completions[T any](items []T, name, about func(T) string) []cobra.Completion {
	found := make([]cobra.Completion, len(items))
	for i, item := range items {
		found[i] = cobra.CompletionWithDesc(name(item), oneLine(about(item)))
	}
	return found
}

func liveActions(ctx context.Context, api *client.Client) ([]cobra.Completion, error) {
	list, err := api.Actions(ctx)
	return completions(list.Items, actionRef, func(a automation.Action) string { return a.Description }), err
}

func livePacks(ctx context.Context, api *client.Client) ([]cobra.Completion, error) {
	list, err := api.Packs(ctx)
	return completions(list.Items, packName, func(p automation.PackStatus) string { return p.Description }), err
}

func liveRules(ctx context.Context, api *client.Client) ([]cobra.Completion, error) {
	list, err := api.Rules(ctx)
	return completions(list.Items, ruleRef, func(r automation.Rule) string { return r.Description }), err
}

func liveTriggers(ctx context.Context, api *client.Client) ([]cobra.Completion, error) {
	list, err := api.Triggers(ctx)
	return completions(list.Items, triggerRef, func(t client.Trigger) string { return t.Description }), err
}

func liveKeys(ctx context.Context, api *client.Client) ([]cobra.Completion, error) {
	list, err := api.Keys(ctx, client.KeyQuery{Page: client.Page{Limit: newest}})
	return completions(list.Items, keyName, func(e automation.KVEntry) string { return shortValue(e.Value) }), err
}

// shortValue is enough of a value to know it by.
func shortValue(value string) string {
	const most = 40
	if r := []rune(value); len(r) > most {
		value = string(r[:most]) + "..."
	}
	return oneLine(value)
}

// newest is how many of an endless list are worth suggesting.
const newest = 20

func liveExecutions(ctx context.Context, api *client.Client) ([]cobra.Completion, error) {
	list, err := api.Executions(ctx, client.ExecutionQuery{Page: client.Page{Limit: newest}})
	return completions(list.Items, summaryID, func(e automation.ExecutionSummary) string {
		return fmt.Sprintf("%s %s %s", e.Status, e.Action, ago(time.Since(e.CreatedAt)))
	}), err
}

func liveEvents(ctx context.Context, api *client.Client) ([]cobra.Completion, error) {
	list, err := api.Events(ctx, client.EventQuery{Page: client.Page{Limit: newest}})
	return completions(list.Items, func(e automation.Event) string { return e.ID }, func(e automation.Event) string {
		return fmt.Sprintf("%s %s %s", e.Trigger, e.Summary, ago(time.Since(e.ReceivedAt)))
	}), err
}

func liveArtifacts(ctx context.Context, api *client.Client) ([]cobra.Completion, error) {
	list, err := api.Artifacts(ctx, client.ArtifactQuery{Page: client.Page{Limit: newest}})
	return completions(list.Items, artifactID, func(a automation.Artifact) string { return a.Name }), err
}

func liveWebhooks(ctx context.Context, api *client.Client) ([]cobra.Completion, error) {
	list, err := api.Webhooks(ctx)
	return completions(list.Items, func(w client.Webhook) string { return w.Path }, func(w client.Webhook) string { return joinRefs(w.Rules) }), err
}
