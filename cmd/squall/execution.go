package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/client"
	"github.com/squall-dev/squall/runtime/query"
)

func newExecutionCommand(c *cli) *cobra.Command {
	cmd := group(&cobra.Command{
		Use:     "execution",
		Aliases: []string{"executions", "exec"},
		GroupID: groupRun,
		Short:   "Look at what was run, stop it, run it again",
		Long:    "Look at what was run, stop it, run it again. The page shows the same under /executions.",
		Example: "  squall execution list --status failed,timed_out --since 24h\n" +
			"  squall execution get ID\n  squall execution logs ID --follow",
	})
	cmd.AddCommand(newExecutionListCommand(c), newExecutionGetCommand(c), newExecutionLogsCommand(c),
		newExecutionCancelCommand(c), newExecutionPauseCommand(c), newExecutionResumeCommand(c), newExecutionRerunCommand(c), newExecutionWaitCommand(c),
		newExecutionTapeCommand(c), newExecutionReplayCommand(c), newExecutionExportCommand(c))
	return cmd
}

// executionFilter is what the flags of list select.
type executionFilter struct {
	paging
	query    client.ExecutionQuery
	terms    []string // in the language of filters
	search   string
	statuses []string
	since    string
	until    string
	watch    bool
}

func newExecutionListCommand(c *cli) *cobra.Command {
	var filter executionFilter
	cmd := &cobra.Command{
		Use:     "list [FILTER...]",
		Aliases: []string{"ls"},
		Short:   "List executions, newest first",
		Long: "List executions, newest first. A filter is made of terms that must all hold: key:value, or words of the action,\n" +
			"the summary, the error or the log. A minus turns a term round; after -- it is not taken for a flag.\nKeys: " + filterKeys() + ".",
		Example: "  squall execution list --status failed,timed_out --since 24h\n" +
			"  squall execution list 'status:failed pack:k8s duration:>30s \"disruption budget\"'\n" +
			"  squall execution list -- -status:succeeded 'param.node:ip-10-2-*' since:7d\n" +
			"  squall execution list --action 'labs_sre.*' --watch\n" +
			"  squall execution list -o json --jq '.items[].id'",
		Args:              cobra.ArbitraryArgs,
		ValidArgsFunction: completeFilter,
		RunE: func(cmd *cobra.Command, args []string) error {
			filter.terms = args
			return c.listExecutions(cmd, filter)
		},
	}
	filter.addFlags(cmd)
	statuses := make([]string, 0, len(automation.Statuses()))
	for _, s := range automation.Statuses() {
		statuses = append(statuses, string(s))
	}
	must(cmd.RegisterFlagCompletionFunc("status", cobra.FixedCompletions(statuses, cobra.ShellCompDirectiveNoFileComp)))
	must(cmd.RegisterFlagCompletionFunc("action", c.completeLive(liveActions)))
	must(cmd.RegisterFlagCompletionFunc("rule", c.completeLive(liveRules)))
	return cmd
}

func (x *executionFilter) addFlags(cmd *cobra.Command) {
	x.paging.addFlags(cmd)
	f := cmd.Flags()
	f.StringSliceVar(&x.statuses, "status", nil, joinStatuses())
	f.StringVar(&x.query.Action, "action", "", "an action, or a pattern such as 'labs_sre.*'")
	f.StringVar(&x.query.Rule, "rule", "", "started by this rule")
	f.StringVar(&x.query.Event, "event", "", "started by this event")
	f.StringVar(&x.query.Parent, "parent", "", "that run this execution again")
	f.StringVar(&x.query.From, "started-from", "", "started by the code of this execution")
	f.StringVar(&x.query.TraceID, "trace-id", "", "of this story: what one event or one run led to")
	f.StringVar(&x.search, "search", "", "words in the action, the summary, the error or the log")
	f.StringVar(&x.since, "since", "", "from this time on, or for that long: 24h")
	f.StringVar(&x.until, "until", "", "before this time, or that long ago")
	f.BoolVarP(&x.watch, "watch", "w", false, "go on and show every change")
}

