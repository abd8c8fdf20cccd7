package trigger

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
)

// timerSource names the marks of timers.
const timerSource = "timer"

const (
	// lateGrace is how late a timer that skips what it missed may still fire.
	lateGrace = 30 * time.Second
	// mostMissed is how many missed times are made up for.
	mostMissed = 100
	// nextShown is how many coming times the status tells.
	nextShown = 5
	// longestRetry is the longest pause after an event that could not be stored.
	longestRetry = time.Minute
)

// TimerOptions are what timers are made of. Ingester and Marks are required.
type TimerOptions struct {
	Ingester Ingester
	Marks    Marks
	// Running tells whether something that an event started is still running, for
	// timers that do not overlap; nil means never.
	Running func(ctx context.Context, event string) bool
	Now     func() time.Time
	Meter   Meter // nil counts nothing
	Logger  *slog.Logger
}

// Timers raises the events of interval, date and cron timers. A firing and how far
// the timer has come are stored in one transaction, so that each time fires once,
// whatever happens to the server.
type Timers struct {
	o    TimerOptions
	wake chan struct{}

	mu     sync.Mutex
	loaded map[string]timerMark // by key, as stored when the server started
	timers map[string]*timer    // by key
}

// timer is one trigger that rules want.
type timer struct {
	key     string
	wanted  automation.Wanted // without its rules, which may change
	rules   []automation.Ref
	plan    plan
	invalid error
	last    time.Time // up to here everything has been dealt with
	next    time.Time // zero: never again
	retry   time.Time // do not try again before
	tried   time.Time // when what is due was first tried
	status  automation.SourceStatus
}

// timerMark is what is stored of a timer.
type timerMark struct {
	Since time.Time `json:"since"` // when it was first wanted; intervals count from here
	Last  time.Time `json:"last"`  // up to here everything has been dealt with
	Event string    `json:"event,omitempty"`
}

// NewTimers makes a source. It starts nothing.
func NewTimers(o TimerOptions) *Timers {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Meter == nil {
		o.Meter = noMeter{}
	}
	o.Logger = o.Logger.With("component", "timers")
	return &Timers{o: o, wake: make(chan struct{}, 1), timers: map[string]*timer{}}
}

// Sync says which timers are wanted from now on.
func (s *Timers) Sync(wanted []automation.Wanted) {
	s.mu.Lock()
	defer s.mu.Unlock()
	kept := map[string]*timer{}
	for _, w := range wanted {
		if !isTimer(w.Trigger) {
			continue
		}
		key := timerKey(w)
		t := s.timers[key]
		if t == nil {
			t = &timer{key: key, wanted: automation.Wanted{Trigger: w.Trigger, Parameters: w.Parameters}}
		}
		t.rules = w.Rules
		kept[key] = t
	}
	s.timers = kept
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// timerKey is the same for equal timers of several rules.
func timerKey(w automation.Wanted) string {
	text, err := json.Marshal(w.Parameters) // sorts keys
	if err != nil {
		text = fmt.Append(nil, w.Parameters)
	}
	return string(w.Trigger) + " " + string(text)
}

// Run fires timers until ctx is done.
func (s *Timers) Run(ctx context.Context) error {
	for {
		wait := s.fire(ctx)
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil
		case <-s.wake:
		case <-timer.C:
		}
		timer.Stop()
	}
}

// longestSleep makes a clock that was set, or a machine that slept, noticed.
const longestSleep = time.Minute

// Fire is one turn of Run, for who has a clock of his own: it deals with everything
// that is due and returns how long to wait. It must not be called beside Run.
func (s *Timers) Fire(ctx context.Context) time.Duration { return s.fire(ctx) }

// fire deals with everything that is due and returns how long to wait.
func (s *Timers) fire(ctx context.Context) time.Duration {
	if err := s.load(ctx); err != nil {
		if ctx.Err() == nil {
			s.o.Logger.Error("marks of timers could not be read; trying again", "err", err)
		}
		return time.Second
	}
	wait := longestSleep
	for _, t := range s.list() {
		if ctx.Err() != nil {
			break
		}
		if s.prepare(ctx, t); s.due(t) {
			s.settle(ctx, t)
		}
		wait = min(wait, s.until(t))
	}
	return max(wait, 0)
}

