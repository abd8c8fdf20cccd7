package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/store"
	"github.com/squall-dev/squall/runtime/store/sqlite"
)

const (
	history = 240 * time.Hour
	callers = 64
	batch   = 50
)

// fill stores the executions, unless they are there already, and waits until their
// words are indexed.
func (b *bench) fill(ctx context.Context, rows int) error {
	s, err := sqlite.Open(ctx, sqlite.Options{Path: b.path, NoSync: true})
	if err != nil {
		return err
	}
	defer s.Close()
	size, err := s.Size(ctx)
	if err != nil || size.Executions >= rows {
		return err
	}
	began := time.Now()
	if err := storeAll(ctx, s, rows); err != nil {
		return err
	}
	stored := time.Since(began)
	for size, err = s.Size(ctx); err == nil && size.Unindexed > 0; size, err = s.Size(ctx) {
		time.Sleep(200 * time.Millisecond)
	}
	fmt.Fprintf(b.out, "stored in %.0f s, all words indexed %.0f s later\n\n", stored.Seconds(), (time.Since(began) - stored).Seconds())
	return err
}

func storeAll(ctx context.Context, s *sqlite.Store, rows int) error {
	past := &clock{at: time.Now().Add(-history), step: history / time.Duration(rows)}
	var wg sync.WaitGroup
	failures := make(chan error, callers)
	for range callers {
		wg.Go(func() {
			for failed := error(nil); failed == nil; {
				all := past.take(batch, rows)
				if len(all) == 0 {
					return
				}
				if failed = keep(ctx, s, all); failed != nil {
					failures <- failed
				}
			}
		})
	}
	wg.Wait()
	close(failures)
	return <-failures
}

// keep stores executions and their ends.
func keep(ctx context.Context, s *sqlite.Store, all []made) error {
	accepted := make([]store.Acceptance, len(all))
	for i, m := range all {
		accepted[i] = m.acceptance
	}
	if err := s.Accept(ctx, accepted...); err != nil {
		return err
	}
	var wg sync.WaitGroup
	errs := make([]error, len(all))
	for i, m := range all {
		wg.Go(func() { errs[i] = s.Finish(ctx, m.finish) })
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// clock makes executions of the past, evenly, with ids of their time.
type clock struct {
	mu   sync.Mutex // guards what follows
	n    int
	at   time.Time
	step time.Duration
	ids  automation.IDs
}

func (c *clock) take(most, rows int) (all []made) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ids.Now = func() time.Time { return c.at }
	for ; len(all) < most && c.n < rows; c.n++ {
		all = append(all, c.make())
		c.at = c.at.Add(c.step)
	}
	return all
}

type made struct {
	acceptance store.Acceptance
	finish     store.Finish
}

// make makes number n: of 10 packs with 10 actions, five in a hundred do not succeed.
func (c *clock) make() made {
	n, at := c.n, c.at
	pack := fmt.Sprintf("pack%d", n/10%10)
	event := automation.Event{
		ID: c.ids.New(), Trigger: "alertmanager.alert", Parameters: map[string]any{},
		Payload:    json.RawMessage(`{"alert":"PodMemoryLimit","labels":{"pod":"leaky-` + fmt.Sprint(n%5000) + `"}}`),
		ReceivedAt: at, Matched: 1, Looked: 1, Summary: "Pod Memory Limit", Trace: fmt.Sprintf("deploy-%d", n/500),
	}
	if n%4 == 0 {
		event.Trigger = "core.st2.webhook"
	}
	x := automation.Execution{
		ExecutionSummary: automation.ExecutionSummary{
			ID: c.ids.New(), Action: automation.Ref(fmt.Sprintf("%s.action%d", pack, n%10)), Status: automation.Running,
			Summary: fmt.Sprintf("pod leaky-%d in shop", n%5000), Rule: automation.Ref(fmt.Sprintf("%s.on_alert%d", pack, n%10)), Event: event.ID, CreatedAt: at,
		},
		Parameters:  json.RawMessage(fmt.Sprintf(`{"pod":"leaky-%d","namespace":"shop","node":"ip-10-2-%d"}`, n%5000, n%250)),
		MaxAttempts: 3, MaxLost: 3,
	}
	acceptance := store.Acceptance{Event: &event}
	if n%200 == 3 { // a person
		x.Rule, x.Event, x.StartedBy = "", "", "mira"
	} else {
		acceptance.Verdicts = []automation.Verdict{{Event: event.ID, Rule: x.Rule, Outcome: automation.Matched, Held: 1, Total: 1, Execution: x.ID,
			Criteria: []automation.CriterionResult{{Key: "trigger.alert", Operator: "equals", Pattern: "PodMemoryLimit", Actual: "PodMemoryLimit", Matched: true}}}}
	}
	acceptance.Executions = []automation.Execution{x}
	return made{acceptance, finishOf(x, n)}
}

func finishOf(x automation.Execution, n int) store.Finish {
	end := x.CreatedAt.Add(time.Duration(10+n%3000) * time.Millisecond)
	f := store.Finish{ID: x.ID, Status: automation.Succeeded, Output: json.RawMessage(`{"bytes":1048576,"path":"/tmp/heap.pb.gz"}`),
		Attempt: automation.Attempt{Number: 1, Status: automation.AttemptSucceeded, StartedAt: x.CreatedAt, FinishedAt: &end}}
	words := []string{"looking for the pod", fmt.Sprintf("found leaky-%d after %d ms", n%5000, n%977), "dump written, 1048576 bytes"}
	switch {
	case n%20 == 7:
		f.Status, f.Attempt.Status, f.Attempt.Code = automation.Failed, automation.AttemptFailed, automation.CodeExitCode
		f.Attempt.Message, f.Hint, f.Output = "exit code 1: the pod was not evicted", "look at the pod's events: kubectl describe pod", nil
		if n%100 == 7 {
			f.Attempt.Message = "Cannot evict pod as it would violate the pod's disruption budget"
		}
		words = append(words, "container was OOMKilled")
	case n%200 == 11:
		f.Status, f.Attempt.Status, f.Attempt.Code, f.Output = automation.TimedOut, automation.AttemptTimedOut, automation.CodeTimeout, nil
	}
	for i, text := range words {
		f.Log = append(f.Log, automation.LogLine{Number: i + 1, Attempt: 1, At: x.CreatedAt, Level: automation.LevelInfo, Text: text})
	}
	return f
}

// replace puts a real event into a filter.
func replace(text, event string) string {
	return strings.NewReplacer("EVENT8", event[:10], "EVENT", event).Replace(text)
}
