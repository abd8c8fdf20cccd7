package trigger

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
)

// The fields of a cron schedule, from the largest to the smallest. Their names and
// what they accept are APScheduler's, which is what StackStorm's timers use:
// https://apscheduler.readthedocs.io/en/3.x/modules/triggers/cron.html
const (
	fieldYear = iota
	fieldMonth
	fieldDay
	fieldWeek
	fieldWeekday
	fieldHour
	fieldMinute
	fieldSecond
	fieldCount
)

// cronField says what one field may hold.
type cronField struct {
	name        string
	least, most int
	fallback    string   // what stands for it below the smallest field that is given
	names       []string // of its values, from least on
}

func cronFields() [fieldCount]cronField {
	return [fieldCount]cronField{
		fieldYear:    {"year", 1970, 9999, "*", nil},
		fieldMonth:   {"month", 1, 12, "1", []string{"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"}},
		fieldDay:     {"day", 1, 31, "1", nil},
		fieldWeek:    {"week", 1, 53, "*", nil},
		fieldWeekday: {"day_of_week", 0, 6, "*", weekdays()},
		fieldHour:    {"hour", 0, 23, "0", nil},
		fieldMinute:  {"minute", 0, 59, "0", nil},
		fieldSecond:  {"second", 0, 59, "0", nil},
	}
}

func weekdays() []string { return []string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"} }

// matcher tells whether a value fits a field. The day is there for fields that
// depend on its month.
type matcher func(value int, day time.Time) bool

// parseField reads one field: a list of alternatives with commas between.
func parseField(f cronField, text string) (matcher, error) {
	var any []matcher
	for part := range strings.SplitSeq(text, ",") {
		m, err := parseAlternative(f, strings.ToLower(strings.TrimSpace(part)))
		if err != nil {
			return nil, err
		}
		any = append(any, m)
	}
	return func(v int, day time.Time) bool {
		return slices.ContainsFunc(any, func(m matcher) bool { return m(v, day) })
	}, nil
}

func parseAlternative(f cronField, text string) (matcher, error) {
	if f.name == "day" {
		if m, ok := parseDayWord(text); ok {
			return m, nil
		}
	}
	body, stepText, stepped := strings.Cut(text, "/")
	step := 1
	if stepped {
		n, err := strconv.Atoi(stepText)
		if err != nil || n < 1 {
			return nil, automation.Invalid("%s: the step of %q is not a whole number from 1 on", f.name, text)
		}
		step = n
	}
	first, last, err := f.span(body, stepped)
	if err != nil {
		return nil, err
	}
	return func(v int, _ time.Time) bool { return v >= first && v <= last && (v-first)%step == 0 }, nil
}

// span reads "*", a value, or a span of values.
func (f cronField) span(text string, stepped bool) (first, last int, err error) {
	if text == "*" {
		return f.least, f.most, nil
	}
	from, to, isSpan := strings.Cut(text, "-")
	if first, err = f.value(from); err != nil {
		return 0, 0, err
	}
	switch {
	case isSpan:
		last, err = f.value(to)
	case stepped: // 5/10 goes on to the end
		last = f.most
	default:
		last = first
	}
	if err == nil && last < first {
		err = automation.Invalid("%s: %q runs backwards", f.name, text)
	}
	return first, last, err
}

func (f cronField) value(text string) (int, error) {
	text = strings.TrimSpace(text)
	if i := slices.Index(f.names, text); i >= 0 {
		return f.least + i, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < f.least || n > f.most {
		e := automation.Invalid("%s: %q is not a number from %d to %d", f.name, text, f.least, f.most)
		if f.names != nil {
			return 0, e.WithHint("or one of: %s", strings.Join(f.names, ", "))
		}
		return 0, e.WithHint("write a number, *, */5, 1-5, 1-10/2 or a list of them with commas")
	}
	return n, nil
}

// parseDayWord reads "last", "2nd fri" and "last sun".
func parseDayWord(text string) (matcher, bool) {
	if text == "last" {
		return func(v int, day time.Time) bool { return v == daysIn(day) }, true
	}
	which, name, ok := strings.Cut(text, " ")
	weekday := slices.Index(weekdays(), strings.TrimSpace(name))
	nth := slices.Index([]string{"last", "1st", "2nd", "3rd", "4th", "5th"}, which)
	if !ok || weekday < 0 || nth < 0 {
		return nil, false
	}
	return func(v int, day time.Time) bool {
		if weekdayOf(day) != weekday {
			return false
		}
		if nth == 0 {
			return v+7 > daysIn(day)
		}
		return (v-1)/7 == nth-1
	}, true
}

func daysIn(day time.Time) int {
	return time.Date(day.Year(), day.Month()+1, 0, 0, 0, 0, 0, time.UTC).Day()
}

// weekdayOf counts from Monday, 0.
func weekdayOf(day time.Time) int { return (int(day.Weekday()) + 6) % 7 }
