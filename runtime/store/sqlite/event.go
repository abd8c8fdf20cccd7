package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/store"
)

const eventColumns = `id, trigger, parameters, payload_bytes, received_at, matched, looked, summary, warning, cause, depth, trace, trace_id`

// eventRead are the columns that an event is read from.
const eventRead = eventColumns + `, sum`

// readEvent is an event as its row holds it, not looked at yet.
type readEvent struct {
	automation.Event
	parameters string
	sum        *int64
}

func (e *readEvent) fields() []any {
	return []any{&e.ID, &e.Trigger, &e.parameters, &e.PayloadBytes, instant{&e.ReceivedAt},
		&e.Matched, &e.Looked, &e.Summary, &e.Warning, &e.Cause, &e.Depth, &e.Trace, &e.TraceID, &e.sum}
}

// whole decodes the event, if it is what was written.
func (e *readEvent) whole() error {
	if !eventRow(&e.Event, e.parameters).fits(e.sum) || json.Unmarshal([]byte(e.parameters), &e.Parameters) != nil {
		return damagedRow("event", e.ID)
	}
	return nil
}

// scanEvent reads an event for a list, where a damaged one says that it is.
func scanEvent(row scanner) (automation.Event, error) {
	var e readEvent
	if err := row.Scan(e.fields()...); err != nil {
		return e.Event, err
	}
	if e.whole() != nil {
		e.Summary, e.Warning = rowDamaged, rowDamaged
	}
	return e.Event, nil
}

// Event returns one event with payload, verdicts and executions.
func (s *Store) Event(ctx context.Context, id string) (e automation.Event, err error) {
	err = s.snapshot(ctx, "read event "+id, func(q querier) error {
		e, err = event(ctx, q, id)
		return err
	})
	return e, err
}

func event(ctx context.Context, q querier, id string) (automation.Event, error) {
	var row readEvent
	err := q.QueryRowContext(ctx, `SELECT `+eventRead+` FROM events WHERE id = ?`, id).Scan(row.fields()...)
	if errors.Is(err, sql.ErrNoRows) {
		err = unknownEvent(id)
	}
	if err == nil {
		err = row.whole()
	}
	e := row.Event
	if err != nil {
		return e, err
	}
	var sum *int64
	payload := q.QueryRowContext(ctx, `SELECT payload, sum FROM event_payloads WHERE event = ?`, id)
	if err := payload.Scan(raw{&e.Payload}, &sum); err != nil && !errors.Is(err, sql.ErrNoRows) {
		return e, err
	}
	if err := eventWhole(e, sum); err != nil {
		return e, err
	}
	e.Verdicts, err = collect(ctx, q, scanVerdict,
		`SELECT `+verdictRead+` FROM verdicts WHERE event = ? ORDER BY position`, id)
	if err != nil {
		return e, err
	}
	e.Executions, err = collect(ctx, q, scanSummary,
		`SELECT `+listColumns+` FROM executions WHERE event = ? AND event <> '' ORDER BY id`, id)
	return e, err
}

// EventDepth returns only how many events in a chain led to one.
func (s *Store) EventDepth(ctx context.Context, id string) (depth int, err error) {
	err = s.read.QueryRowContext(ctx, `SELECT depth FROM events WHERE id = ?`, id).Scan(&depth)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, unknownEvent(id)
	}
	if err != nil {
		return 0, fmt.Errorf("read the depth of event %s: %w", id, s.readError(ctx, err))
	}
	return depth, nil
}

func unknownEvent(id string) error {
	return automation.NotFound("there is no event %s", id).WithCode("unknown_event")
}

// Events lists events, newest first.
func (s *Store) Events(ctx context.Context, q store.EventQuery) ([]automation.Event, error) {
	w := &where{}
	w.ref("trigger", q.Trigger)
	w.matched(q.Matched)
	if q.TraceID != "" {
		w.add(`+trace_id = ? AND id IN (SELECT ? UNION ALL SELECT id FROM events WHERE trace_id = ? AND trace_id <> '' AND trace_id <> id)`,
			q.TraceID, q.TraceID, q.TraceID)
	}
	w.contains(q.Text, "id", "summary")
	w.between("received_at", q.Since, q.Until)
	if q.After != "" {
		w.add("id < ?", q.After)
	}
	events, err := collect(ctx, s.read, scanEvent,
		`SELECT `+eventRead+` FROM events`+w.String()+` ORDER BY id DESC LIMIT ?`,
		append(w.args, limitOr(q.Limit, defaultLimit))...)
	if err != nil {
		return nil, fmt.Errorf("list events: %w", s.readError(ctx, err))
	}
	return events, nil
}

