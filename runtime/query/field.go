package query

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
)

// Key is a key of the language, for completion and for its documentation.
type Key struct {
	Name    string
	Doc     string
	Example string
	// exact keys take no pattern.
	exact bool
}

// Keys are all keys, in the order in which people need them.
func Keys() []Key {
	return []Key{
		{Name: "status", Doc: "pending, delayed, paused, running, waiting, succeeded, failed, timed_out, canceled", Example: "status:failed,timed_out", exact: true},
		{Name: "action", Doc: "the action", Example: "action:k8s.*"},
		{Name: "pack", Doc: "the pack of the action", Example: "pack:k8s"},
		{Name: "rule", Doc: "the rule that started it", Example: "-rule:noisy.*"},
		{Name: "trigger", Doc: "the trigger of the event that started it", Example: "trigger:alertmanager.*"},
		{Name: "actor", Doc: "the person who started it", Example: "actor:mira"},
		{Name: "event", Doc: "the event that started it", Example: "event:6740b1e2c3d4e5f6a7b8c9d0", exact: true},
		{Name: "parent", Doc: "the execution that it runs again", Example: "parent:6740b1e2c3d4e5f6a7b8c9d0", exact: true},
		{Name: "from", Doc: "the execution whose code started it", Example: "from:6740b1e2c3d4e5f6a7b8c9d0", exact: true},
		{Name: "id", Doc: "its id, or the beginning of it", Example: "id:019a4c"},
		{Name: "trace", Doc: "the trace that its event belongs to", Example: "trace:deploy-17"},
		{Name: "trace_id", Doc: "the story that it belongs to: what one event or one run led to", Example: "trace_id:6740b1e2c3d4e5f6a7b8c9d0", exact: true},
		{Name: "code", Doc: "why it failed, as a code", Example: "code:timeout"},
		{Name: "error", Doc: "words of the error", Example: `error:"disruption budget"`},
		{Name: "log", Doc: "words of the log", Example: "log:oomkilled"},
		{Name: "param", Doc: "a parameter, by its path", Example: "param.node:ip-10-2-*"},
		{Name: "attempts", Doc: "how many attempts were made", Example: "attempts:>1", exact: true},
		{Name: "duration", Doc: "how long the last attempt took", Example: "duration:>30s", exact: true},
		{Name: "since", Doc: "from this time on, or for that long", Example: "since:24h", exact: true},
		{Name: "until", Doc: "before this time, or that long ago", Example: "until:2026-11-22", exact: true},
		{Name: "dry", Doc: "whether it was a dry run", Example: "dry:true", exact: true},
	}
}

// aliases are the names that the API's parameters and JSON give to fields.
func alias(key string) string {
	switch key {
	case "started_from":
		return "from"
	case "started_by", "user":
		return "actor"
	case "message":
		return "error"
	case "dry_run":
		return "dry"
	case "is":
		return "status"
	}
	return key
}

func (p *parser) field(key string, at int) (Field, string, error) {
	name, path, dotted := strings.Cut(key, ".")
	name = alias(strings.ToLower(name))
	var names []string
	for _, k := range Keys() {
		names = append(names, k.Name)
	}
	switch {
	case !slices.Contains(names, name):
		hint := "keys: " + strings.Join(names, ", ") + `; words that hold a colon stand in quotes`
		if near := automation.Closest(name, names); near != "" {
			hint = "did you mean " + near + "? " + hint
		}
		return "", "", p.wrong(at, "there is no key %q", key).WithHint("%s", hint)
	case name == "param" && path == "":
		return "", "", p.wrong(at, "param needs the name of a parameter").WithHint("for example: param.node:ip-10-2-*")
	case name == "param" && !validPath(path):
		return "", "", p.wrong(at, "%q is not the path of a parameter", path).WithHint("for example: param.labels.app:shop, param.hosts[0]:a*")
	case name != "param" && dotted:
		return "", "", p.wrong(at, "%s has no parts", name).WithHint("write %s:VALUE", name)
	}
	return Field(name), path, nil
}

// mostDigits bounds an index.
const mostDigits = 6

// validPath reports whether a path is names with points between, each with indexes.
func validPath(path string) bool {
	for part := range strings.SplitSeq(path, ".") {
		name, indexes, _ := strings.Cut(part, "[")
		if strings.Contains(name, "]") || part == "" {
			return false
		}
		if len(name) == len(part) {
			continue
		}
		inner, closed := strings.CutSuffix(indexes, "]")
		for index := range strings.SplitSeq(inner, "][") {
			if !closed || index == "" || len(index) > mostDigits || strings.Trim(index, "0123456789") != "" {
				return false
			}
		}
	}
	return true
}

