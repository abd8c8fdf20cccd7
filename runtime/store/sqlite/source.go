package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/store"
)

// Marks returns how far a source has come.
func (s *Store) Marks(ctx context.Context, source string) ([]automation.Mark, error) {
	marks, err := collect(ctx, s.read, func(row scanner) (m automation.Mark, err error) {
		err = row.Scan(&m.Source, &m.Key, raw{&m.Value}, instant{&m.At})
		return m, err
	}, `SELECT source, key, value, updated_at FROM marks WHERE source = ? ORDER BY key`, source)
	if err != nil {
		return nil, fmt.Errorf("read marks of %s: %w", source, s.readError(ctx, err))
	}
	return marks, nil
}

func putMark(t *tx, m automation.Mark) error {
	return t.exec(`INSERT INTO marks (source, key, value, updated_at) VALUES (?, ?, ?, ?)
		ON CONFLICT (source, key) DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at`,
		m.Source, m.Key, textOr(m.Value, "null"), nanos(m.At))
}

// FlowStates returns what controls remember.
func (s *Store) FlowStates(ctx context.Context, at time.Time) ([]automation.FlowState, error) {
	states, err := collect(ctx, s.read, func(row scanner) (f automation.FlowState, err error) {
		err = row.Scan(&f.Rule, &f.Control, &f.Key, raw{&f.Value}, instant{&f.Expires}, &f.Version)
		return f, err
	}, `SELECT rule, control, key, value, expires_at, version FROM flow_states WHERE expires_at > ? ORDER BY rule, control, key`, nanos(at))
	if err != nil {
		return nil, fmt.Errorf("read flow states: %w", s.readError(ctx, err))
	}
	return states, nil
}

func putFlowState(t *tx, f automation.FlowState) error {
	return t.exec(`INSERT INTO flow_states (rule, control, key, value, expires_at, version) VALUES (?, ?, ?, ?, ?, ?)
		ON CONFLICT (rule, control, key) DO UPDATE SET value = excluded.value, expires_at = excluded.expires_at, version = excluded.version
		WHERE excluded.version > flow_states.version`,
		string(f.Rule), string(f.Control), f.Key, textOr(f.Value, "null"), nanos(f.Expires), f.Version)
}

// forgetDeliveries walks the index of deliveries once, whatever the number kept: all
// other writers wait for it.
const forgetDeliveries = `DELETE FROM deliveries WHERE id IN (
	SELECT id FROM (SELECT id, row_number() OVER (PARTITION BY webhook, outcome ORDER BY id DESC) AS place FROM deliveries) WHERE place > ?)`

// Forget removes what has expired, and old deliveries.
func (s *Store) Forget(ctx context.Context, at time.Time, deliveries int) (removed int, err error) {
	err = s.do(ctx, "forget", func(t *tx) error {
		removed = 0
		for _, q := range []struct {
			query string
			arg   any
		}{
			{`DELETE FROM flow_states WHERE expires_at <= ?`, nanos(at)},
			{`DELETE FROM event_keys WHERE expires_at <= ?`, nanos(at)},
			{`DELETE FROM kv WHERE expires_at <= ?`, nanos(at)},
			{forgetDeliveries, deliveries},
		} {
			if err := t.exec(q.query, q.arg); err != nil {
				return err
			}
			n, err := t.changed()
			if err != nil {
				return err
			}
			removed += n
		}
		return nil
	})
	return removed, err
}

// changed is how many rows the last statement changed.
func (t *tx) changed() (n int, err error) {
	row, err := t.row(`SELECT changes()`)
	if err != nil {
		return 0, err
	}
	return n, row.Scan(&n)
}

// KeyedEvent returns the event that came with an idempotency key.
func (s *Store) KeyedEvent(ctx context.Context, webhook, key string, at time.Time) (event string, err error) {
	err = s.read.QueryRowContext(ctx, `SELECT event FROM event_keys WHERE webhook = ? AND key = ? AND expires_at > ?`, webhook, key, nanos(at)).Scan(&event)
	if errors.Is(err, sql.ErrNoRows) {
		return "", automation.NotFound("webhook %s has no event with this key", webhook)
	}
	if err != nil {
		return "", fmt.Errorf("read event key: %w", s.readError(ctx, err))
	}
	return event, nil
}

// insertEventKey refuses a key that is there and has not expired when the event
// arrives.
func insertEventKey(t *tx, k store.EventKey, e *automation.Event) error {
	row, err := t.row(`SELECT event FROM event_keys WHERE webhook = ? AND key = ? AND expires_at > ?`, k.Webhook, k.Key, nanos(e.ReceivedAt))
	if err != nil {
		return err
	}
	var first string
	switch err := row.Scan(&first); {
	case err == nil:
		return automation.Conflict("this delivery was accepted already, as event %s", first).WithCode(store.CodeDuplicateEvent)
	case !errors.Is(err, sql.ErrNoRows):
		return err
	}
	return t.exec(`INSERT OR REPLACE INTO event_keys (webhook, key, event, expires_at) VALUES (?, ?, ?, ?)`, k.Webhook, k.Key, e.ID, nanos(k.Expires))
}

const deliveryColumns = `id, webhook, at, outcome, code, message, status, remote, headers, body, body_bytes, event, redacted`

// PutDelivery keeps what was posted to a webhook.
func (s *Store) PutDelivery(ctx context.Context, d automation.Delivery) error {
	return s.do(ctx, "keep delivery", func(t *tx) error {
		return t.exec(`INSERT INTO deliveries (`+deliveryColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			d.ID, d.Webhook, nanos(d.At), string(d.Outcome), d.Code, d.Message, d.Status, d.Remote,
			textOr(d.Headers, "{}"), d.Body, d.BodyBytes, d.Event, d.Redacted)
	})
}

// Deliveries lists what was posted to webhooks, newest first.
func (s *Store) Deliveries(ctx context.Context, q store.DeliveryQuery) ([]automation.Delivery, error) {
	w := &where{}
	w.equal("webhook", q.Webhook)
	in(w, "outcome", q.Outcomes)
	if q.After != "" {
		w.add("id < ?", q.After)
	}
	all, err := collect(ctx, s.read, func(row scanner) (d automation.Delivery, err error) {
		err = row.Scan(&d.ID, &d.Webhook, instant{&d.At}, &d.Outcome, &d.Code, &d.Message, &d.Status, &d.Remote,
			raw{&d.Headers}, &d.Body, &d.BodyBytes, &d.Event, &d.Redacted)
		return d, err
	}, `SELECT `+deliveryColumns+` FROM deliveries`+w.String()+` ORDER BY id DESC LIMIT ?`, append(w.args, limitOr(q.Limit, defaultLimit))...)
	if err != nil {
		return nil, fmt.Errorf("list deliveries: %w", s.readError(ctx, err))
	}
	return all, nil
}

// textOr is a JSON text, or what stands for none.
func textOr(v json.RawMessage, none string) string {
	if len(v) == 0 {
		return none
	}
	return string(v)
}
