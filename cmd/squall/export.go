package main

import (
	"context"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/client"
)

// exportFlags are what both kinds of history share.
type exportFlags struct {
	format string
	target string
	with   []string
}

func newExportCommand(c *cli) *cobra.Command {
	cmd := group(&cobra.Command{
		Use:     "export",
		GroupID: groupData,
		Short:   "Write history as JSON lines or CSV",
		Long: "Write history as JSON lines or CSV, page by page, newest first: as much of it as you like needs no\n" +
			"more memory. An export that breaks off says after which id to go on.",
		Example: "  squall export executions --since 720h --file executions.jsonl",
	})
	cmd.AddCommand(newExportExecutionsCommand(c), newExportEventsCommand(c))
	return cmd
}

func (x *exportFlags) add(cmd *cobra.Command, extras string) {
	f := cmd.Flags()
	f.StringVar(&x.format, "format", "", "jsonl or csv; by the name of the file, or jsonl")
	f.StringVarP(&x.target, "file", "O", "-", "where to write; - is stdout; --after adds to a file that is there")
	f.StringSliceVar(&x.with, "with", nil, "also: "+extras)
	must(cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions([]string{"jsonl", "csv"}, cobra.ShellCompDirectiveNoFileComp)))
}

func (x *exportFlags) check(known ...string) error {
	if x.format == "" {
		x.format = "jsonl"
		if strings.HasSuffix(x.target, ".csv") {
			x.format = "csv"
		}
	}
	if x.format != "jsonl" && x.format != "csv" {
		return usage("there is no format %q", x.format).WithHint("formats: jsonl, csv")
	}
	for _, w := range x.with {
		if !slices.Contains(known, w) {
			return usage("--with knows no %q", w).WithHint("%s", alternatives(w, known, "one or more of: "+strings.Join(known, ",")))
		}
	}
	return nil
}

func newExportExecutionsCommand(c *cli) *cobra.Command {
	var x exportFlags
	var filter executionFilter
	cmd := &cobra.Command{
		Use:   "executions",
		Short: "Write executions",
		Example: "  squall export executions --status failed --since 24h\n" +
			"  squall export executions --with output,log --file history.jsonl",
		Args: exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := oneOrAll([]error{filter.check(), x.check("output", "log")}); err != nil {
				return err
			}
			api, err := c.client()
			if err != nil {
				return err
			}
			return c.exportTo(x, filter.after, func(w io.Writer) error {
				return c.exportExecutions(cmd, api, filter, newRecords(w, x, filter.after == "", executionTitles(x.with)))
			})
		},
	}
	filter.addFlags(cmd)
	must(cmd.Flags().MarkHidden("watch"))
	unlimited(cmd, &filter.paging)
	x.add(cmd, "output (all of the execution), log")
	return cmd
}

// unlimited makes a list's default that everything is wanted.
func unlimited(cmd *cobra.Command, p *paging) {
	limit := cmd.Flags().Lookup("limit")
	p.limit, limit.DefValue = 0, "0"
	limit.Usage = "how many to write; 0 writes all"
}

func newExportEventsCommand(c *cli) *cobra.Command {
	var x exportFlags
	var p paging
	var q client.EventQuery
	var since, until string
	cmd := &cobra.Command{
		Use:     "events",
		Short:   "Write events",
		Example: "  squall export events --trigger 'core.*' --with payload --file events.jsonl",
		Args:    exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := oneOrAll([]error{checkTime("--since", since), checkTime("--until", until), x.check("payload")}); err != nil {
				return err
			}
			q.Since, q.Until = client.Time(since), client.Time(until)
			api, err := c.client()
			if err != nil {
				return err
			}
			return c.exportTo(x, p.after, func(w io.Writer) error {
				return c.exportEvents(cmd, api, p, q, newRecords(w, x, p.after == "", eventTitles(x.with)))
			})
		},
	}
	p.addFlags(cmd)
	unlimited(cmd, &p)
	f := cmd.Flags()
	f.StringVar(&q.Trigger, "trigger", "", "of this trigger type, or a pattern such as 'core.*'")
	f.StringVar(&q.Text, "search", "", "text in the event")
	f.StringVar(&since, "since", "", "from this time on, or for that long: 24h")
	f.StringVar(&until, "until", "", "before this time, or that long ago")
	x.add(cmd, "payload (all of the event)")
	return cmd
}

