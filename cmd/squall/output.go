package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"

	"github.com/squall-dev/squall/runtime/client"
	"github.com/squall-dev/squall/runtime/config"
)

// The formats of -o.
const (
	formatTable = "table"
	formatWide  = "wide"
	formatJSON  = "json"
	formatJSONL = "jsonl"
	formatYAML  = "yaml"
	formatName  = "name"
)

func formats() []string {
	return []string{formatTable, formatWide, formatJSON, formatJSONL, formatYAML, formatName}
}

// result is what a command has to show. The document is what the API speaks of;
// the rest is how it looks as lines, names and text.
type result struct {
	document any
	items    []any // one a line; for a single thing the thing itself
	list     bool  // whether the document is a list of them
	names    []string
	fields   []string // that items can have
	text     func(w io.Writer, t terminal, wide bool) error
}

// listOf is the result of commands that list. The document is what -o json
// shows: a page of the API.
func listOf[T any](document any, items []T, columns []column[T], name func(T) string, titles bool) result {
	r := result{document: document, list: true, fields: fieldsOf(reflect.TypeFor[T]())}
	for _, item := range items {
		r.items, r.names = append(r.items, item), append(r.names, name(item))
	}
	r.text = func(w io.Writer, t terminal, wide bool) error {
		return tableOf(columns, items, wide, titles).write(w, t)
	}
	return r
}

// thing is the result of commands about one thing.
func thing[T any](item T, name string, text func(w io.Writer, t terminal, wide bool) error) result {
	return result{document: item, items: []any{item}, names: []string{name}, fields: fieldsOf(reflect.TypeFor[T]()), text: text}
}

// print shows a result on stdout in the format that was asked for.
func (c *cli) print(r result) error {
	if err := c.checkFields(r.fields); err != nil {
		return err
	}
	document, items, err := c.project(r)
	if err != nil {
		return err
	}
	switch {
	case c.jq != nil:
		return c.printJQ(document)
	case c.flags.output == formatJSON:
		return writeJSON(c.out, document)
	case c.flags.output == formatJSONL:
		return c.printLines(items)
	case c.flags.output == formatYAML:
		text, err := config.MarshalYAML(document)
		return errors.Join(err, write(c.out, text))
	case c.flags.output == formatName:
		return write(c.out, []byte(printable(strings.Join(append(r.names, ""), "\n"))))
	}
	return c.printText(r, items)
}

func write(w io.Writer, text []byte) error {
	_, err := w.Write(text)
	return err
}

func (c *cli) printLines(items []any) error {
	for _, item := range items {
		if err := encodeJSON(c.out, item, ""); err != nil {
			return err
		}
	}
	return nil
}

func (c *cli) printText(r result, items []any) error {
	t := c.terminalOf(c.out, c.flags.color)
	if len(c.flags.fields) == 0 {
		return r.text(c.out, t, c.flags.output == formatWide)
	}
	return tableOf(fieldColumns(c.flags.fields), items, c.flags.output == formatWide, !c.flags.noHeaders).write(c.out, t)
}

// object is a JSON object whose members keep their order.
type object []member

type member struct {
	name  string
	value json.RawMessage
}

// MarshalJSON implements json.Marshaler.
func (o object) MarshalJSON() ([]byte, error) {
	var out bytes.Buffer
	for i, m := range o {
		separator := byte(',')
		if i == 0 {
			separator = '{'
		}
		name, err := json.Marshal(m.name)
		if err != nil {
			return nil, err
		}
		out.WriteByte(separator)
		out.Write(name)
		out.WriteByte(':')
		out.Write(m.value)
	}
	if len(o) == 0 {
		out.WriteByte('{')
	}
	out.WriteByte('}')
	return out.Bytes(), nil
}

// project reduces items to the fields that were asked for.
func (c *cli) project(r result) (document any, items []any, err error) {
	if len(c.flags.fields) == 0 {
		return r.document, r.items, nil
	}
	items = make([]any, len(r.items))
	for i, item := range r.items {
		if items[i], err = pick(item, c.flags.fields); err != nil {
			return nil, nil, err
		}
	}
	if !r.list {
		return items[0], items, nil
	}
	return client.List[any]{Items: items, Next: nextOf(r.document)}, items, nil
}

// nextOf keeps the way to the next page when a page is reduced.
func nextOf(document any) string {
	var page struct {
		Next string `json:"next"`
	}
	text, err := json.Marshal(document)
	if err == nil {
		_ = json.Unmarshal(text, &page) // a document of another form has no next page
	}
	return page.Next
}

func pick(item any, fields []string) (object, error) {
	text, err := json.Marshal(item)
	if err != nil {
		return nil, fmt.Errorf("encode item: %w", err)
	}
	picked := make(object, len(fields))
	for i, field := range fields {
		picked[i] = member{field, dig(text, strings.Split(field, "."))}
	}
	return picked, nil
}

// dig follows names into objects; what is not there is null.
func dig(text json.RawMessage, names []string) json.RawMessage {
	for _, name := range names {
		var o map[string]json.RawMessage
		if json.Unmarshal(text, &o) != nil || o[name] == nil {
			return json.RawMessage("null")
		}
		text = o[name]
	}
	return text
}

func fieldColumns(fields []string) []column[any] {
	columns := make([]column[any], len(fields))
	for i, field := range fields {
		columns[i] = column[any]{title: strings.ToUpper(field), text: func(item any) string {
			return plainText(item.(object)[i].value)
		}}
	}
	return columns
}

// plainText shows text without quotes and everything else as JSON.
func plainText(value json.RawMessage) string {
	var text string
	if json.Unmarshal(value, &text) == nil { // null gives no text either
		return text
	}
	return string(value)
}

// fieldsOf lists the names that a type has in JSON.
func fieldsOf(t reflect.Type) []string {
	var names []string
	for _, f := range reflect.VisibleFields(t) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.IsExported() && !f.Anonymous && name != "" && name != "-" {
			names = append(names, name)
		}
	}
	return names
}

// checkFields refuses fields that nothing has. Commands that change something
// call it before they do.
func (c *cli) checkFields(known []string) error {
	for _, field := range c.flags.fields {
		first, _, _ := strings.Cut(field, ".")
		if known != nil && !slices.Contains(known, first) {
			return usage("there is no field %q", field).WithHint("%s", alternatives(field, known, "fields: "+strings.Join(known, ", ")))
		}
	}
	return nil
}
