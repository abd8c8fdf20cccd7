package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/client"
	"github.com/squall-dev/squall/runtime/torture"
)

// tortureCommand makes the program a server under torture. It is no command for
// people.
const tortureCommand = "torture-server"

// tortured is how the torture starts this program as a server.
func tortured() ([]string, error) {
	path, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find this program: %w", err)
	}
	return []string{path, tortureCommand}, nil
}

func newTortureCommand(c *cli) *cobra.Command {
	var o torture.Options
	var verbose bool
	cmd := &cobra.Command{
		Use: "torture", Args: exactly(), GroupID: groupAdmin,
		Short: "Break servers in every way a machine can, and check that they keep their promises",
		Long: `Starts servers of its own in a new directory, breaks them, and checks that nothing that
was answered is lost, nothing is done twice and nothing wrong is served. It needs no running
server and touches none. One line stands for one promise; the exit code is 1 if one was broken,
and then the data stays where it is. The same seed makes the same choices; what happens at the
same moment still depends on the machine.

  kill        SIGKILL at random moments under load
  failpoints  a death before and after each commit, sync, rename and answer, alone and in pairs
  power       a disk that loses what was not synced; and a proof that the check can fail
  disk        a disk that is full or broken, at every write of a scenario
  bitflip     one changed bit in the database, its log, artifacts, compiled code and packs
  clock       jumps of an hour, summer time and leap days
  model       every sequence of steps of an execution, beside a model of a few lines
  soak        load for as long as you like; what grows is found (only with --only soak)`,
		Example: "  squall torture --data /tmp/torture\n" +
			"  squall torture --data /tmp/torture --only kill,power --rounds 1000 --seed 7\n" +
			"  squall torture --data /tmp/torture --only soak --for 30m",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.torture(cmd.Context(), o, verbose)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.Dir, "data", "", "a new directory for the servers' data (needed)")
	f.Uint64Var(&o.Seed, "seed", 0, "the seed of all random choices; drawn and printed when 0")
	f.IntVar(&o.Rounds, "rounds", 0, "how often: kills, pairs of points, cuts, flips, length of the model's sequences; each kind knows a short number when 0")
	f.StringSliceVar(&o.Only, "only", nil, "do only these: "+strings.Join(torture.Kinds(), ", "))
	f.DurationVar(&o.For, "for", time.Minute, "how long the soak lasts")
	f.BoolVar(&verbose, "verbose", false, "show what the servers log")
	must(cmd.RegisterFlagCompletionFunc("only", cobra.FixedCompletions(torture.Kinds(), cobra.ShellCompDirectiveNoFileComp)))
	return cmd
}

func (c *cli) torture(ctx context.Context, o torture.Options, verbose bool) error {
	command, err := tortured()
	if err != nil {
		return err
	}
	o.Command, o.Out = command, c.out
	asText := c.jq == nil && len(c.flags.fields) == 0 && (c.flags.output == "" || c.flags.output == formatWide)
	if !asText { // the promises follow, and nothing else
		o.Out = io.Discard
	}
	if verbose {
		o.Logs = c.err
	}
	promises, err := torture.Run(ctx, o)
	if err != nil {
		return err
	}
	if !asText {
		list := client.List[torture.Promise]{Items: promises}
		err = c.print(listOf(list, promises, promiseColumns(), func(p torture.Promise) string { return p.Text }, !c.flags.noHeaders))
	}
	if err != nil {
		return err
	}
	if err := brokenPromises(promises); err != nil {
		return err
	}
	c.note("%d promises were kept", len(promises))
	return nil
}

func promiseColumns() []column[torture.Promise] {
	type row = torture.Promise
	return []column[row]{
		{title: "KIND", text: func(p row) string { return p.Kind }},
		{title: "CHECKED", text: func(p row) string { return fmt.Sprint(p.Checked) }},
		{title: "BROKEN", text: func(p row) string { return fmt.Sprint(p.Count) }},
		{title: "PROMISE", text: func(p row) string { return p.Text }},
	}
}

// brokenPromises is the error of a torture that found something.
func brokenPromises(all []torture.Promise) error {
	broken := torture.Broken(all)
	if broken == 0 {
		return nil
	}
	return &automation.Error{Code: "promise_broken", Message: fmt.Sprintf("%d of %d promises were broken", broken, len(all)),
		Hint: "the lines with FAIL say which, and how to see it again"}
}
