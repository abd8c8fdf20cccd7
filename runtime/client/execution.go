package client

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
)

// Executions is one page of executions.
type Executions struct {
	List[automation.ExecutionSummary]
	// Counts tells how many there are of every status, whatever statuses were
	// asked for; only on the first page.
	Counts map[automation.Status]int `json:"counts,omitempty"`
}

// ExecutionQuery selects executions. Zero fields do not restrict.
type ExecutionQuery struct {
	Page
	Statuses []automation.Status
	Action   string // a ref, or a pattern with "*"
	Rule     string
	Event    string
	Parent   string
	From     string // started by the code of this execution
	TraceID  string
	Filter   string // in the language of filters
	Since    Time
	Until    Time
}

func (q ExecutionQuery) values() values {
	statuses := make([]string, len(q.Statuses))
	for i, s := range q.Statuses {
		statuses[i] = string(s)
	}
	return q.Page.values().set("status", strings.Join(statuses, ",")).set("action", q.Action).
		set("rule", q.Rule).set("event", q.Event).set("parent", q.Parent).set("started_from", q.From).set("trace_id", q.TraceID).set("q", q.Filter).
		set("since", string(q.Since)).set("until", string(q.Until))
}

// Executions lists executions.
func (c *Client) Executions(ctx context.Context, q ExecutionQuery) (Executions, error) {
	answer := Executions{List: List[automation.ExecutionSummary]{Items: []automation.ExecutionSummary{}}}
	header, err := c.call(ctx, get("executions").with(q.values().query()), &answer)
	answer.Seq = seqOf(header)
	return answer, err
}

// Execution returns one execution with attempts and artifacts.
func (c *Client) Execution(ctx context.Context, id string) (automation.Execution, error) {
	e, _, err := c.execution(ctx, id)
	return e, err
}

func (c *Client) execution(ctx context.Context, id string) (automation.Execution, int64, error) {
	var e automation.Execution
	header, err := c.call(ctx, get("executions", id), &e)
	return e, seqOf(header), err
}

// Run starts an action.
func (c *Client) Run(ctx context.Context, action automation.Ref, parameters map[string]any) (automation.Execution, error) {
	return one[automation.Execution](ctx, c, post(map[string]any{"action": action, "parameters": orEmpty(parameters)}, "executions"))
}

// DryRun starts an execution that reads the world and changes nothing in it: its host
// calls say what they would have changed.
func (c *Client) DryRun(ctx context.Context, action automation.Ref, parameters map[string]any) (automation.Execution, error) {
	return one[automation.Execution](ctx, c, post(map[string]any{"action": action, "parameters": orEmpty(parameters), "dry_run": true}, "executions"))
}

// DryRerun is DryRun with the action and the parameters of another execution;
// parameters replace those of the same name.
func (c *Client) DryRerun(ctx context.Context, id string, parameters map[string]any) (automation.Execution, error) {
	return one[automation.Execution](ctx, c, post(map[string]any{"parameters": orEmpty(parameters), "dry_run": true}, "executions", id, "rerun"))
}

// RunOptions say how an execution is to run. The zero value means now, as the action
// says.
type RunOptions struct {
	DryRun   bool
	RunAt    *time.Time
	Priority *int
}

func (o RunOptions) body(parameters map[string]any) map[string]any {
	body := map[string]any{"parameters": orEmpty(parameters)}
	if o.DryRun {
		body["dry_run"] = true
	}
	if o.RunAt != nil {
		body["run_at"] = *o.RunAt
	}
	if o.Priority != nil {
		body["priority"] = *o.Priority
	}
	return body
}

// RunWith starts an action, or will do so.
func (c *Client) RunWith(ctx context.Context, action automation.Ref, parameters map[string]any, o RunOptions) (automation.Execution, error) {
	body := o.body(parameters)
	body["action"] = action
	return one[automation.Execution](ctx, c, post(body, "executions"))
}

// RerunWith does the same with the action and the parameters of another execution.
func (c *Client) RerunWith(ctx context.Context, id string, parameters map[string]any, o RunOptions) (automation.Execution, error) {
	return one[automation.Execution](ctx, c, post(o.body(parameters), "executions", id, "rerun"))
}

// Pause puts an execution aside that has not begun; Resume lets it run.
func (c *Client) Pause(ctx context.Context, id string) (automation.ExecutionSummary, error) {
	return one[automation.ExecutionSummary](ctx, c, post(nil, "executions", id, "pause"))
}

// Resume lets a paused execution run.
func (c *Client) Resume(ctx context.Context, id string) (automation.ExecutionSummary, error) {
	return one[automation.ExecutionSummary](ctx, c, post(nil, "executions", id, "resume"))
}

// Cancel stops an execution.
func (c *Client) Cancel(ctx context.Context, id string) (automation.ExecutionSummary, error) {
	return one[automation.ExecutionSummary](ctx, c, post(nil, "executions", id, "cancel"))
}

// Rerun runs an execution again; parameters replace those of the same name, and
// those that remove names are left out.
func (c *Client) Rerun(ctx context.Context, id string, parameters map[string]any, remove ...string) (automation.Execution, error) {
	body := map[string]any{"parameters": orEmpty(parameters)}
	if len(remove) > 0 {
		body["remove"] = remove
	}
	return one[automation.Execution](ctx, c, post(body, "executions", id, "rerun"))
}

// LogPage is a part of an execution's log.
type LogPage struct {
	Items []automation.LogLine `json:"items"`
	// NextFrom is where the next part begins; zero when there is no more now.
	NextFrom int `json:"next_from"`
	Total    int `json:"total"`
}

// Log returns lines of an execution's log, the first being number from, which
// counts from 1. Limit zero leaves their number to the server.
func (c *Client) Log(ctx context.Context, id string, from, limit int) (LogPage, error) {
	query := Page{Limit: limit}.values().set("from", strconv.Itoa(max(from, 1)))
	return one[LogPage](ctx, c, get("executions", id, "log").with(query.query()))
}

func orEmpty(parameters map[string]any) map[string]any {
	if parameters == nil {
		return map[string]any{}
	}
	return parameters
}