func (x *executionFilter) check() error {
	for _, name := range x.statuses {
		s := automation.Status(name)
		if !s.Valid() {
			return usage("there is no status %q", name).WithHint("statuses: %s", joinStatuses())
		}
		x.query.Statuses = append(x.query.Statuses, s)
	}
	if err := errors.Join(checkTime("--since", x.since), checkTime("--until", x.until)); err != nil {
		return err
	}
	if err := x.filter(); err != nil {
		return err
	}
	x.query.Since, x.query.Until = client.Time(x.since), client.Time(x.until)
	return nil
}

// filter checks the terms here, where they were typed.
func (x *executionFilter) filter() error {
	if x.search != "" {
		x.terms = append(x.terms, query.Quote(x.search))
	}
	x.query.Filter = strings.Join(x.terms, " ")
	_, err := query.Parse(x.query.Filter, time.Now())
	if err == nil {
		return nil
	}
	return usage("%s", err.Error()).WithHint("%s", automation.HintOf(err))
}

// completeFilter offers the keys, and the statuses after theirs.
func completeFilter(_ *cobra.Command, _ []string, begun string) ([]string, cobra.ShellCompDirective) {
	var offered []string
	for _, s := range automation.Statuses() {
		if text := "status:" + string(s); strings.HasPrefix(text, begun) && strings.HasPrefix(begun, "status:") {
			offered = append(offered, text)
		}
	}
	for _, k := range query.Keys() {
		if text := k.Name + ":"; strings.HasPrefix(text, begun) {
			offered = append(offered, text+"\t"+k.Doc)
		}
	}
	return offered, cobra.ShellCompDirectiveNoSpace | cobra.ShellCompDirectiveNoFileComp
}

func filterKeys() string {
	var names []string
	for _, k := range query.Keys() {
		names = append(names, k.Name)
	}
	return strings.Join(names, ", ")
}

func joinStatuses() string {
	var names []string
	for _, s := range automation.Statuses() {
		names = append(names, string(s))
	}
	return strings.Join(names, ", ")
}

// checkTime accepts what the API does: RFC 3339, or a duration.
func checkTime(flag, text string) error {
	if text == "" {
		return nil
	}
	_, notDuration := time.ParseDuration(text)
	_, notTime := time.Parse(time.RFC3339, text)
	if notDuration != nil && notTime != nil {
		return usage("%s %q is neither a duration nor a time", flag, text).WithHint("for example: %s 24h, or %s 2026-11-22T10:00:00Z", flag, flag)
	}
	return nil
}

func (c *cli) listExecutions(cmd *cobra.Command, filter executionFilter) error {
	if err := filter.check(); err != nil {
		return err
	}
	api, err := c.client()
	if err != nil {
		return err
	}
	var counts map[automation.Status]int
	list, err := collect(filter.paging, func(p client.Page) (client.List[automation.ExecutionSummary], error) {
		q := filter.query
		q.Page = p
		page, err := api.Executions(cmd.Context(), q)
		if page.Counts != nil {
			counts = page.Counts
		}
		return page.List, err
	})
	if err != nil {
		return err
	}
	if filter.watch {
		return c.watchExecutions(cmd.Context(), api, filter.query, list)
	}
	c.noteMore(cmd, list.Next)
	document := client.Executions{List: list, Counts: counts}
	return c.print(listOf(document, list.Items, c.executionColumns(), summaryID, !c.flags.noHeaders))
}

func summaryID(e automation.ExecutionSummary) string { return e.ID }

