package trigger

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
)

// sensorSource names the marks of sensors, and their kind.
const sensorSource = "sensor"

// Bounds of one answer of a sensor.
const (
	maxSensorEvents = 1000
	maxCursor       = 64 << 10
	maxSensorLog    = 200 // lines that are kept
	longestBackoff  = 10 * time.Minute
	pollsAtOnce     = 4
	maxEventKey     = 512 // bytes
	keyMemory       = 30 * 24 * time.Hour
	shortestPause   = time.Second
	longestPause    = 24 * time.Hour
)

// SensorOptions are what sensors are made of. All but Failed, Meter, Now and Logger
// are required.
type SensorOptions struct {
	Ingester Ingester
	Marks    Marks
	// Sensors lists those of all packs.
	Sensors func() []automation.Sensor
	// Poll runs a sensor's code once. Its error is for people.
	Poll func(ctx context.Context, s automation.Sensor, input json.RawMessage, log func(automation.LogLevel, string)) (json.RawMessage, error)
	// Failed is told when a sensor begins to fail.
	Failed func(ctx context.Context, status automation.SourceStatus)
	// Polled counts polls; outcome is ok or error.
	Polled func(sensor, outcome string)
	Now    func() time.Time
	Logger *slog.Logger
}

// Sensors asks the sensors of packs what they have found. What one answers and how
// far it says it has come are stored in one transaction: after a restart it neither
// loses nor repeats anything.
type Sensors struct {
	o     SensorOptions
	wake  chan struct{}
	slots chan struct{}

	mu      sync.Mutex // guards what follows, and the fields of sensors that say so
	sensors map[automation.Ref]*sensor
	rules   map[automation.Ref][]automation.Ref // that look at a trigger
	loaded  map[automation.Ref]sensorMark       // as stored; nil until the marks are read
	turns   map[automation.Ref]chan struct{}
}

// sensor is one sensor in service.
type sensor struct {
	what automation.Sensor
	stop context.CancelFunc
	now  chan struct{} // a person wants it polled
	// turn is held by one poll, or one change by a person, at a time; all versions of
	// a sensor share it, also when its pack was away in between.
	turn   chan struct{}
	status automation.SourceStatus
	log    []automation.SensorLine
}

// sensorMark is what is stored of a sensor.
type sensorMark struct {
	Cursor json.RawMessage `json:"cursor,omitempty"`
	Paused bool            `json:"paused,omitempty"`
}

// sensorAnswer is what a sensor found.
type sensorAnswer struct {
	Events []struct {
		Trigger automation.Ref  `json:"trigger"`
		Payload json.RawMessage `json:"payload"`
		// Key names the event: of several with the same key the first counts.
		Key string `json:"key"`
	} `json:"events"`
	Cursor json.RawMessage `json:"cursor"`
	// PollAfter is in how many seconds it wants to be asked again, this once.
	PollAfter *float64 `json:"poll_after"`
}

// NewSensors makes a source. It starts nothing.
func NewSensors(o SensorOptions) *Sensors {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Failed == nil {
		o.Failed = func(context.Context, automation.SourceStatus) {}
	}
	if o.Polled == nil {
		o.Polled = func(string, string) {}
	}
	o.Logger = o.Logger.With("component", "sensors")
	return &Sensors{o: o, wake: make(chan struct{}, 1), slots: make(chan struct{}, pollsAtOnce), sensors: map[automation.Ref]*sensor{}, turns: map[automation.Ref]chan struct{}{}}
}

