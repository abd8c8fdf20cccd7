package main

import (
	"context"
	"errors"
	"strings"

	"github.com/spf13/cobra"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/client"
)

func newRunCommand(c *cli) *cobra.Command {
	var given parameterFlags
	var p pursuit
	var how runFlags
	cmd := &cobra.Command{
		Use:     "run ACTION",
		GroupID: groupRun,
		Short:   "Run an action",
		Long: "Run an action, show its log on stderr and, when it has ended, what came of it.\n" +
			"Ctrl-C leaves it running.",
		Example: "  squall run core.echo -p message=hello\n" +
			"  squall run labs_sre.list_pods --params parameters.yaml --wait --timeout 1m\n" +
			"  squall run core.echo -p message=hello -o json --jq .output\n" +
			"  squall run labs_sre.exec_pod --params parameters.yaml --dry-run\n" +
			"  squall run core.echo -p message=hello --in 2h --priority 10\n" +
			"  squall run core.echo -p 'tags:=[\"a\",\"b\"]' --detach -o name",
		Args:              oneAction,
		ValidArgsFunction: c.completeFirst(liveActions),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.run(cmd.Context(), args[0], given, p, &how)
		},
	}
	given.addFlags(cmd)
	p.addFlags(cmd)
	how.addFlags(cmd)
	must(cmd.RegisterFlagCompletionFunc("param", c.completeParameters))
	return cmd
}

// oneAction shows those who write parameters as StackStorm's st2 does how to.
func oneAction(cmd *cobra.Command, args []string) error {
	if len(args) > 1 && strings.Contains(args[1], "=") {
		return usage("too many arguments: %q", args[1]).WithHint("parameters have a flag: squall run %s -p %s", args[0], strings.Join(args[1:], " -p "))
	}
	return exactly("ACTION")(cmd, args)
}

func (c *cli) run(ctx context.Context, action string, given parameterFlags, p pursuit, how *runFlags) error {
	options, err := how.options()
	if err := oneOrAll([]error{err, p.check(), c.checkFields(executionFields())}); err != nil {
		return err
	}
	ref, err := automation.ParseRef(action)
	if err != nil {
		return usage("%q does not name an action", action).WithHint("write it as pack.name; list them: squall action list")
	}
	parameters, err := c.parameters(given)
	if err != nil {
		return err
	}
	api, err := c.client()
	if err != nil {
		return err
	}
	started, err := api.RunWith(ctx, ref, parameters, options)
	if err != nil {
		return suggestAction(ctx, api, ref, err)
	}
	return c.pursue(ctx, api, started, how.pursuit(p, options))
}

// suggestAction says what may have been meant by an action that is not there.
func suggestAction(ctx context.Context, api *client.Client, ref automation.Ref, err error) error {
	var e *automation.Error
	if !errors.As(err, &e) || e.Code != "unknown_action" && e.Code != "not_found" || strings.Contains(e.Hint, "mean") {
		return err
	}
	const next = "list actions: squall action list"
	list, failed := api.Actions(ctx)
	if failed != nil {
		return hinted(err, next) // the first error is the one that matters
	}
	var known []string
	for _, a := range list.Items {
		known = append(known, a.Ref().String())
	}
	return hinted(err, alternatives(string(ref), known, next))
}