func (c *cli) executionColumns() []column[automation.ExecutionSummary] {
	type row = automation.ExecutionSummary
	t := c.terminalOf(c.out, c.flags.color)
	return []column[row]{
		{title: "ID", text: summaryID},
		{title: "STATUS", text: func(e row) string { return t.status(e.Status) }, tone: func(e row) tone { return statusTone(e.Status) }},
		{title: "ACTION", text: func(e row) string { return string(e.Action) }},
		{title: "RULE", wide: true, text: func(e row) string { return string(e.Rule) }},
		{title: "EVENT", wide: true, text: func(e row) string { return e.Event }},
		{title: "ATTEMPTS", wide: true, text: func(e row) string { return fmt.Sprint(e.Attempts) }},
		{title: "CODE", wide: true, text: func(e row) string { return string(e.Code) }},
		{title: "CREATED", text: func(e row) string { return c.when(t, e.CreatedAt) }},
		{title: "TOOK", text: func(e row) string { return runtimeOf(e) }},
		{title: "PRIORITY", wide: true, text: func(e row) string { return fmt.Sprint(e.Priority) }},
		{title: "WAITS FOR", wide: true, text: func(e row) string { return e.DelayReason }},
		{title: "SUMMARY", text: func(e row) string { return e.Summary }},
	}
}

// runtimeOf is how long the latest attempt took.
func runtimeOf(e automation.ExecutionSummary) string {
	if e.StartedAt == nil || e.FinishedAt == nil {
		return "-"
	}
	return took(e.FinishedAt.Sub(*e.StartedAt))
}

func newExecutionGetCommand(c *cli) *cobra.Command {
	return &cobra.Command{
		Use:     "get ID",
		Aliases: []string{"show"},
		Short:   "Show one execution: why it failed, what went in and out",
		Example: "  squall execution get 6740b1e2c3d4e5f6a7b8c9d0\n" +
			"  squall execution get 6740b1e2c3d4e5f6a7b8c9d0 --jq .output",
		Args:              exactly("ID"),
		ValidArgsFunction: c.completeFirst(liveExecutions),
		RunE: func(cmd *cobra.Command, args []string) error {
			api, err := c.client()
			if err != nil {
				return err
			}
			e, err := api.Execution(cmd.Context(), args[0])
			if err != nil {
				return orList(err, "execution list")
			}
			return c.print(c.executionResult(e))
		},
	}
}

func newExecutionCancelCommand(c *cli) *cobra.Command {
	return &cobra.Command{
		Use:               "cancel ID...",
		Short:             "Stop executions",
		Example:           "  squall execution cancel 6740b1e2c3d4e5f6a7b8c9d0",
		Args:              atLeast("ID"),
		ValidArgsFunction: c.completeLive(liveExecutions),
		RunE: func(cmd *cobra.Command, args []string) error {
			api, err := c.client()
			if err != nil {
				return err
			}
			return c.tellExecutions(cmd.Context(), api.Cancel, args)
		},
	}
}

func newExecutionPauseCommand(c *cli) *cobra.Command {
	return &cobra.Command{
		Use:               "pause ID...",
		Short:             "Put executions aside that have not begun",
		Example:           "  squall execution pause 6740b1e2c3d4e5f6a7b8c9d0",
		Args:              atLeast("ID"),
		ValidArgsFunction: c.completeLive(liveExecutions),
		RunE: func(cmd *cobra.Command, args []string) error {
			api, err := c.client()
			if err != nil {
				return err
			}
			return c.tellExecutions(cmd.Context(), api.Pause, args)
		},
	}
}

func newExecutionResumeCommand(c *cli) *cobra.Command {
	return &cobra.Command{
		Use:               "resume ID...",
		Short:             "Let paused executions run",
		Example:           "  squall execution resume 6740b1e2c3d4e5f6a7b8c9d0",
		Args:              atLeast("ID"),
		ValidArgsFunction: c.completeLive(liveExecutions),
		RunE: func(cmd *cobra.Command, args []string) error {
			api, err := c.client()
			if err != nil {
				return err
			}
			return c.tellExecutions(cmd.Context(), api.Resume, args)
		},
	}
}

// tellExecutions goes on after one that refuses, and shows those that did not.
func (c *cli) tellExecutions(ctx context.Context, tell func(context.Context, string) (automation.ExecutionSummary, error), ids []string) error {
	if err := c.checkFields(summaryFields()); err != nil {
		return err
	}
	list := client.List[automation.ExecutionSummary]{Items: []automation.ExecutionSummary{}}
	var errs []error
	for _, id := range slices.Compact(ids) {
		e, err := tell(ctx, id)
		if err != nil {
			errs = append(errs, orList(err, "execution list"))
			continue
		}
		list.Items = append(list.Items, e)
	}
	if len(list.Items) > 0 {
		errs = append(errs, c.print(listOf(list, list.Items, c.executionColumns(), summaryID, !c.flags.noHeaders)))
	}
	return oneOrAll(errs)
}

