package rule

import (
	"net/mail"
	"strconv"
	"strings"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/expr"
)

// ageTest compares how many seconds ago the value was with the pattern. A value
// in the future has a negative age.
func ageTest(f func(age, limit float64) bool) func(any, string) (predicate, error) {
	return func(pattern any, _ string) (predicate, error) {
		limit, err := wantSeconds(pattern)
		if err != nil {
			return nil, err
		}
		return func(v any, s scope) (bool, error) {
			t, err := wantTime(v)
			return err == nil && f(s.now.Sub(t).Seconds(), limit), err
		}, nil
	}
}

func wantSeconds(pattern any) (float64, error) {
	if s, ok := pattern.(string); ok {
		f, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
		if err != nil {
			return 0, automation.Invalid("the pattern %q is not a number of seconds", s)
		}
		return f, nil
	}
	f, ok := expr.Float(pattern)
	if !ok {
		return 0, automation.Invalid("the pattern is %s, not a number of seconds", describe(pattern))
	}
	return f, nil
}

func wantTime(v any) (time.Time, error) {
	s, err := wantText("the value", v)
	if err != nil {
		return time.Time{}, err
	}
	s = strings.TrimSpace(s)
	for _, layout := range dateLayouts() {
		if t, err := time.Parse(layout, s); err == nil { // UTC where no zone is written
			return t, nil
		}
	}
	if t, err := mail.ParseDate(s); err == nil {
		return t, nil
	}
	return time.Time{}, automation.Invalid("the value %q is not a date that can be read", cut(s))
}

// dateLayouts are the forms of ISO 8601 that senders use; fractions of a second
// are accepted by all that have seconds.
func dateLayouts() []string {
	return []string{
		time.RFC3339,
		"2006-01-02T15:04:05",
		"2006-01-02T15:04:05-0700",
		"2006-01-02T15:04:05-07",
		"2006-01-02T15:04Z07:00",
		"2006-01-02T15:04",
		"2006-01-02 15:04:05Z07:00",
		"2006-01-02 15:04:05-0700",
		"2006-01-02 15:04:05 -0700",
		"2006-01-02 15:04:05 MST",
		"2006-01-02 15:04:05",
		"2006-01-02 15:04",
		"2006-01-02",
		"20060102T150405Z07:00",
		"20060102T150405",
		"20060102",
		time.ANSIC,
		time.UnixDate,
		time.RFC850,
	}
}
