package main

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/client"
	"github.com/squall-dev/squall/runtime/daemon"
)

func newExecutionExportCommand(c *cli) *cobra.Command {
	return &cobra.Command{
		Use:   "export-test ID",
		Short: "Make a test of a pack out of a real run",
		Long: "Make a test of a pack out of a real run: what its code was told, and what it said. squall pack test replays it, without " +
			"the world. Read it before you commit it: it holds what hosts answered.",
		Example:           "  squall execution export-test 6740b1e2c3d4e5f6a7b8c9d0 > ./packs/labs_sre/tests/heap.txtar\n  squall pack test ./packs/labs_sre",
		Args:              exactly("ID"),
		ValidArgsFunction: c.completeFirst(liveExecutions),
		RunE: func(cmd *cobra.Command, args []string) error {
			api, err := c.client()
			if err != nil {
				return err
			}
			recorded, err := api.Case(cmd.Context(), args[0])
			if err != nil {
				return orList(err, "execution list")
			}
			return c.print(thing(recorded, recorded.Execution, func(w io.Writer, _ terminal, _ bool) error {
				text, err := daemon.FormatCase(recorded)
				if err == nil {
					_, err = w.Write(text)
				}
				return err
			}))
		},
	}
}

func newPackTestCommand(c *cli) *cobra.Command {
	return &cobra.Command{
		Use:   "test DIR",
		Short: "Replay the recorded tests of a pack, without a server",
		Long: "Replay the recorded tests of a pack, tests/*.txtar, without a server and without the world. A test holds if the code " +
			"makes the same host calls and has the same output. It is an error (exit code 6) if one does not.",
		Example: "  squall pack test ./packs/labs_sre",
		Args:    exactly("DIR"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.testPack(cmd.Context(), args[0])
		},
	}
}

func (c *cli) testPack(ctx context.Context, dir string) error {
	results, err := daemon.TestPack(ctx, dir)
	if err != nil {
		return err
	}
	failed := 0
	for _, r := range results {
		if !r.OK {
			failed++
		}
	}
	list := client.List[automation.CaseResult]{Items: results}
	columns := []column[automation.CaseResult]{
		{title: "TEST", text: func(r automation.CaseResult) string { return r.File }},
		{title: "RESULT", text: resultWord},
		{title: "ACTION", text: func(r automation.CaseResult) string { return string(r.Action) }},
		{title: "WHY", text: resultWhy},
	}
	err = c.print(listOf(list, results, columns, func(r automation.CaseResult) string { return r.File }, !c.flags.noHeaders))
	if err == nil && failed > 0 {
		err = &automation.Error{Code: codeFailed, Message: fmt.Sprintf("%d of %d tests failed", failed, len(results))}
	}
	return err
}

func resultWord(r automation.CaseResult) string {
	if r.OK {
		return "ok"
	}
	return "failed"
}

func resultWhy(r automation.CaseResult) string {
	switch {
	case r.OK:
		return ""
	case r.Error != "":
		return r.Error
	case r.Differs != nil && r.Differs.Replayed != nil:
		return fmt.Sprintf("host call %d is another: %s %s", r.Differs.Number, r.Differs.Replayed.Name, r.Differs.Replayed.Request)
	case r.Differs != nil:
		return fmt.Sprintf("host call %d is not made: %s", r.Differs.Number, r.Differs.Recorded.Name)
	case r.Got.Code != r.Want.Code:
		return fmt.Sprintf("it ended with %q instead of %q: %s", r.Got.Code, r.Want.Code, r.Got.Message)
	}
	return fmt.Sprintf("the output is %s instead of %s", r.Got.Output, r.Want.Output)
}
