package sqlite

import (
	"strings"
	"time"
)

// defaultLimit is the length of a list when the query does not say.
const defaultLimit = 100

func limitOr(limit, otherwise int) int {
	if limit <= 0 {
		return otherwise
	}
	return limit
}

// where collects conditions that must all hold, with their arguments. The
// conditions are ours; whatever comes from outside is an argument.
type where struct {
	conditions []string
	args       []any
}

func (w *where) add(condition string, args ...any) {
	w.conditions = append(w.conditions, condition)
	w.args = append(w.args, args...)
}

// String is the WHERE clause, or nothing.
func (w *where) String() string {
	if len(w.conditions) == 0 {
		return ""
	}
	return " WHERE " + strings.Join(w.conditions, " AND ")
}

// clone returns a copy that grows on its own.
func (w *where) clone() *where {
	return &where{
		conditions: append([]string(nil), w.conditions...),
		args:       append([]any(nil), w.args...),
	}
}

// equal restricts column unless v is empty.
func (w *where) equal(column, v string) {
	if v != "" {
		w.add(column+" = ?", v)
	}
}

// ref restricts column to a name or to a pattern with "*".
func (w *where) ref(column, pattern string) {
	if !strings.Contains(pattern, "*") {
		w.equal(column, pattern)
		return
	}
	// The plus keeps SQLite from walking the column's index and sorting all that
	// it finds; in the order of ids it can stop at the limit.
	w.add("+"+column+" GLOB ?", globEscaper.Replace(pattern))
}

// globEscaper leaves "*" its meaning and takes it from the rest.
var globEscaper = strings.NewReplacer("?", "[?]", "[", "[[]")

// between restricts a time column. Until is exclusive.
func (w *where) between(column string, since, until time.Time) {
	if !since.IsZero() {
		w.add(column+" >= ?", nanos(since))
	}
	if !until.IsZero() {
		w.add(column+" < ?", nanos(until))
	}
}

// contains restricts to rows where some column holds the text, in any case.
func (w *where) contains(text string, columns ...string) {
	if text == "" {
		return
	}
	var any []string
	for _, column := range columns {
		any = append(any, column+` LIKE ? ESCAPE '\'`)
		w.args = append(w.args, "%"+likeEscaper.Replace(text)+"%")
	}
	w.conditions = append(w.conditions, "("+strings.Join(any, " OR ")+")")
}

var likeEscaper = strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)

// in restricts column to some values, unless there are none.
func in[T ~string](w *where, column string, values []T) {
	if len(values) == 0 {
		return
	}
	marks := strings.Repeat(", ?", len(values))[2:]
	args := make([]any, len(values))
	for i, v := range values {
		args[i] = string(v)
	}
	w.add(column+" IN ("+marks+")", args...)
}
