package sqlite

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/store"
)

// Bounds of a verdict's criteria. A criterion quotes the event, and an event may
// be large: a rule that looked must not cost more than the event itself.
const (
	maxCriteria      = 64 << 10 // bytes of all criteria as JSON before they are cut
	maxCriterion     = 512      // bytes of one quoted value once they are
	maxCriteriaCount = 100      // criteria that are kept once they are
)

const verdictColumns = `event, rule, item, outcome, held, total, criteria, error, control, reason, observed, execution, released_by, released_at`

// verdictRead are the columns that a verdict is read from.
const verdictRead = verdictColumns + `, sum`

// scanVerdict reads a verdict. A damaged one says that it is, instead of what it says.
func scanVerdict(row scanner) (v automation.Verdict, err error) {
	item, text := noItem, ""
	var sum *int64
	err = row.Scan(&v.Event, &v.Rule, &item, &v.Outcome, &v.Held, &v.Total, &text, &v.Error,
		&v.Control, &v.Reason, &v.Observed, &v.Execution, &v.ReleasedBy, maybeInstant{&v.ReleasedAt}, &sum)
	if err != nil {
		return v, err
	}
	if item != noItem {
		v.Item = &item
	}
	if !verdictRow(&v, v.Event, text).fits(sum) || decodeCriteria(text, &v.Criteria) != nil {
		v.Criteria, v.Error = nil, rowDamaged
	}
	return v, nil
}

// noItem stands for an event that was judged as a whole.
const noItem = -1

func itemOf(v automation.Verdict) int {
	if v.Item == nil {
		return noItem
	}
	return *v.Item
}

// decodeCriteria reads criteria, with their numbers as they were written: a float64
// would show another id than the one that was compared.
func decodeCriteria(text string, into *[]automation.CriterionResult) error {
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	return d.Decode(into)
}

// Verdicts lists verdicts, newest event first. The last event is there whole: the
// next page begins with an older one.
func (s *Store) Verdicts(ctx context.Context, q store.VerdictQuery) ([]automation.Verdict, error) {
	w := &where{}
	w.equal("rule", string(q.Rule))
	in(w, "outcome", q.Outcomes)
	if q.Held {
		w.add("outcome = 'suppressed' AND released_by = ''")
	}
	if q.After != "" {
		w.add("event < ?", q.After)
	}
	whole := w.clone()
	whole.add(`event >= coalesce((SELECT event FROM verdicts`+w.String()+` ORDER BY event DESC LIMIT 1 OFFSET ?), '')`,
		append(w.args, limitOr(q.Limit, defaultLimit)-1)...)
	verdicts, err := collect(ctx, s.read, scanVerdict,
		`SELECT `+verdictRead+` FROM verdicts`+whole.String()+` ORDER BY event DESC, position`, whole.args...)
	if err != nil {
		return nil, fmt.Errorf("list verdicts: %w", s.readError(ctx, err))
	}
	return verdicts, nil
}

// newVerdictRow is a verdict as the writer stores it.
func newVerdictRow(event string, position int, v automation.Verdict) ([]any, error) {
	if v.Event != "" && v.Event != event {
		return nil, automation.Invalid("the verdict of %s is about event %s, not %s", v.Rule, v.Event, event)
	}
	text, err := encodeCriteria(v.Criteria)
	if err != nil {
		return nil, automation.Invalid("the verdict of %s can not be stored", v.Rule).Because(err)
	}
	return []any{event, string(v.Rule), itemOf(v), string(v.Outcome), v.Held, v.Total, text, v.Error, string(v.Control),
		v.Reason, v.Observed, v.Execution, v.ReleasedBy, nanosOrNull(v.ReleasedAt), verdictRow(&v, event, text).sum(), position}, nil
}

func insertVerdict(t *tx, row []any) error {
	return t.exec(`INSERT INTO verdicts (`+verdictRead+`, position) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, row...)
}

// releaseVerdict lets a suppressed verdict pass, once.
func releaseVerdict(t *tx, r store.Release) error {
	row, err := t.row(`SELECT outcome, released_by FROM verdicts WHERE rule = ? AND event = ? AND item = ?`, string(r.Rule), r.Event, r.Item)
	if err != nil {
		return err
	}
	var outcome automation.Outcome
	var by string
	switch err := row.Scan(&outcome, &by); {
	case errors.Is(err, sql.ErrNoRows):
		return automation.NotFound("rule %s has no verdict on event %s", r.Rule, r.Event).WithCode("unknown_verdict")
	case err != nil:
		return err
	case outcome != automation.Suppressed:
		return automation.Conflict("the verdict of %s on event %s is %s, not suppressed", r.Rule, r.Event, outcome).WithCode("not_suppressed")
	case by != "":
		return automation.Conflict("the verdict of %s on event %s was released already, by %s", r.Rule, r.Event, by).WithCode("already_released")
	}
	return t.exec(`UPDATE verdicts SET execution = ?, released_by = ?, released_at = ? WHERE rule = ? AND event = ? AND item = ?`,
		r.Execution, r.By, nanos(r.At), string(r.Rule), r.Event, r.Item)
}

// encodeCriteria is their JSON, cut when it is too long.
func encodeCriteria(all []automation.CriterionResult) (string, error) {
	if all == nil {
		return "[]", nil
	}
	text, err := json.Marshal(all)
	if err != nil || len(text) <= maxCriteria {
		return string(text), err
	}
	text, err = json.Marshal(cutCriteria(all))
	return string(text), err
}

// cutCriteria cuts what criteria quote, and leaves out those beyond the limit; the
// members of groups count like the others.
func cutCriteria(all []automation.CriterionResult) []automation.CriterionResult {
	left := maxCriteriaCount
	return cutMembers(all, &left)
}

func cutMembers(all []automation.CriterionResult, left *int) []automation.CriterionResult {
	var kept []automation.CriterionResult
	for _, c := range all {
		if *left == 0 {
			break
		}
		*left--
		c.Key, c.Error = cutText(c.Key), cutText(c.Error)
		c.Pattern, c.Actual = cutValue(c.Pattern), cutValue(c.Actual)
		c.Members = cutMembers(c.Members, left)
		kept = append(kept, c)
	}
	return kept
}

// cutValue keeps the beginning of a value that is long as JSON, as text.
func cutValue(v any) any {
	text, err := json.Marshal(v)
	if err != nil || len(text) <= maxCriterion {
		return v
	}
	return cutText(string(text))
}

func cutText(s string) string {
	if len(s) <= maxCriterion {
		return s
	}
	return fmt.Sprintf("%s... (%d bytes)", bytes.ToValidUTF8([]byte(s[:maxCriterion]), nil), len(s))
}
