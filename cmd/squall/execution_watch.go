package main

import (
	"bytes"
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/client"
)

// watchExecutions shows a list and then every change of what belongs into it: a
// screen is drawn anew, a pipe gets one line a change.
func (c *cli) watchExecutions(ctx context.Context, api *client.Client, q client.ExecutionQuery, list client.List[automation.ExecutionSummary]) error {
	w := &watcher{cli: c, api: api, query: q, rows: list.Items, most: max(len(list.Items), 20), screen: c.terminalOf(c.out, c.flags.color)}
	if err := w.begin(); err != nil {
		return err
	}
	for change, err := range api.Stream(ctx, list.Seq) {
		switch {
		case err != nil && ctx.Err() != nil:
			return errInterrupted
		case err != nil:
			return err
		case change.Kind == client.Resync:
			c.note("too much happened to show every change; this goes on from here")
		case change.Execution != nil:
			if err := w.take(ctx, *change.Execution); err != nil {
				return err
			}
		}
	}
	return nil
}

type watcher struct {
	*cli
	api    *client.Client
	query  client.ExecutionQuery
	rows   []automation.ExecutionSummary // on the screen, newest first
	most   int
	screen terminal
	drawn  int // lines that the last drawing took
}

// redraws reports whether there is a screen to draw on.
func (w *watcher) redraws() bool {
	return w.screen.tty && w.isText() && w.env("TERM") != "dumb"
}

func (w *watcher) begin() error {
	if w.redraws() {
		return w.draw()
	}
	if !w.isText() {
		for _, row := range slices.Backward(w.rows) {
			if err := w.printOne(row, row.ID); err != nil {
				return err
			}
		}
		return nil
	}
	return w.table(w.rows, !w.flags.noHeaders).write(w.out, w.screen)
}

func (w *watcher) table(rows []automation.ExecutionSummary, titles bool) table {
	return tableOf(w.executionColumns(), rows, w.flags.output == formatWide, titles)
}

func (w *watcher) take(ctx context.Context, e automation.ExecutionSummary) error {
	selected, err := w.selects(ctx, e)
	if err != nil {
		return err
	}
	switch {
	case w.redraws():
		w.place(e, selected)
		return w.draw()
	case !selected:
		return nil
	case w.isText():
		return w.table([]automation.ExecutionSummary{e}, false).write(w.out, w.screen)
	}
	return w.printOne(e, e.ID)
}

// place puts a row where the list would have it, or takes it off.
func (w *watcher) place(e automation.ExecutionSummary, selected bool) {
	w.rows = slices.DeleteFunc(w.rows, func(row automation.ExecutionSummary) bool { return row.ID == e.ID })
	if !selected {
		return
	}
	at, _ := slices.BinarySearchFunc(w.rows, e.ID, func(row automation.ExecutionSummary, id string) int {
		return strings.Compare(id, row.ID)
	})
	w.rows = slices.Insert(w.rows, at, e)
	w.rows = w.rows[:min(len(w.rows), w.most)]
}

// draw goes up to where the last drawing began and writes over it.
func (w *watcher) draw() error {
	var frame bytes.Buffer
	if w.drawn > 0 {
		fmt.Fprintf(&frame, "\x1b[%dA\x1b[J", w.drawn)
	}
	grid := w.table(w.rows, !w.flags.noHeaders)
	w.drawn = len(grid.rows)
	if err := grid.write(&frame, w.screen); err != nil {
		return err
	}
	return write(w.out, frame.Bytes())
}

// selects applies a query to one execution, for as far as its summary tells. The
// message is not in it, so that a search sees a little less than the server does.
func selects(q client.ExecutionQuery, e automation.ExecutionSummary) bool {
	return (len(q.Statuses) == 0 || slices.Contains(q.Statuses, e.Status)) &&
		fits(q.Action, string(e.Action)) &&
		(q.Rule == "" || q.Rule == string(e.Rule)) &&
		(q.Event == "" || q.Event == e.Event) &&
		(q.Parent == "" || q.Parent == e.Parent) &&
		(q.From == "" || q.From == e.StartedFrom)
}

// selects asks the server what only it can tell: whether the filter lets an execution
// through.
func (w *watcher) selects(ctx context.Context, e automation.ExecutionSummary) (bool, error) {
	if !selects(w.query, e) || w.query.Filter == "" {
		return selects(w.query, e), nil
	}
	found, err := w.api.Executions(ctx, client.ExecutionQuery{Page: client.Page{Limit: 1}, Filter: w.query.Filter + " id:" + e.ID})
	return len(found.Items) > 0, err
}

// fits reports whether a pattern with "*" selects a reference.
func fits(pattern, ref string) bool {
	if pattern == "" {
		return true
	}
	ok, err := path.Match(pattern, ref)
	return ok && err == nil
}