// Sync makes Run look which sensors there are. Sensors raise their events whether a
// rule wants them or not: what they find is history.
func (s *Sensors) Sync(wanted []automation.Wanted) {
	rules := map[automation.Ref][]automation.Ref{}
	for _, w := range wanted {
		rules[w.Trigger] = append(rules[w.Trigger], w.Rules...)
	}
	s.mu.Lock()
	s.rules = rules
	s.mu.Unlock()
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// Run asks sensors until ctx is done.
func (s *Sensors) Run(ctx context.Context) error {
	var all sync.WaitGroup
	defer all.Wait()
	for {
		wait := time.Minute
		if err := s.load(ctx); err == nil {
			s.follow(ctx, &all)
		} else if wait = time.Second; ctx.Err() == nil {
			s.o.Logger.Error("marks of sensors could not be read; trying again", "err", err)
		}
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

// load reads the marks, once.
func (s *Sensors) load(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.loaded != nil {
		return nil
	}
	marks, err := s.o.Marks.Marks(ctx, sensorSource)
	if err != nil {
		return err
	}
	loaded := make(map[automation.Ref]sensorMark, len(marks))
	for _, m := range marks {
		var mark sensorMark
		if err := json.Unmarshal(m.Value, &mark); err != nil {
			return fmt.Errorf("read the mark of sensor %s: %w", m.Key, err)
		}
		loaded[automation.Ref(m.Key)] = mark
	}
	s.loaded = loaded
	return nil
}

// follow starts sensors that are new and ends those that are gone or have changed.
func (s *Sensors) follow(ctx context.Context, all *sync.WaitGroup) {
	s.mu.Lock()
	defer s.mu.Unlock()
	there := map[automation.Ref]bool{}
	for _, what := range s.o.Sensors() {
		ref := what.Ref()
		there[ref] = true
		old := s.sensors[ref]
		if old != nil && reflect.DeepEqual(old.what, what) {
			continue
		}
		if s.turns[ref] == nil {
			s.turns[ref] = make(chan struct{}, 1)
		}
		x := &sensor{what: what, now: make(chan struct{}, 1), turn: s.turns[ref]}
		if old != nil {
			old.stop()
			x.log, x.status = old.log, old.status
		}
		own, stop := context.WithCancel(ctx)
		x.stop = stop
		s.sensors[ref] = x
		all.Go(func() { s.serve(own, x) })
	}
	for ref, x := range s.sensors {
		if !there[ref] {
			x.stop()
			delete(s.sensors, ref)
		}
	}
}

// serve asks one sensor until ctx is done.
func (s *Sensors) serve(ctx context.Context, x *sensor) {
	defer x.stop()
	if !x.what.Enabled || len(x.what.Unset) > 0 {
		return
	}
	for {
		wait := s.turn(ctx, x, false)
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-x.now:
		case <-timer.C:
		}
		timer.Stop()
	}
}

// turn polls once, unless the sensor is paused, and returns how long to wait.
func (s *Sensors) turn(ctx context.Context, x *sensor, asked bool) time.Duration {
	if !x.take(ctx) {
		return 0
	}
	defer x.release()
	select { // after its turn: one that waits for itself must not hold up others
	case s.slots <- struct{}{}:
		defer func() { <-s.slots }()
	case <-ctx.Done():
		return 0
	}
	mark := s.markNow(x)
	if mark.Paused && !asked {
		return time.Duration(x.what.Interval)
	}
	accepted, pause, err := s.poll(ctx, x, mark)
	if ctx.Err() != nil && err != nil {
		return 0
	}
	return s.note(ctx, x, accepted, pause, err)
}

// take waits until nothing else is done with the sensor; false means that ctx is done.
func (x *sensor) take(ctx context.Context) bool {
	select {
	case x.turn <- struct{}{}:
	case <-ctx.Done():
		return false
	}
	if ctx.Err() != nil { // both were so, and chance decided
		x.release()
		return false
	}
	return true
}

func (x *sensor) release() { <-x.turn }

func (s *Sensors) markNow(x *sensor) sensorMark {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.loaded[x.what.Ref()]
}

// poll asks a sensor and stores what it answers. pause is until when it wants to be
// left alone.
func (s *Sensors) poll(ctx context.Context, x *sensor, mark sensorMark) (_ []automation.Accepted, pause time.Duration, err error) {
	cursor := mark.Cursor
	if len(cursor) == 0 {
		cursor = json.RawMessage("null")
	}
	input, err := json.Marshal(map[string]json.RawMessage{"cursor": cursor})
	if err != nil {
		return nil, 0, fmt.Errorf("encode the cursor: %w", err)
	}
	output, err := s.o.Poll(ctx, x.what, input, func(level automation.LogLevel, text string) { s.line(x, level, text) })
	if err != nil {
		return nil, 0, err
	}
	a, err := readAnswer(x.what, output)
	if err != nil {
		return nil, 0, err
	}
	if len(a.Events) == 0 && bytes.Equal(a.Cursor, mark.Cursor) {
		return nil, a.pause(x.what), nil // one that looks each second need not write each second
	}
	mark.Cursor = a.Cursor
	accepted, err := s.o.Ingester.IngestAll(ctx, s.eventsOf(x.what, a), s.markOf(x, mark))
	if err != nil {
		return nil, 0, fmt.Errorf("store what it found: %w", err)
	}
	s.mu.Lock()
	s.loaded[x.what.Ref()] = mark
	s.mu.Unlock()
	return accepted, a.pause(x.what), nil
}

// pause is how long a sensor is left alone: its interval, unless it said otherwise.
func (a sensorAnswer) pause(what automation.Sensor) time.Duration {
	if a.PollAfter == nil {
		return time.Duration(what.Interval)
	}
	seconds := min(*a.PollAfter, longestPause.Seconds())
	return max(time.Duration(seconds*float64(time.Second)), shortestPause)
}

// eventsOf makes the events of an answer, of several with the same key the first.
func (s *Sensors) eventsOf(what automation.Sensor, a sensorAnswer) []automation.Event {
	seen := map[string]bool{}
	var events []automation.Event
	for _, e := range a.Events {
		ev := automation.Event{Trigger: e.Trigger, Payload: e.Payload, Summary: "found by " + string(what.Ref())}
		if e.Key != "" {
			if seen[e.Key] {
				continue
			}
			seen[e.Key] = true
			ev.Once = &automation.Once{Scope: sensorSource + ":" + string(what.Ref()), Key: e.Key, Until: s.o.Now().Add(keyMemory)}
		}
		events = append(events, ev)
	}
	return events
}

func (s *Sensors) markOf(x *sensor, m sensorMark) automation.Mark {
	value, err := json.Marshal(m)
	if err != nil { // a cursor that was checked, and a flag
		value = []byte("{}")
	}
	return automation.Mark{Source: sensorSource, Key: string(x.what.Ref()), Value: value, At: s.o.Now()}
}

// readAnswer checks what a sensor answered. A trigger without a pack is the
// sensor's own.
func readAnswer(what automation.Sensor, output json.RawMessage) (a sensorAnswer, err error) {
	if err := json.Unmarshal(output, &a); err != nil {
		return a, automation.Invalid("its answer is not {\"events\": [...], \"cursor\": ...}").Because(err)
	}
	if len(a.Events) > maxSensorEvents {
		return a, automation.Invalid("it found %d events at once; at most %d are taken", len(a.Events), maxSensorEvents).
			WithHint("let it answer with the first ones and a cursor behind them")
	}
	if len(a.Cursor) > maxCursor {
		return a, automation.Invalid("its cursor is %d bytes long; at most %d are kept", len(a.Cursor), maxCursor)
	}
	if p := a.PollAfter; p != nil && *p < 0 {
		return a, automation.Invalid("its poll_after is %v", *p).WithHint("it is a number of seconds; leave it out for the usual interval")
	}
	for i := range a.Events {
		e := &a.Events[i]
		if len(e.Key) > maxEventKey {
			return a, automation.Invalid("the key of event %d is %d bytes long; at most %d are taken", i, len(e.Key), maxEventKey)
		}
		ref := e.Trigger
		if !slices.Contains(what.Triggers, ref) {
			ref = automation.NewRef(what.Pack, string(e.Trigger))
		}
		if !slices.Contains(what.Triggers, ref) {
			return a, automation.Invalid("event %d is of the type %q, which the sensor does not declare", i, e.Trigger).
				WithHint("its trigger_types are: %s", joined(what.Triggers))
		}
		if len(e.Payload) == 0 {
			e.Payload = json.RawMessage("null")
		}
		e.Trigger = ref
	}
	return a, nil
}

func joined(refs []automation.Ref) string {
	words := make([]string, len(refs))
	for i, r := range refs {
		words[i] = string(r)
	}
	return strings.Join(words, ", ")
}

// note remembers how a poll went and returns the pause before the next.
func (s *Sensors) note(ctx context.Context, x *sensor, accepted []automation.Accepted, pause time.Duration, err error) time.Duration {
	now, ref := s.o.Now(), string(x.what.Ref())
	s.mu.Lock()
	st := &x.status
	st.Runs++
	st.LastRun = &now
	wait := pause
	if err != nil {
		wait = time.Duration(x.what.Interval)
		wait = min(max(wait, time.Second)<<min(st.Failures, 16), longest(wait))
		st.Failures++
		st.Error, st.Hint = err.Error(), automation.HintOf(err)
	} else {
		st.Failures, st.Error, st.Hint = 0, "", ""
		st.Events += int64(len(accepted))
		if n := len(accepted); n > 0 {
			st.LastEvent = accepted[n-1].Event
		}
	}
	st.Next = []time.Time{now.Add(wait)}
	first := st.Failures == 1
	report := s.report(x)
	s.mu.Unlock()
	if err == nil {
		s.o.Polled(ref, "ok")
		return wait
	}
	s.o.Polled(ref, "error")
	s.o.Logger.Warn("sensor failed; trying again", "sensor", ref, "in", wait, "err", err)
	if first {
		s.o.Failed(ctx, report)
	}
	return wait
}

// longest is the pause after many failures. One that is asked often is to know soon
// that what it asks is back.
func longest(interval time.Duration) time.Duration {
	return max(min(30*interval, longestBackoff), time.Minute, interval)
}

// line keeps what a sensor wrote.
func (s *Sensors) line(x *sensor, level automation.LogLevel, text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for line := range strings.Lines(text) {
		x.log = append(x.log, automation.SensorLine{At: s.o.Now(), Level: level, Text: strings.TrimRight(line, "\r\n")})
	}
	if over := len(x.log) - maxSensorLog; over > 0 {
		x.log = slices.Clone(x.log[over:])
	}
}

// report must be called under the lock.
func (s *Sensors) report(x *sensor) automation.SourceStatus {
	r := x.status
	r.Kind, r.ID, r.Rules = sensorSource, string(x.what.Ref()), s.rulesOf(x.what)
	r.Description = fmt.Sprintf("%s, every %s", x.what.Ref(), time.Duration(x.what.Interval))
	if len(x.what.Triggers) > 0 {
		r.Trigger = x.what.Triggers[0]
	}
	switch {
	case !x.what.Enabled, s.loaded[x.what.Ref()].Paused:
		r.State, r.Next = automation.SourcePaused, nil
	case len(x.what.Unset) > 0:
		r.State, r.Next, r.Failures, r.Error = automation.SourceIdle, nil, 0, ""
		r.Hint = unsetHint(x.what)
	case r.Failures > 0:
		r.State = automation.SourceFailing
	default:
		r.State = automation.SourceRunning
	}
	return r
}

func unsetHint(what automation.Sensor) string {
	return fmt.Sprintf("it is not asked until %s has a value in the configuration of pack %s", strings.Join(what.Unset, " and "), what.Pack)
}

// rulesOf are those that look at what a sensor raises, each once.
func (s *Sensors) rulesOf(what automation.Sensor) []automation.Ref {
	rules := []automation.Ref{}
	for _, t := range what.Triggers {
		rules = append(rules, s.rules[t]...)
	}
	slices.Sort(rules)
	return slices.Compact(rules)
}

// Status says how each sensor is doing.
func (s *Sensors) Status() []automation.SourceStatus {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := []automation.SourceStatus{}
	for _, x := range s.sensors {
		all = append(all, s.report(x))
	}
	slices.SortFunc(all, func(a, b automation.SourceStatus) int { return strings.Compare(a.ID, b.ID) })
	return all
}

// Detail tells all about one sensor.
func (s *Sensors) Detail(ref automation.Ref) (automation.SensorDetail, error) {
	x, err := s.find(ref)
	if err != nil {
		return automation.SensorDetail{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	cursor := s.loaded[ref].Cursor
	if len(cursor) == 0 {
		cursor = json.RawMessage("null")
	}
	return automation.SensorDetail{Sensor: x.what, Status: s.report(x), Cursor: cursor, Log: append([]automation.SensorLine{}, x.log...)}, nil
}

func (s *Sensors) find(ref automation.Ref) (*sensor, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	x := s.sensors[ref]
	if x == nil {
		return nil, automation.NotFound("sensor %q is not in any loaded pack", ref).WithCode("unknown_sensor").
			WithHint("list the sensors there are: squall sensor list")
	}
	return x, nil
}

// Poll asks a sensor now, also one that is paused.
func (s *Sensors) Poll(ctx context.Context, ref automation.Ref) error {
	x, err := s.find(ref)
	if err != nil {
		return err
	}
	if len(x.what.Unset) > 0 {
		return automation.Invalid("sensor %s has nothing to look at", ref).WithCode("sensor_idle").WithHint("%s", unsetHint(x.what))
	}
	s.turn(ctx, x, true)
	s.mu.Lock()
	defer s.mu.Unlock()
	if x.status.Failures > 0 {
		return automation.Unavailable("sensor %s failed: %s", ref, x.status.Error).WithHint("%s", x.status.Hint)
	}
	return ctx.Err()
}

// Pause stops a sensor from being asked, or lets it be asked again. It is durable.
func (s *Sensors) Pause(ctx context.Context, ref automation.Ref, paused bool) error {
	return s.change(ctx, ref, func(m *sensorMark) { m.Paused = paused })
}

// Reset makes a sensor go on from another cursor; null lets it begin anew.
func (s *Sensors) Reset(ctx context.Context, ref automation.Ref, cursor json.RawMessage) error {
	if len(cursor) > maxCursor || len(cursor) > 0 && !json.Valid(cursor) {
		return automation.Invalid("the cursor is not JSON of at most %d bytes", maxCursor)
	}
	return s.change(ctx, ref, func(m *sensorMark) { m.Cursor = cursor })
}

// change stores a wish of a person. A poll under way ends first: its cursor must not
// undo it.
func (s *Sensors) change(ctx context.Context, ref automation.Ref, f func(*sensorMark)) error {
	x, err := s.find(ref)
	if err != nil {
		return err
	}
	if !x.take(ctx) {
		return context.Cause(ctx)
	}
	defer x.release()
	mark := s.markNow(x)
	f(&mark)
	if _, err := s.o.Ingester.IngestAll(ctx, nil, s.markOf(x, mark)); err != nil {
		return fmt.Errorf("store the change of sensor %s: %w", ref, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.loaded[ref] = mark
	if now := s.sensors[ref]; now != nil { // it may be a newer version that has looked already
		select {
		case now.now <- struct{}{}:
		default:
		}
	}
	return nil
}
