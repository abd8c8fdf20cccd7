package daemon

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/budget"
	"github.com/squall-dev/squall/runtime/config"
	"github.com/squall-dev/squall/runtime/store"
)

// changes remembers over restarts what the guard of changes is told.
type changes struct {
	*budget.Guard
	store store.Store
	rerun func(context.Context, automation.RunRequest, []string) (automation.Execution, error)
	now   func() time.Time
}

// The mark of the stop switch: its value is the stop, or null.
const (
	guardSource = "guard"
	stopKey     = "stop"
)

func newGuard(c config.Config, ids *automation.IDs, held func(string), o Options) (*budget.Guard, error) {
	budgets := make([]budget.Budget, len(c.Budgets))
	for n, b := range c.Budgets {
		budgets[n] = budget.Budget(b)
	}
	return budget.New(budget.Options{Budgets: budgets, Breaker: budget.Breaker(c.Breaker), IDs: ids, Held: held, Logger: o.Logger})
}

func newChanges(g *budget.Guard, db store.Store, rerun func(context.Context, automation.RunRequest, []string) (automation.Execution, error)) *changes {
	return &changes{Guard: g, store: db, rerun: rerun, now: time.Now}
}

// Stop holds back every change from now on, over restarts too.
func (c *changes) Stop(ctx context.Context, s automation.Stop) error {
	s.At = c.now().UTC()
	if err := c.mark(ctx, &s); err != nil {
		return err
	}
	c.Guard.Stop(&s)
	return nil
}

// Resume lets changes pass again.
func (c *changes) Resume(ctx context.Context) error {
	if err := c.mark(ctx, nil); err != nil {
		return err
	}
	c.Guard.Stop(nil)
	return nil
}

func (c *changes) mark(ctx context.Context, s *automation.Stop) error {
	value, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("remember the stop switch: %w", err)
	}
	m := automation.Mark{Source: guardSource, Key: stopKey, Value: value, At: c.now()}
	if err := c.store.Accept(ctx, store.Acceptance{Marks: []automation.Mark{m}}); err != nil {
		return fmt.Errorf("remember the stop switch: %w", err)
	}
	return nil
}

// Release runs an execution again, and lets the change pass that was held back.
func (c *changes) Release(ctx context.Context, id, user string) (automation.Execution, error) {
	h, err := c.Guard.Release(id)
	if err != nil {
		return automation.Execution{}, err
	}
	return c.rerun(ctx, automation.RunRequest{Parent: h.Execution, User: user}, nil)
}

// recall tells the guard what it was told, and what was changed, before a restart.
func (c *changes) recall(ctx context.Context) error {
	marks, err := c.store.Marks(ctx, guardSource)
	if err != nil {
		return fmt.Errorf("read the stop switch: %w", err)
	}
	for _, m := range marks {
		var s *automation.Stop
		if err := json.Unmarshal(m.Value, &s); err != nil {
			return fmt.Errorf("read the stop switch: %w", err)
		}
		if m.Key == stopKey {
			c.Guard.Stop(s)
		}
	}
	if c.Remembers() == 0 {
		return nil
	}
	made, err := c.store.Changes(ctx, c.now().Add(-c.Remembers()))
	if err != nil {
		return fmt.Errorf("read what was changed: %w", err)
	}
	for _, m := range made {
		c.Recall(budget.Call{Pack: m.Pack, Action: m.Action, Execution: m.Execution, Change: m.Change, At: m.At})
	}
	return nil
}
