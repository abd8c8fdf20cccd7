package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/client"
)

// logView is which lines of a log are wanted.
type logView struct {
	follow  bool
	attempt int
	tail    int
}

func newExecutionLogsCommand(c *cli) *cobra.Command {
	var view logView
	cmd := &cobra.Command{
		Use:     "logs ID",
		Aliases: []string{"log"},
		Short:   "Show what an execution wrote",
		Long: "Show what an execution wrote. -o wide adds time, attempt and level. The exit code\n" +
			"does not depend on how the execution ends; execution wait tells that.",
		Example:           "  squall execution logs 6740b1e2c3d4e5f6a7b8c9d0 --follow\n  squall execution logs 6740b1e2c3d4e5f6a7b8c9d0 --tail 20 -o wide",
		Args:              exactly("ID"),
		ValidArgsFunction: c.completeFirst(liveExecutions),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.logs(cmd.Context(), args[0], view)
		},
	}
	cmd.Flags().BoolVarP(&view.follow, "follow", "f", false, "go on until the execution has ended")
	cmd.Flags().IntVar(&view.attempt, "attempt", 0, "only this attempt")
	cmd.Flags().IntVar(&view.tail, "tail", 0, "only that many last lines")
	return cmd
}

func (c *cli) logs(ctx context.Context, id string, view logView) error {
	api, err := c.client()
	if err != nil {
		return err
	}
	from := 1
	if view.tail > 0 {
		page, err := api.Log(ctx, id, 1, 1)
		if err != nil {
			return orList(err, "execution list")
		}
		from = max(page.Total-view.tail+1, 1)
	}
	if view.follow {
		_, err = c.follow(ctx, api, id, client.FollowOptions{From: from, Line: view.only(c.logPrinter())}, 0)
		return err
	}
	return c.printLog(ctx, api, id, from, view)
}

// only leaves out the lines of other attempts.
func (v logView) only(show func(automation.LogLine) error) func(automation.LogLine) error {
	return func(line automation.LogLine) error {
		if v.attempt > 0 && line.Attempt != v.attempt {
			return nil
		}
		return show(line)
	}
}

// printLog shows the log as it is now. As text it is shown page by page; other
// formats are one document.
func (c *cli) printLog(ctx context.Context, api *client.Client, id string, from int, view logView) error {
	lines := []automation.LogLine{}
	show := func(line automation.LogLine) error {
		lines = append(lines, line)
		return nil
	}
	streamed := c.isText() || c.flags.output == formatJSONL && c.jq == nil
	if streamed {
		show = c.logPrinter()
	}
	if err := eachLine(ctx, api, id, from, view.only(show)); err != nil || streamed {
		return orList(err, "execution list")
	}
	document := client.LogPage{Items: lines, Total: len(lines)}
	return c.print(listOf(document, lines, logColumns(), lineNumber, !c.flags.noHeaders))
}

func eachLine(ctx context.Context, api *client.Client, id string, from int, show func(automation.LogLine) error) error {
	for from > 0 {
		page, err := api.Log(ctx, id, from, mostPerPage)
		if err != nil {
			return err
		}
		for _, line := range page.Items {
			if err := show(line); err != nil {
				return err
			}
		}
		from = page.NextFrom
	}
	return nil
}

// isText reports whether people read the output as it was written.
func (c *cli) isText() bool {
	text := c.flags.output == "" || c.flags.output == formatTable || c.flags.output == formatWide
	return text && c.jq == nil && len(c.flags.fields) == 0
}

// logPrinter shows lines on stdout one by one: as text, or as one JSON object a
// line for every other format.
func (c *cli) logPrinter() func(automation.LogLine) error {
	if c.isText() {
		return c.lineWriter(c.out)
	}
	return func(line automation.LogLine) error {
		return c.printOne(line, lineNumber(line))
	}
}

func lineNumber(line automation.LogLine) string { return fmt.Sprint(line.Number) }

func logColumns() []column[automation.LogLine] {
	return []column[automation.LogLine]{
		{title: "NUMBER", text: lineNumber},
		{title: "TEXT", text: func(l automation.LogLine) string { return l.Text }},
	}
}

// lineWriter shows lines as text. On a screen nothing in them can steer it, and
// what went wrong stands out.
func (c *cli) lineWriter(w io.Writer) func(automation.LogLine) error {
	t := c.terminalOf(w, c.flags.color)
	return func(line automation.LogLine) error {
		text := line.Text
		if t.tty {
			text = printable(text)
		}
		text = t.paint(levelTone(line.Level), text)
		if c.flags.output == formatWide {
			text = fmt.Sprintf("%s %d %-7s %s", line.At.UTC().Format(time.RFC3339Nano), line.Attempt, line.Level, text)
		}
		_, err := fmt.Fprintln(w, text)
		return err
	}
}

func levelTone(level automation.LogLevel) tone {
	switch level {
	case automation.LevelError:
		return toneBad
	case automation.LevelWarning:
		return toneWarn
	case automation.LevelDebug:
		return toneFaint
	}
	return tonePlain
}

// printOne shows one thing of an endless list: a line of its own in every format
// that has lines, a document of its own in YAML.
func (c *cli) printOne(item any, name string) error {
	r := result{document: item, items: []any{item}, names: []string{name}}
	r.text = func(w io.Writer, _ terminal, _ bool) error { return c.printLines(r.items) }
	if c.flags.output == formatJSON && c.jq == nil {
		_, items, err := c.project(r)
		if err != nil {
			return err
		}
		return c.printLines(items)
	}
	if c.flags.output == formatYAML && c.jq == nil {
		if _, err := fmt.Fprintln(c.out, "---"); err != nil {
			return err
		}
	}
	return c.print(r)
}