// exported is an execution with what --with asks for.
type exported struct {
	automation.Execution
	Log []automation.LogLine `json:"log,omitempty"`
}

func (c *cli) exportExecutions(cmd *cobra.Command, api *client.Client, filter executionFilter, out *records) error {
	ctx := cmd.Context()
	return exportPages(c, cmd, filter.paging, out, func(p client.Page) (client.List[automation.ExecutionSummary], error) {
		q := filter.query
		q.Page = p
		page, err := api.Executions(ctx, q)
		return page.List, err
	}, summaryID, func(e automation.ExecutionSummary) (any, []string, error) {
		row := executionRow(e)
		if len(out.with) == 0 {
			return e, row, nil
		}
		whole, err := withDetails(ctx, api, e.ID, out.with)
		if slices.Contains(out.with, "output") {
			row = append(row, string(whole.Parameters), string(whole.Output), whole.Message)
		} else {
			whole.Parameters, whole.Output = nil, nil
		}
		if slices.Contains(out.with, "log") {
			row = append(row, logText(whole.Log))
		}
		return whole, row, err
	})
}

// withDetails asks for the whole of an execution. Its log comes by pages.
func withDetails(ctx context.Context, api *client.Client, id string, with []string) (x exported, err error) {
	if x.Execution, err = api.Execution(ctx, id); err != nil || !slices.Contains(with, "log") {
		return x, err
	}
	x.Log = []automation.LogLine{}
	for from := 1; from > 0; {
		page, err := api.Log(ctx, id, from, mostPerPage)
		if err != nil {
			return x, err
		}
		x.Log, from = append(x.Log, page.Items...), page.NextFrom
		if len(page.Items) == 0 {
			break
		}
	}
	return x, nil
}

func (c *cli) exportEvents(cmd *cobra.Command, api *client.Client, p paging, q client.EventQuery, out *records) error {
	ctx := cmd.Context()
	return exportPages(c, cmd, p, out, func(at client.Page) (client.List[automation.Event], error) {
		q.Page = at
		return api.Events(ctx, q)
	}, func(e automation.Event) string { return e.ID }, func(e automation.Event) (any, []string, error) {
		row := eventRow(e)
		if len(out.with) == 0 {
			return e, row, nil
		}
		whole, err := api.Event(ctx, e.ID)
		return whole, append(row, string(whole.Payload)), err
	})
}

// exportPages writes page after page and forgets each. What ends it early says after
// which id the next export goes on.
func exportPages[T any](c *cli, cmd *cobra.Command, p paging, out *records, fetch func(client.Page) (client.List[T], error),
	id func(T) string, record func(T) (any, []string, error)) error {
	if p.limit < 0 {
		return usage("--limit can not be negative")
	}
	written, last := 0, p.after
	stopped := func(err error) error {
		if flushed := out.flush(); flushed != nil {
			return flushed
		}
		c.note("stopped after %d; go on with: %s --after %s", written, cmd.CommandPath(), firstOf(last, `""`))
		return err
	}
	for next := p.after; ; {
		size := mostPerPage
		if p.limit > 0 {
			size = min(size, p.limit-written)
		}
		page, err := fetch(client.Page{After: next, Limit: size})
		if err != nil {
			return stopped(err)
		}
		for _, item := range page.Items {
			v, row, err := record(item)
			if automation.KindOf(err) == "not_found" {
				continue // it was forgotten while the export ran
			}
			if err == nil {
				err = out.write(v, row)
			}
			if err != nil {
				return stopped(err)
			}
			written, last = written+1, id(item)
		}
		next = page.Next
		if next == "" || len(page.Items) == 0 {
			c.note("complete: %d written", written)
			return out.flush()
		}
		if p.limit > 0 && written >= p.limit {
			return stopped(nil)
		}
	}
}
