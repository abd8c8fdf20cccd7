package engine

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/rule"
	"github.com/squall-dev/squall/runtime/store"
)

// limited is a bench whose one rule has controls; they tell texts apart.
func limited(t *testing.T, db store.Store, f automation.Flow) *bench {
	t.Helper()
	c := newCatalogue(t, echoAction())
	r := ruleFor("test.echo")
	r.Flow = f
	return startRule(t, db, c, r)
}

// startRule is a bench with one rule.
func startRule(t *testing.T, db store.Store, c catalogue, r automation.Rule, change ...func(*Options)) *bench {
	t.Helper()
	var err error
	if c.rules, err = rule.Compile([]automation.Rule{r}); err != nil {
		t.Fatal(err)
	}
	return startOn(t, db, answer("1"), func(o *Options) {
		o.Catalogue = func() Catalogue { return c }
		for _, f := range change {
			f(o)
		}
	})
}

const byText = "{{ trigger.body.text }}"

func dedupeByText() automation.Flow {
	return automation.Flow{Dedupe: &automation.Dedupe{Key: byText, Window: automation.Duration(time.Hour)}}
}

func (b *bench) verdict(event string) automation.Verdict {
	b.t.Helper()
	ev, err := b.Store.Event(b.t.Context(), event)
	if err != nil || len(ev.Verdicts) != 1 {
		b.t.Fatalf("event %s has verdicts %v, err %v", event, ev.Verdicts, err)
	}
	return ev.Verdicts[0]
}

func TestASuppressedMatchStartsNothingAndSaysWhy(t *testing.T) {
	t.Parallel()
	db := openStore(t)
	b := limited(t, db, dedupeByText())
	first, second, other := b.ingest("echo", "x"), b.ingest("echo", "x"), b.ingest("echo", "y")
	if len(first.Executions) != 1 || len(second.Executions) != 0 || len(other.Executions) != 1 {
		t.Fatalf("executions: %v, %v, %v", first.Executions, second.Executions, other.Executions)
	}
	if v := b.verdict(second.Event); v.Outcome != automation.Suppressed || v.Control != automation.ControlDedupe || v.Reason == "" || second.Matched != 0 {
		t.Errorf("verdict = %+v, matched %d", v, second.Matched)
	}
	b.stop()
	b = limited(t, db, dedupeByText())
	if again := b.ingest("echo", "x"); len(again.Executions) != 0 {
		t.Error("after a restart the rule acts again")
	}
}

func TestASuppressedVerdictIsReleasedOnce(t *testing.T) {
	t.Parallel()
	b := limited(t, openStore(t), dedupeByText())
	first, second := b.ingest("echo", "x"), b.ingest("echo", "x")
	const r = automation.Ref("test.do_echo")
	x, err := b.Release(t.Context(), second.Event, r, -1, "ann")
	if err != nil {
		t.Fatal(err)
	}
	if done := b.final(x.ID); done.Status != automation.Succeeded || done.Event != second.Event || done.Rule != r {
		t.Errorf("execution = %+v", done.ExecutionSummary)
	}
	if v := b.verdict(second.Event); v.ReleasedBy != "ann" || v.Execution != x.ID || v.ReleasedAt == nil {
		t.Errorf("verdict = %+v", v)
	}
	refused := []struct {
		name, event string
		rule        automation.Ref
		item        int
		code        string
	}{
		{"a second time", second.Event, r, -1, "already_released"},
		{"a verdict that matched", first.Event, r, -1, "not_suppressed"},
		{"a rule that did not look", second.Event, "test.other", -1, "unknown_verdict"},
		{"an item that is not there", second.Event, r, 3, "unknown_verdict"},
		{"an event that is not there", "000000000000000000000000", r, -1, "unknown_event"},
	}
	for _, tt := range refused {
		_, err := b.Release(t.Context(), tt.event, tt.rule, tt.item, "ann")
		if e := (*automation.Error)(nil); !errors.As(err, &e) || e.Code != tt.code {
			t.Errorf("%s: err = %v, want code %s", tt.name, err, tt.code)
		}
	}
}

// The clock is a false one: it moves when everybody waits.
func TestADebounceActsOnTheLastOfABurst(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := automation.Flow{Debounce: &automation.Debounce{For: automation.Duration(10 * time.Minute)}}
		db := openStore(t)
		b := limited(t, db, f)
		var events []string
		for range 5 {
			events = append(events, b.ingest("echo", "x").Event)
			time.Sleep(9 * time.Minute)
		}
		b.stop() // the next process finds what waits
		b = limited(t, db, f)
		last := events[len(events)-1]
		if v := b.verdict(last); v.ReleasedBy != "" {
			t.Errorf("released before the silence has lasted: %+v", v)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if v := b.verdict(last); v.ReleasedBy != ByDebounce || b.final(v.Execution).Status != automation.Succeeded {
			t.Errorf("verdict = %+v", v)
		}
		all, err := db.Executions(t.Context(), store.ExecutionQuery{})
		if err != nil || len(all) != 1 {
			t.Errorf("%d executions, err %v; want one for the whole burst", len(all), err)
		}
	})
}

