package storetest

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/query"
	"github.com/squall-dev/squall/runtime/store"
)

func testFilter(t *testing.T, open func(*testing.T) store.Store) {
	cases{
		{"every term selects and counts what it says", filterTerms},
		{"what ends meanwhile is found by its end", filterAfterSteps},
		{"totals of a time are exact at both ends", filterTimes},
		{"a long message is found, and kept whole", filterLongMessage},
	}.run(t, open)
}

// filtered lists and counts by a filter.
func (b *bench) filtered(t *testing.T, text string) (ids []string, total int) {
	t.Helper()
	f, err := query.Parse(text, b.time())
	must(t, err)
	list, err := b.Executions(t.Context(), store.ExecutionQuery{Filter: f})
	must(t, err)
	counts, err := b.CountExecutions(t.Context(), store.ExecutionQuery{Filter: f})
	must(t, err)
	for _, n := range counts {
		total += n
	}
	return summaryIDs(list), total
}

func (b *bench) wantFiltered(t *testing.T, text string, want ...string) {
	t.Helper()
	ids, total := b.filtered(t, text)
	if want == nil {
		want = []string{}
	}
	same(t, "list of "+text, ids, want)
	same(t, "total of "+text, total, len(want))
}

// three stores an execution that failed, one that a person started and that runs, and
// one that succeeded after two attempts, oldest first.
func (b *bench) three(t *testing.T) (failed, running, done automation.Execution) {
	t.Helper()
	event := b.event()
	event.Trigger, event.Trace = "alertmanager.alert", "deploy-17"
	failed = b.execution(automation.Running)
	failed.Action, failed.Rule, failed.Event = "k8s.restart", "ops.on_alert", event.ID
	failed.Summary, failed.Parameters = "restart shop-7d9f", json.RawMessage(`{"node":"ip-10-2-77","deep":{"list":[{"n":3}]},"on":true}`)
	must(t, b.Accept(t.Context(), store.Acceptance{Event: &event, Executions: []automation.Execution{failed}}))
	end := b.end(failed.ID, 1, automation.Failed)
	at := b.time().Add(40 * time.Second)
	end.Attempt.FinishedAt, end.Attempt.Message, end.Log = &at, "Cannot evict: disruption budget", lines(1, 2)
	end.Log[1].Text = "container was OOMKilled"
	must(t, b.Finish(t.Context(), end))
	b.pass(time.Hour)
	running = b.execution(automation.Running)
	running.Action, running.StartedBy, running.Summary, running.DryRun = "core.echo", "mira", "echo budget", true
	running.StartedFrom, running.Parameters = failed.ID, json.RawMessage(`{"node":"ip-10-3-1","long":"`+strings.Repeat("x", 1000)+`"}`)
	b.accept(t, running)
	b.pass(time.Hour)
	done = b.execution(automation.Running)
	done.Action, done.Rule, done.Parent = "k8s.scale", "ops.other", failed.ID
	b.accept(t, done)
	must(t, b.Finish(t.Context(), b.end(done.ID, 1, automation.Pending)))
	_, err := b.Start(t.Context(), done.ID, b.time())
	must(t, err)
	must(t, b.Finish(t.Context(), b.end(done.ID, 2, automation.Succeeded)))
	return failed, running, done
}