// load reads the marks, once.
func (s *Timers) load(ctx context.Context) error {
	if s.loaded != nil {
		return nil
	}
	marks, err := s.o.Marks.Marks(ctx, timerSource)
	if err != nil {
		return err
	}
	loaded := make(map[string]timerMark, len(marks))
	for _, m := range marks {
		var mark timerMark
		if err := json.Unmarshal(m.Value, &mark); err != nil {
			return fmt.Errorf("read the mark of timer %s: %w", m.Key, err)
		}
		loaded[m.Key] = mark
	}
	s.loaded = loaded
	return nil
}

func (s *Timers) list() []*timer {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]*timer, 0, len(s.timers))
	for _, t := range s.timers {
		all = append(all, t)
	}
	slices.SortFunc(all, func(a, b *timer) int { return strings.Compare(a.key, b.key) })
	return all
}

// prepare makes a new timer ready: it goes on from its mark, or begins now.
func (s *Timers) prepare(ctx context.Context, t *timer) {
	if t.plan.schedule != nil || t.invalid != nil || t.retry.After(s.o.Now()) {
		return
	}
	mark, known := s.loaded[t.key]
	if !known {
		now := s.o.Now().UTC()
		mark = timerMark{Since: now, Last: now}
		if _, err := s.o.Ingester.IngestAll(ctx, nil, s.mark(t, mark)); err != nil {
			s.failed(ctx, t, err)
			return
		}
		s.loaded[t.key] = mark
	}
	p, err := parsePlan(t.wanted.Trigger, t.wanted.Parameters, mark.Since)
	s.mu.Lock()
	defer s.mu.Unlock()
	if t.invalid = err; err != nil {
		return
	}
	t.plan, t.last, t.status.LastEvent = p, mark.Last, mark.Event
	t.next, _ = p.next(t.last)
	t.status.Failures, t.status.Error, t.status.Hint = 0, "", ""
}

func (s *Timers) mark(t *timer, m timerMark) automation.Mark {
	value, err := json.Marshal(m)
	if err != nil { // times and a text
		value = []byte("null")
	}
	return automation.Mark{Source: timerSource, Key: t.key, Value: value, At: s.o.Now()}
}

func (s *Timers) due(t *timer) bool {
	now := s.o.Now()
	return t.plan.schedule != nil && !t.next.IsZero() && !t.next.After(now) && !t.retry.After(now)
}

// until is how long the timer can be left alone.
func (s *Timers) until(t *timer) time.Duration {
	now := s.o.Now()
	switch {
	case t.retry.After(now):
		return t.retry.Sub(now)
	case t.next.IsZero():
		return longestSleep
	}
	return t.next.Sub(now)
}

// settle fires for the times that have come and stores that they are dealt with.
func (s *Timers) settle(ctx context.Context, t *timer) {
	now := s.o.Now()
	times := t.plan.since(t.last, now)
	fire := t.plan.choose(times, t.noticed(now))
	if len(fire) > 0 && t.plan.overlap == "skip" && t.status.LastEvent != "" && s.o.Running != nil && s.o.Running(ctx, t.status.LastEvent) {
		s.o.Logger.Info("timer did not fire: what it started before is still running", "timer", t.plan.describe(), "event", t.status.LastEvent)
		fire = nil
	}
	mark := s.loaded[t.key]
	mark.Last = times[len(times)-1]
	accepted, err := s.o.Ingester.IngestAll(ctx, t.events(fire, now), s.mark(t, mark))
	if err != nil {
		s.failed(ctx, t, err)
		return
	}
	if len(accepted) > 0 {
		// The event's id is known only now; losing it costs an overlap at most.
		mark.Event = accepted[len(accepted)-1].Event
	}
	s.loaded[t.key] = mark
	s.o.Meter.SourceRaised(timerSource, len(accepted))
	s.settled(t, mark, len(accepted), now)
}