// recentBytes bounds the payloads that RecentEvents returns together.
const recentBytes = 32 << 20

// RecentEvents returns the newest events of a trigger type with their payloads.
func (s *Store) RecentEvents(ctx context.Context, trigger automation.Ref, after string, limit int) ([]automation.Event, error) {
	w := &where{}
	w.equal("trigger", string(trigger))
	if after != "" {
		w.add("id < ?", after)
	}
	events, err := s.recent(ctx, `SELECT `+eventRead+`, coalesce((SELECT payload FROM event_payloads WHERE event = events.id), 'null'),
		(SELECT sum FROM event_payloads WHERE event = events.id) FROM events`+
		w.String()+` ORDER BY id DESC LIMIT ?`, append(w.args, limitOr(limit, defaultLimit))...)
	if err != nil {
		return nil, fmt.Errorf("read recent events: %w", s.readError(ctx, err))
	}
	return events, nil
}

func (s *Store) recent(ctx context.Context, query string, args ...any) ([]automation.Event, error) {
	rows, err := s.read.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	events, left := []automation.Event{}, recentBytes
	for left > 0 && rows.Next() {
		var e readEvent
		var sum *int64
		if err := rows.Scan(append(e.fields(), raw{&e.Payload}, &sum)...); err != nil {
			return nil, err
		}
		if err := cmp.Or(e.whole(), eventWhole(e.Event, sum)); err != nil {
			s.logger.Warn("a damaged event is left out", "event", e.ID, "err", err)
			continue
		}
		left -= len(e.Payload)
		events = append(events, e.Event)
	}
	return events, rows.Err()
}

func (w *where) matched(want *bool) {
	switch {
	case want == nil:
	case *want:
		w.add("matched > 0")
	default:
		w.add("matched = 0")
	}
}

// eventRows is an event as the writer stores it. It is made before the writer's
// turn: what it encodes, the others need not wait for.
type eventRows struct {
	event   []any
	payload []any // nil when there is none
	change  automation.Change
}

func newEventRows(e automation.Event) (eventRows, error) {
	if !automation.ValidID(e.ID) {
		return eventRows{}, automation.Invalid("%q is not an event id", e.ID)
	}
	parameters, err := json.Marshal(e.Parameters)
	if err != nil {
		return eventRows{}, automation.Invalid("the parameters of event %s can not be stored", e.ID).Because(err)
	}
	if e.PayloadBytes == 0 {
		e.PayloadBytes = int64(len(e.Payload))
	}
	rows := eventRows{event: []any{e.ID, string(e.Trigger), string(parameters), e.PayloadBytes,
		nanos(e.ReceivedAt), e.Matched, e.Looked, e.Summary, e.Warning, e.Cause, e.Depth, e.Trace, e.TraceID,
		eventRow(&e, string(parameters)).sum()}}
	if e.Payload != nil {
		rows.payload = []any{e.ID, string(e.Payload), sumOf(e.ID, string(e.Payload))}
	}
	e.Payload, e.Verdicts, e.Executions = nil, nil, nil
	rows.change = automation.Change{Kind: automation.EventCreated, Event: &e}
	return rows, nil
}

func (r eventRows) insert(t *tx) error {
	const insertEvent = `INSERT INTO events (` + eventRead + `) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
	if err := t.exec(insertEvent, r.event...); err != nil {
		return err
	}
	if r.payload != nil {
		const insertPayload = `INSERT INTO event_payloads (event, payload, sum) VALUES (?, ?, ?)`
		if err := t.exec(insertPayload, r.payload...); err != nil {
			return err
		}
	}
	t.announce(r.change)
	return nil
}
