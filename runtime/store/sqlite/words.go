package sqlite

import (
	"context"
	"encoding/json"
	"hash/fnv"
	"slices"
	"strconv"
	"strings"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/query"
)

// Bounds of what is indexed of one execution. What is beyond is kept, but not found
// by its words.
const (
	mostLogWords   = 20_000
	mostParamWords = 1_000
)

// document is an execution as the search sees it.
type document struct {
	id     string
	status automation.Status
	lines  int // of the log
	words  []string
	errors []string
	log    []string
	params []string
	marks  []string
	bytes  int64
}

// docOf is the row number of an execution's words: the first half of its id, so that
// rows sort like ids.
func docOf(id string) int64 {
	if len(id) < 16 {
		return 0
	}
	n, _ := strconv.ParseUint(id[:16], 16, 64) // stored ids are valid
	return int64(n)
}

// Marks are words of our own that stand for a status, an action, a pack or a rule.
func statusMark(s automation.Status) string { return "s" + strings.ReplaceAll(string(s), "_", "") }
func actionMark(a string) string            { return "a" + markOf(a) }
func packMark(p string) string              { return "p" + markOf(p) }
func ruleMark(r string) string              { return "r" + markOf(r) }

// cutMark stands on an execution with more parameters than were indexed.
const cutMark = "cut"

func markOf(text string) string {
	h := fnv.New64a()
	_, _ = h.Write([]byte(text))
	return strconv.FormatUint(h.Sum64(), 36)
}

const documentQuery = `SELECT e.id, e.action, e.status, e.summary, e.rule, e.code, coalesce(d.full_message, e.message), coalesce(d.full_hint, e.hint),
		e.log_lines, d.parameters,
		length(d.parameters) + coalesce(length(d.output), 0) + length(d.trace) + 600
			+ (SELECT coalesce(sum(length(usage) + length(host_calls) + coalesce(length(tape), 0) + 100), 0) FROM attempts a WHERE a.execution = e.id)
			+ (SELECT coalesce(sum(size), 0) FROM artifacts f WHERE f.execution = e.id)
	FROM executions e JOIN execution_data d ON d.execution = e.id WHERE `

func scanDocument(row scanner) (d document, err error) {
	var action, rule, summary, code, message, hint, parameters string
	if err := row.Scan(&d.id, &action, &d.status, &summary, &rule, &code, &message, &hint, &d.lines, &parameters, &d.bytes); err != nil {
		return d, err
	}
	pack, _, _ := strings.Cut(action, ".")
	d.words = append(query.Words(action+" "+summary), d.id, d.id[16:], d.id[20:])
	d.errors = query.Words(code + " " + message + " " + hint)
	params, cut := parameterWords(parameters)
	d.params = params
	d.marks = []string{statusMark(d.status), actionMark(action), packMark(pack), ruleMark(rule)}
	if cut {
		d.marks = append(d.marks, cutMark)
	}
	return d, nil
}

// mostValue is how much of a parameter's value is indexed.
const mostValue = 128

// parameterWords are all parameters, each as one word; cut tells that something of
// them is left out.
func parameterWords(text string) (words []string, cut bool) {
	var v any
	dec := json.NewDecoder(strings.NewReader(text))
	dec.UseNumber()
	if dec.Decode(&v) != nil {
		return nil, true
	}
	var walk func(string, any)
	leaf := func(path, text string) {
		if len(text) > mostValue || len(words) == mostParamWords {
			cut = true
			return
		}
		words = append(words, parameterWord(path, text))
	}
	walk = func(path string, v any) {
		switch v := v.(type) {
		case map[string]any:
			for key, item := range v {
				walk(strings.TrimPrefix(path+"."+key, "."), item)
			}
		case []any:
			for i, item := range v {
				walk(path+"["+strconv.Itoa(i)+"]", item)
			}
		case string:
			leaf(path, v)
		case json.Number:
			leaf(path, v.String())
		case bool:
			leaf(path, strconv.FormatBool(v))
		}
	}
	walk("", v)
	return words, cut
}

// parameterWord is a parameter as one word of the index: whatever would end a word
// there is replaced by a letter that nobody writes.
func parameterWord(path, text string) string {
	var b strings.Builder
	for i := range len(path) + 1 + len(text) {
		c := byte('=')
		if i < len(path) {
			c = path[i]
		} else if i > len(path) {
			c = text[i-len(path)-1]
		}
		if c >= 0x80 || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' {
			b.WriteByte(c)
		} else {
			b.WriteRune(0xE000 + rune(c)) // for private use
		}
	}
	return strings.ToLower(b.String())
}

// pairs are words, and after them every two that follow one another as one word: a
// phrase is looked for among those, for each of its words may stand everywhere.
func pairs(words []string) []string {
	all := slices.Clone(words)
	for i := 1; i < len(words); i++ {
		all = append(all, pairing+words[i-1]+pairing+words[i])
	}
	return all
}

// pairing is no letter and no digit, but belongs to a word for the index. It also
// begins a pair, so that no word is the beginning of one.
const pairing = "\uE000"

// documents reads executions as the search sees them.
func documents(ctx context.Context, q querier, condition string, args ...any) ([]document, error) {
	list, err := collect(ctx, q, scanDocument, documentQuery+condition, args...)
	for i := range list {
		if err == nil && list[i].lines > 0 {
			err = list[i].readLog(ctx, q)
		}
	}
	return list, err
}

func (d *document) readLog(ctx context.Context, q querier) error {
	rows, err := q.QueryContext(ctx, `SELECT lines, sum FROM log_chunks WHERE execution = ? ORDER BY first`, d.id)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var text string
		var sum *int64
		if err := rows.Scan(&text, &sum); err != nil {
			return err
		}
		d.bytes += int64(len(text))
		if len(d.log) >= mostLogWords {
			continue
		}
		var lines []struct {
			Text string `json:"text"`
		}
		if readLines(d.id, text, sum, &lines) != nil { // it has no words any more, and must not keep others from having theirs
			continue
		}
		for _, line := range lines {
			d.log = append(d.log, query.Words(line.Text)...)
		}
	}
	d.log = d.log[:min(len(d.log), mostLogWords)]
	return rows.Err()
}

// has reports whether a document fits a term of words, but for its minus.
func (d *document) has(t query.Term) bool {
	return slices.ContainsFunc(t.Values, func(v query.Value) bool {
		wanted := query.Words(v.Text)
		switch t.Field {
		case query.Error:
			return query.HasWords(d.errors, wanted)
		case query.Log:
			return query.HasWords(d.log, wanted)
		}
		return query.HasWords(d.words, wanted) || query.HasWords(d.errors, wanted) || query.HasWords(d.log, wanted)
	})
}

// match is a term of words in the language of the index.
func match(t query.Term) string {
	columns := "{words error log}"
	switch t.Field {
	case query.Error:
		columns = "error"
	case query.Log:
		columns = "log"
	}
	var any []string
	for _, v := range t.Values {
		any = append(any, columns+" : "+phrase(query.Words(v.Text)))
	}
	return "(" + strings.Join(any, " OR ") + ")"
}

// phrase needs no escaping: words hold letters and digits only.
func phrase(words []string) string {
	if len(words) > 1 {
		words = pairs(words)[len(words):]
	}
	return `"` + strings.Join(words, " ") + `" *`
}

// marked is any of some marks.
func marked(marks []string) string {
	for i, m := range marks {
		marks[i] = "marks : " + m
	}
	return "(" + strings.Join(marks, " OR ") + ")"
}
