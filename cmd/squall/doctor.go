package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/client"
	"github.com/squall-dev/squall/runtime/config"
)

func newDoctorCommand(c *cli) *cobra.Command {
	var deep bool
	cmd := &cobra.Command{
		Use:     "doctor",
		GroupID: groupAdmin,
		Short:   "Look whether the server is well, and say what to do if not",
		Long: "Ask the server whether it is well: its data, its disk, its sandbox, its packs. If none answers,\n" +
			"look at this machine as a server would, with the data directory that SQUALL_DATA names. The exit\n" +
			"code is 1 if a check failed. The page shows the same under /system.",
		Example: "  squall doctor\n  squall doctor -o json --jq '.items[] | select(.status != \"ok\")'",
		Args:    exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			list, err := c.checks(cmd.Context(), deep)
			if err != nil {
				return err
			}
			r := listOf(list, list.Items, checkColumns(), func(f automation.Check) string { return f.Name }, !c.flags.noHeaders)
			if c.terminalOf(c.out, c.flags.color).tty {
				r.text = checkLines(list.Items)
			}
			return oneOrAll([]error{c.print(r), unwell(list.Items)})
		},
	}
	cmd.Flags().BoolVar(&deep, "deep", false, "read and check all of the database as well, which takes its time")
	return cmd
}

// checks asks the server, or looks at this machine when none answers.
func (c *cli) checks(ctx context.Context, deep bool) (client.List[automation.Check], error) {
	api, err := c.client()
	if err != nil {
		return client.List[automation.Check]{}, err
	}
	list, err := api.Doctor(ctx, deep)
	if e := (*automation.Error)(nil); !errors.As(err, &e) || e.Code != "unreachable" {
		return list, err
	}
	absent := automation.Check{Name: "server", Status: automation.CheckWarning, Detail: "no Squall server answers at " + api.BaseURL(), Hint: "start one with: squall server"}
	found, err := c.examine(ctx, firstOf(c.env("SQUALL_DATA"), config.Default().Data), deep)
	if err != nil {
		return list, err
	}
	names := make([]string, len(found))
	for i, f := range found {
		names[i] = f.Name
	}
	c.note("%s; what needs none was looked at here: %s", absent.Detail, strings.Join(names, ", "))
	return client.List[automation.Check]{Items: append([]automation.Check{absent}, found...)}, nil
}

// checkColumns are for programs.
func checkColumns() []column[automation.Check] {
	type row = automation.Check
	return []column[row]{
		{title: "CHECK", text: func(f row) string { return f.Name }},
		{title: "STATUS", text: func(f row) string { return string(f.Status) }, tone: func(f row) tone { return checkTone(f.Status) }},
		{title: "DETAIL", text: func(f row) string { return f.Detail }},
		{title: "HINT", text: func(f row) string { return f.Hint }},
	}
}

// checkLines are for people. A table would cut off what to do where the screen
// ends.
func checkLines(found []automation.Check) func(io.Writer, terminal, bool) error {
	return func(w io.Writer, t terminal, _ bool) error {
		p := &page{w: w, t: t}
		for _, f := range found {
			p.line("%s %s %s", p.paint(checkTone(f.Status), t.checkMark(f.Status)), p.paint(toneHead, fmt.Sprintf("%-14s", f.Name)), f.Detail)
			if f.Hint != "" {
				p.line("%17s%s", "", f.Hint)
			}
		}
		return p.err
	}
}

func (t terminal) checkMark(s automation.CheckStatus) string {
	switch s {
	case automation.CheckOK:
		return t.mark("✓", "+")
	case automation.CheckFailed:
		return t.mark("✗", "x")
	}
	return "!"
}

func checkTone(s automation.CheckStatus) tone {
	switch s {
	case automation.CheckOK:
		return toneOK
	case automation.CheckFailed:
		return toneBad
	}
	return toneWarn
}

// unwell is the error of a doctor that found something failed.
func unwell(found []automation.Check) error {
	var names []string
	for _, f := range found {
		if f.Status == automation.CheckFailed {
			names = append(names, f.Name)
		}
	}
	if len(names) == 0 {
		return nil
	}
	return &automation.Error{Code: "check_failed", Message: fmt.Sprintf("%d check%s failed: %s", len(names), plural(len(names)), strings.Join(names, ", ")),
		Hint: "each of them says what to do"}
}