// oneOrAll keeps a single error as it is, so that its parts are shown as such.
func oneOrAll(errs []error) error {
	errs = slices.DeleteFunc(errs, func(err error) bool { return err == nil })
	if len(errs) == 1 {
		return errs[0]
	}
	return errors.Join(errs...)
}

func newExecutionRerunCommand(c *cli) *cobra.Command {
	var given parameterFlags
	var p pursuit
	var how runFlags
	cmd := &cobra.Command{
		Use:     "rerun ID",
		Aliases: []string{"re-run"},
		Short:   "Run an execution again, with the same or other parameters",
		Example: "  squall execution rerun 6740b1e2c3d4e5f6a7b8c9d0\n" +
			"  squall execution rerun 6740b1e2c3d4e5f6a7b8c9d0 -p pod=other --detach",
		Args:              exactly("ID"),
		ValidArgsFunction: c.completeFirst(liveExecutions),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.rerun(cmd.Context(), args[0], given, p, &how)
		},
	}
	given.addFlags(cmd)
	p.addFlags(cmd)
	how.addFlags(cmd)
	return cmd
}

func (c *cli) rerun(ctx context.Context, id string, given parameterFlags, p pursuit, how *runFlags) error {
	options, err := how.options()
	if err := oneOrAll([]error{err, p.check(), c.checkFields(executionFields())}); err != nil {
		return err
	}
	parameters, err := c.parameters(given)
	if err != nil {
		return err
	}
	api, err := c.client()
	if err != nil {
		return err
	}
	started, err := api.RerunWith(ctx, id, parameters, options)
	if err != nil {
		return orList(err, "execution list")
	}
	return c.pursue(ctx, api, started, how.pursuit(p, options))
}

func newExecutionWaitCommand(c *cli) *cobra.Command {
	var until string
	var timeout time.Duration
	cmd := &cobra.Command{
		Use:     "wait ID",
		Short:   "Wait until an execution has come to a status",
		Long:    "Wait until an execution has come to a status. It is an error (exit code 6) if it ends in another.",
		Example: "  squall execution wait 6740b1e2c3d4e5f6a7b8c9d0 --timeout 5m\n  squall execution wait 6740b1e2c3d4e5f6a7b8c9d0 --for finished",
		Args:    exactly("ID"),

		ValidArgsFunction: c.completeFirst(liveExecutions),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.wait(cmd.Context(), args[0], until, timeout)
		},
	}
	cmd.Flags().StringVar(&until, "for", "succeeded", "a status, or finished for any end")
	cmd.Flags().DurationVar(&timeout, "timeout", 0, "wait no longer than this")
	return cmd
}

func (c *cli) wait(ctx context.Context, id, until string, timeout time.Duration) error {
	want := automation.Status(until)
	if !want.Valid() && until != "finished" {
		return usage("there is no status %q", until).WithHint("statuses: %s, finished", joinStatuses())
	}
	api, err := c.client()
	if err != nil {
		return err
	}
	reached := func(e automation.Execution) bool { return e.Status == want || until == "finished" && e.Status.Final() }
	e, err := c.follow(ctx, api, id, client.FollowOptions{Until: reached}, timeout)
	if err != nil {
		return err
	}
	err = c.print(c.executionResult(e))
	if err == nil && !reached(e) {
		err = otherEnd(e, want)
	}
	return err
}

// otherEnd is the error of a wait that can not be fulfilled any more.
func otherEnd(e automation.Execution, want automation.Status) error {
	if err := unsuccessful(e); err != nil {
		return err
	}
	return &automation.Error{Code: codeFailed, Message: fmt.Sprintf("%s ended as %s, not as %s", e.ID, e.Status, want)}
}