func filterTerms(t *testing.T, b *bench) {
	failed, running, done := b.three(t)
	f, r, d := failed.ID, running.ID, done.ID
	for text, want := range map[string][]string{
		"":                                  {d, r, f},
		"status:failed":                     {f},
		"status:failed,running":             {r, f},
		"-status:failed":                    {d, r},
		"status:failed -status:failed":      nil,
		"action:k8s.*":                      {d, f},
		"action:k8s.scale,core.*":           {d, r},
		"-action:k8s.*":                     {r},
		"action:nothing.*":                  nil,
		"pack:k8s":                          {d, f},
		"pack:k*":                           {d, f},
		"rule:ops.*":                        {d, f},
		"-rule:ops.on_alert":                {d, r},
		"rule:*":                            {d, f},
		"trigger:alertmanager.*":            {f},
		"-trigger:alertmanager.*":           {d, r},
		"actor:mira":                        {r},
		"-actor:*":                          {d, f},
		"event:" + failed.Event:             {f},
		"-event:" + failed.Event:            {d, r},
		"parent:" + f:                       {d},
		"from:" + f:                         {r},
		"id:" + f:                           {f},
		"id:" + f[:20]:                      {f},
		"id:*" + d[18:]:                     {d},
		"-id:" + f + "," + d:                {r},
		"trace:deploy-17":                   {f},
		"trace:deploy-*":                    {f},
		"-trace:deploy-17":                  {d, r},
		"code:trap":                         {f},
		"-code:trap":                        {d, r},
		`error:"disruption budget"`:         {f},
		"log:oomkilled":                     {f},
		"log:budget":                        nil,
		"-log:oomkilled":                    {d, r},
		"budget":                            {r, f},
		"BUDG":                              {r, f},
		"budget -error:budget":              {r},
		`-"disruption budget"`:              {d, r},
		"udget":                             nil,
		"shop-7":                            {f},
		`"evict disruption"`:                {f},
		`"disruption evict"`:                nil,
		f[16:]:                              {f},
		f[20:]:                              {f},
		d:                                   {d},
		"budget status:failed":              {f},
		"budget pack:core":                  {r},
		"budget -pack:core":                 {f},
		"budget since:90m":                  {r},
		"budget until:90m":                  {f},
		"param.node:ip-10-2-77":             {f},
		"param.node:IP-10-2-77":             {f},
		"param.node:ip-10-2-7":              nil,
		"param.node:ip-10-*":                {r, f},
		"param.node:*-77":                   {f},
		"-param.node:ip-10-2-*":             {d, r},
		"param.deep.list[0].n:3":            {f},
		"param.on:true":                     {f},
		"param.nothing:*":                   nil,
		"param.long:xxxxx*":                 {r},
		"param.node:ip-10-* -status:failed": {r},
		"param.node:ip-10-* budget":         {r, f},
		"attempts:>1":                       {d},
		"attempts:1":                        {r, f},
		"duration:>30s":                     {f},
		"duration:<30s":                     {d},
		"-duration:>30s":                    {d, r},
		"dry:true":                          {r},
		"dry:false":                         {d, f},
		"since:1h":                          {d, r},
		"until:1h":                          {f},
		"since:3h until:90m":                {f},
		"-since:90m":                        {f},
		"status:failed,succeeded pack:k8s since:1h": {d},
	} {
		b.wantFiltered(t, text, want...)
	}
}

func filterAfterSteps(t *testing.T, b *bench) {
	e := b.execution(automation.Pending)
	b.accept(t, e)
	b.wantFiltered(t, "leaky status:pending", e.ID)
	_, err := b.Start(t.Context(), e.ID, b.time())
	must(t, err)
	b.wantFiltered(t, "leaky status:pending")
	must(t, b.AppendLog(t.Context(), e.ID, lines(1, 1)))
	b.wantFiltered(t, `log:"line 1"`, e.ID)
	end := b.end(e.ID, 1, automation.Failed)
	end.Attempt.Message = "it broke"
	must(t, b.Finish(t.Context(), end))
	b.wantFiltered(t, `log:"line 1" error:broke status:failed`, e.ID)
	b.wantFiltered(t, "leaky -status:failed")
}

func filterTimes(t *testing.T, b *bench) {
	const each, all = 7 * time.Minute, 1500 // a week and more
	start := b.time()
	var executions []automation.Execution
	for range all {
		executions = append(executions, b.execution(automation.Failed))
		b.pass(each)
	}
	b.accept(t, executions...)
	for _, tt := range []struct{ from, to time.Duration }{
		{0, 0}, {time.Minute, 0}, {each, 0}, {26 * time.Hour, 0}, {0, 26 * time.Hour}, {49*time.Hour + 3*time.Minute, 100*time.Hour + time.Nanosecond},
		{3 * time.Hour, 3*time.Hour + 8*time.Minute}, {3 * time.Hour, 3 * time.Hour}, {9000 * time.Hour, 0},
	} {
		q, want := store.ExecutionQuery{Since: start.Add(tt.from)}, 0
		if tt.to > 0 {
			q.Until = start.Add(tt.to)
		}
		for _, e := range executions {
			if !e.CreatedAt.Before(q.Since) && (q.Until.IsZero() || e.CreatedAt.Before(q.Until)) {
				want++
			}
		}
		for _, text := range []string{"", "leaky"} {
			q.Text = text
			counts, err := b.CountExecutions(t.Context(), q)
			must(t, err)
			same(t, "total from "+tt.from.String()+" to "+tt.to.String()+" of "+text, counts[automation.Failed], want)
		}
	}
}

func filterLongMessage(t *testing.T, b *bench) {
	e := b.execution(automation.Running)
	b.accept(t, e)
	end := b.end(e.ID, 1, automation.Failed)
	end.Attempt.Message, end.Hint = strings.Repeat("long ☂ ", 200)+"ending", strings.Repeat("hint ☂ ", 200)
	must(t, b.Finish(t.Context(), end))
	b.wantFiltered(t, "error:ending", e.ID)
	got := b.get(t, e.ID)
	same(t, "message", got.Message, end.Attempt.Message)
	same(t, "hint", got.Hint, end.Hint)
	other := b.execution(automation.Failed)
	other.Message = strings.Repeat("x", 500)
	b.accept(t, other)
	same(t, "message of one that began as failed", b.get(t, other.ID).Message, other.Message)
}