func (s *Timers) settled(t *timer, mark timerMark, fired int, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t.last, t.retry, t.tried = mark.Last, time.Time{}, time.Time{}
	t.next, _ = t.plan.next(t.last)
	t.status.Failures, t.status.Error, t.status.Hint = 0, "", ""
	if fired > 0 {
		t.status.Runs++
		t.status.Events += int64(fired)
		t.status.LastEvent, t.status.LastRun = mark.Event, &now
	}
}

// failed notes that nothing could be stored; the same times are tried again.
func (s *Timers) failed(ctx context.Context, t *timer, err error) {
	if ctx.Err() != nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	pause := min(time.Second<<min(t.status.Failures, 10), longestRetry)
	t.status.Failures++
	t.status.Error, t.status.Hint = err.Error(), automation.HintOf(err)
	t.retry = s.o.Now().Add(pause)
	s.o.Meter.SourceFailed(timerSource)
	s.o.Logger.Warn("timer could not fire; trying again", "timer", t.key, "in", pause, "err", err)
}

// noticed is when the timer first tried to fire: a store that is away makes no time
// one that was missed.
func (t *timer) noticed(now time.Time) time.Time {
	if t.tried.IsZero() {
		t.tried = now
	}
	return t.tried
}

// since lists the times after one moment up to another, the last of them if they are
// very many; there is at least one.
func (p plan) since(last, now time.Time) []time.Time {
	const many = 100_000 // the next look goes on from there
	var all []time.Time
	for range many {
		t, ok := p.next(last)
		if !ok || t.After(now) {
			break
		}
		if all = append(all, t); len(all) > mostMissed {
			all = all[1:]
		}
		last = t
	}
	return all
}

// choose says for which of the times that have come the timer fires.
func (p plan) choose(times []time.Time, now time.Time) []time.Time {
	if len(times) == 0 {
		return nil
	}
	newest := times[len(times)-1:]
	switch {
	case p.missed == "all":
		return times
	case p.missed == "once" && p.caughtUp(newest[0], now), now.Sub(newest[0]) <= lateGrace:
		return newest
	}
	return nil
}

// caughtUp tells whether no further time has come.
func (p plan) caughtUp(last, now time.Time) bool {
	t, ok := p.next(last)
	return !ok || t.After(now)
}

// events are the firings as rules see them.
func (t *timer) events(times []time.Time, now time.Time) []automation.Event {
	var all []automation.Event
	for _, at := range times {
		payload, err := json.Marshal(map[string]any{
			"executed_at": now.UTC().Format(time.RFC3339Nano), "scheduled_at": at.UTC().Format(time.RFC3339Nano), "schedule": nil,
		})
		if err != nil { // texts
			payload = []byte("{}")
		}
		all = append(all, automation.Event{
			Trigger: t.wanted.Trigger, Parameters: t.wanted.Parameters, Payload: payload, Summary: t.plan.describe(),
		})
	}
	return all
}

// Status says how each timer is doing.
func (s *Timers) Status() []automation.SourceStatus {
	all := []automation.SourceStatus{}
	for _, t := range s.list() {
		s.mu.Lock()
		all = append(all, t.report())
		s.mu.Unlock()
	}
	return all
}

func (t *timer) report() automation.SourceStatus {
	r := t.status
	r.Kind, r.ID, r.Trigger, r.Parameters, r.Rules = timerSource, t.key, t.wanted.Trigger, t.wanted.Parameters, t.rules
	switch {
	case t.invalid != nil:
		r.State, r.Error, r.Hint = automation.SourceInvalid, t.invalid.Error(), automation.HintOf(t.invalid)
		return r
	case r.Failures > 0:
		r.State = automation.SourceFailing
	case t.plan.schedule != nil && t.next.IsZero():
		r.State = automation.SourceDone
	default:
		r.State = automation.SourceRunning
	}
	if t.plan.schedule != nil {
		r.Description = t.plan.describe()
		r.Next = t.plan.coming(t.next)
	}
	return r
}

// coming lists the next few times.
func (p plan) coming(next time.Time) []time.Time {
	var all []time.Time
	for ok := !next.IsZero(); ok && len(all) < nextShown; next, ok = p.next(next) {
		all = append(all, next)
	}
	return all
}
