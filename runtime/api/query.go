package api

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/squall-dev/squall/runtime/automation"
	filter "github.com/squall-dev/squall/runtime/query"
)

// query reads URL parameters and remembers the first that is bad.
type query struct {
	c   echo.Context
	err error
}

func (q *query) text(name string) string { return q.c.QueryParam(name) }

func (q *query) number(name string, def, least, most int) int {
	text := q.c.QueryParam(name)
	if text == "" {
		return def
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < least || n > most {
		q.fail("%s must be a number from %d to %d, not %q", name, least, most, brief(text))
		return def
	}
	return n
}

func (q *query) limit() int { return q.number("limit", 100, 1, 1000) }

// id reads an id; an empty one is allowed.
func (q *query) id(name string) string {
	id := q.c.QueryParam(name)
	if id != "" && !automation.ValidID(id) {
		q.fail("%s must be an id of %d hexadecimal digits, not %q", name, automation.IDLength, brief(id))
	}
	return id
}

// moment reads a time in RFC 3339, or a duration before now ("24h").
func (q *query) moment(name string) time.Time {
	text := q.c.QueryParam(name)
	if text == "" {
		return time.Time{}
	}
	if d, err := time.ParseDuration(text); err == nil && d >= 0 {
		return time.Now().Add(-d)
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		q.fail("%s must be a time such as 2026-01-02T15:04:05Z or a duration such as 24h, not %q", name, brief(text))
	}
	return t
}

// filter reads the language of filters.
func (q *query) filter() filter.Filter {
	f, err := filter.Parse(q.c.QueryParam("q"), time.Now())
	if err != nil && q.err == nil {
		q.err = err
	}
	return f
}

func (q *query) statuses() []automation.Status { return wordsOf(q, "status", automation.Statuses()) }

// wordsOf reads a list with commas of words that are known.
func wordsOf[W ~string](q *query, name string, known []W) []W {
	var out []W
	for text := range strings.SplitSeq(q.c.QueryParam(name), ",") {
		switch word := W(text); {
		case text == "":
		case !slices.Contains(known, word):
			q.fail("%s %q is not one of %v", name, brief(text), known)
		default:
			out = append(out, word)
		}
	}
	return out
}

func (q *query) flag(name string) *bool {
	text := q.c.QueryParam(name)
	if text == "" {
		return nil
	}
	b, err := strconv.ParseBool(text)
	if err != nil {
		q.fail("%s must be true or false, not %q", name, brief(text))
	}
	return &b
}

func (q *query) fail(format string, args ...any) {
	if q.err == nil {
		q.err = automation.Invalid(format, args...).WithCode("malformed")
	}
}

// pathID reads the id of the resource a route names.
func pathID(c echo.Context) (string, error) {
	id := c.Param("id")
	if !automation.ValidID(id) {
		return "", automation.NotFound("%q is not an id", brief(id)).WithHint("ids are %d hexadecimal digits", automation.IDLength)
	}
	return id, nil
}