// check understands the values that are more than text.
func (p *parser) check(t *Term, at int) error {
	for _, k := range Keys() {
		if k.Name != string(t.Field) || !k.exact {
			continue
		}
		for _, v := range t.Values {
			if v.Glob {
				return p.wrong(at, "%s takes no pattern", t.Field).WithHint("for example: %s", k.Example)
			}
		}
	}
	switch t.Field {
	case Status:
		return p.statuses(t, at)
	case Event, Parent, From:
		return p.ids(t, at)
	case Text, Error, Log:
		for i, v := range t.Values {
			t.Values[i].Glob = false
			if len(Words(v.Text)) == 0 {
				return p.wrong(at, "%q holds no word to look for", v.Text).WithHint("a search finds words of letters and digits")
			}
		}
	case Attempts, Duration, Since, Until, Dry:
		if len(t.Values) > 1 {
			return p.wrong(at, "%s takes one value", t.Field)
		}
		return p.single(t, at)
	}
	return nil
}

func (p *parser) statuses(t *Term, at int) error {
	var known []string
	for _, s := range automation.Statuses() {
		known = append(known, string(s))
	}
	for _, v := range t.Values {
		if slices.Contains(known, v.Text) {
			continue
		}
		hint := "statuses: " + strings.Join(known, ", ")
		if near := automation.Closest(v.Text, known); near != "" {
			hint = "did you mean " + near + "? " + hint
		}
		return p.wrong(at, "there is no status %q", v.Text).WithHint("%s", hint)
	}
	return nil
}

func (p *parser) ids(t *Term, at int) error {
	for _, v := range t.Values {
		if !automation.ValidID(v.Text) {
			return p.wrong(at, "%q is not an id", v.Text).WithHint("ids are %d hexadecimal digits", automation.IDLength)
		}
	}
	return nil
}

func (p *parser) single(t *Term, at int) (err error) {
	text := t.Values[0].Text
	switch t.Field {
	case Since, Until:
		if t.Time, err = moment(text, p.now); err != nil {
			return p.wrong(at, "%q is neither a duration nor a time", text).WithHint("for example: %s:24h, %s:7d, %s:2026-11-22 or %s:2026-11-22T10:00:00Z", t.Field, t.Field, t.Field, t.Field)
		}
		return nil
	case Dry:
		if text != "true" && text != "false" {
			return p.wrong(at, "dry is true or false, not %q", text)
		}
		return nil
	}
	t.Op, text = comparison(text)
	if t.Field == Attempts {
		n, err := strconv.Atoi(text)
		if err != nil || n < 0 {
			return p.wrong(at, "%q is not a number", text).WithHint("for example: attempts:>1")
		}
		t.Number = int64(n)
		return nil
	}
	d, err := duration(text)
	if err != nil || d < 0 {
		return p.wrong(at, "%q is not a duration", text).WithHint("for example: duration:>30s, duration:<=1m30s")
	}
	if t.Op == Equal {
		return p.wrong(at, "a duration is compared").WithHint("for example: duration:>%s", text)
	}
	t.Number = int64(d)
	return nil
}

func comparison(text string) (Op, string) {
	for _, op := range []Op{AtLeast, AtMost, Greater, Less, Equal} {
		if rest, ok := strings.CutPrefix(text, string(op)); ok {
			return op, rest
		}
	}
	return Equal, text
}

// moment is a time, a day, or how long ago.
func moment(text string, now time.Time) (time.Time, error) {
	if d, err := duration(text); err == nil && d >= 0 {
		return now.Add(-d), nil
	}
	if t, err := time.Parse(time.DateOnly, text); err == nil {
		return t, nil
	}
	return time.Parse(time.RFC3339, text)
}

// duration is Go's, or whole days and weeks.
func duration(text string) (time.Duration, error) {
	for unit, length := range map[string]time.Duration{"d": 24 * time.Hour, "w": 7 * 24 * time.Hour} {
		if digits, ok := strings.CutSuffix(text, unit); ok {
			n, err := strconv.ParseUint(digits, 10, 14)
			return time.Duration(n) * length, err
		}
	}
	return time.ParseDuration(text)
}

func itoa(n int) string { return strconv.Itoa(n) }
