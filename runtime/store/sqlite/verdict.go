package sqlite

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	"github.com/squall-dev/squall/runtime/automation"
)

// Bounds of a verdict's criteria. A criterion quotes the event, and an event may
// be large: a rule that looked must not cost more than the event itself.
const (
	maxCriteria      = 64 << 10 // bytes of all criteria as JSON before they are cut
	maxCriterion     = 512      // bytes of one quoted value once they are
	maxCriteriaCount = 100      // criteria that are kept once they are
)

const verdictColumns = `event, rule, outcome, held, total, criteria, error, execution`

func scanVerdict(row scanner) (v automation.Verdict, err error) {
	err = row.Scan(&v.Event, &v.Rule, &v.Outcome, &v.Held, &v.Total, criteria{&v.Criteria}, &v.Error, &v.Execution)
	return v, err
}

// criteria scans criteria, with their numbers as they were written: a float64
// would show another id than the one that was compared.
type criteria struct {
	into *[]automation.CriterionResult
}

func (c criteria) Scan(v any) error {
	text, ok := v.(string)
	if !ok {
		return fmt.Errorf("criteria are stored as %T", v)
	}
	d := json.NewDecoder(bytes.NewReader([]byte(text)))
	d.UseNumber()
	return d.Decode(c.into)
}

// Verdicts returns the newest verdicts of a rule.
func (s *Store) Verdicts(ctx context.Context, rule automation.Ref, limit int) ([]automation.Verdict, error) {
	verdicts, err := collect(ctx, s.read, scanVerdict,
		`SELECT `+verdictColumns+` FROM verdicts WHERE rule = ? ORDER BY event DESC LIMIT ?`,
		string(rule), limitOr(limit, defaultLimit))
	if err != nil {
		return nil, fmt.Errorf("list verdicts of %s: %w", rule, s.readError(ctx, err))
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
	return []any{event, string(v.Rule), string(v.Outcome), v.Held, v.Total, text, v.Error, v.Execution, position}, nil
}

func insertVerdict(t *tx, row []any) error {
	return t.exec(`INSERT INTO verdicts (`+verdictColumns+`, position) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`, row...)
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

func cutCriteria(all []automation.CriterionResult) []automation.CriterionResult {
	kept := make([]automation.CriterionResult, min(len(all), maxCriteriaCount))
	for i := range kept {
		c := all[i]
		c.Key, c.Error = cutText(c.Key), cutText(c.Error)
		c.Pattern, c.Actual = cutValue(c.Pattern), cutValue(c.Actual)
		kept[i] = c
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