func TestAnEventThatIsNotStoredDoesNotHoldTheNextBack(t *testing.T) {
	t.Parallel()
	db := &flakyAccept{Store: openStore(t)}
	b := limited(t, db, dedupeByText())
	db.fails.Store(1)
	if _, err := b.Ingest(t.Context(), webhook("echo", "x")); !errors.Is(err, automation.ErrUnavailable) {
		t.Fatalf("err = %v", err)
	}
	if a := b.ingest("echo", "x"); len(a.Executions) != 1 {
		t.Error("the sender's second try was taken for a repetition")
	}
}

// flakyAccept refuses some acceptances.
type flakyAccept struct {
	store.Store
	fails atomic.Int32
}

func (f *flakyAccept) Accept(ctx context.Context, all ...store.Acceptance) error {
	if f.fails.Add(-1) >= 0 {
		return automation.Unavailable("the disk is full")
	}
	return f.Store.Accept(ctx, all...)
}

// Neither the end of a debounce nor a person makes a rule act that only observes.
func TestARuleThatOnlyObservesIsNotReleased(t *testing.T) {
	t.Parallel()
	db := openStore(t)
	r := ruleFor("test.echo")
	r.Mode = automation.ModeObserve
	r.Flow.Debounce = &automation.Debounce{For: automation.Duration(time.Millisecond)}
	var log warnings
	b := startRule(t, db, newCatalogue(t, echoAction()), r, func(o *Options) { o.Logger = slog.New(&log) })
	event := b.ingest("echo", "x").Event
	_, err := b.Release(t.Context(), event, r.Ref(), -1, "ann")
	if e := (*automation.Error)(nil); !errors.As(err, &e) || e.Code != "only_observes" {
		t.Errorf("release: %v", err)
	}
	for deadline := time.Now().Add(20 * time.Second); ; {
		states, err := db.FlowStates(t.Context(), time.Now())
		if err == nil && len(states) == 1 && string(states[0].Value) == "null" {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("the debounce never ends: %+v, %v", states, err)
		}
		time.Sleep(time.Millisecond) // there is no signal from the store to wait for
	}
	if n := log.seen.Load(); n != 0 {
		t.Errorf("%d warnings about what is as it should be, the last: %v", n, log.last.Load())
	}
	v := b.verdict(event)
	all, err := db.Executions(t.Context(), store.ExecutionQuery{})
	if err != nil || len(all) != 0 || v.ReleasedBy != "" || !v.Observed {
		t.Errorf("%d executions, err %v, verdict %+v", len(all), err, v)
	}
}

// warnings is a log that counts what is worth a warning.
type warnings struct {
	seen atomic.Int32
	last atomic.Value // text
}

func (w *warnings) Enabled(_ context.Context, l slog.Level) bool { return l >= slog.LevelWarn }
func (w *warnings) WithAttrs([]slog.Attr) slog.Handler           { return w }
func (w *warnings) WithGroup(string) slog.Handler                { return w }
func (w *warnings) Handle(_ context.Context, r slog.Record) error {
	text := r.Message
	r.Attrs(func(a slog.Attr) bool { text += " " + a.String(); return true })
	w.last.Store(text)
	w.seen.Add(1)
	return nil
}

// verdictMeter counts verdicts by outcome.
type verdictMeter struct {
	noMeter
	matched, suppressed atomic.Int32
}

func (m *verdictMeter) VerdictReached(outcome, _ string) {
	switch automation.Outcome(outcome) {
	case automation.Matched:
		m.matched.Add(1)
	case automation.Suppressed:
		m.suppressed.Add(1)
	}
}

func TestVerdictsAreCountedOnceWhenTheyAreDurable(t *testing.T) {
	t.Parallel()
	db := &flakyAccept{Store: openStore(t)}
	var meter verdictMeter
	r := ruleFor("test.echo")
	r.Flow = dedupeByText()
	b := startRule(t, db, newCatalogue(t, echoAction()), r, func(o *Options) { o.Meter = &meter })
	count := func(when string, matched, suppressed int32) {
		t.Helper()
		if m, s := meter.matched.Load(), meter.suppressed.Load(); m != matched || s != suppressed {
			t.Errorf("%s: %d matched and %d suppressed are counted, want %d and %d", when, m, s, matched, suppressed)
		}
	}
	db.fails.Store(1)
	if _, err := b.Ingest(t.Context(), webhook("echo", "x")); err == nil {
		t.Fatal("the event is stored")
	}
	count("an event that is not stored", 0, 0)
	key := store.EventKey{Webhook: "hook", Key: "1", Expires: time.Now().Add(time.Hour)}
	for _, again := range []bool{false, true, true} {
		if _, known, err := b.IngestOnce(t.Context(), webhook("echo", "x"), key); err != nil || known != again {
			t.Fatalf("again %v, want %v: %v", known, again, err)
		}
		count("a keyed event", 1, 0)
	}
	b.ingest("echo", "x")
	count("an equal event", 1, 1)
}
