package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode"

	"gopkg.in/yaml.v3"

	"github.com/squall-dev/squall/runtime/automation"
)

// MarshalYAML writes v as YAML with the names and the order that its JSON has,
// so that both show the same document. Numbers keep every digit.
func MarshalYAML(v any) ([]byte, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("encode for YAML: %w", err)
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	node, err := nodeOf(decoder)
	if err != nil {
		return nil, fmt.Errorf("encode for YAML: %w", err)
	}
	var out bytes.Buffer
	encoder := yaml.NewEncoder(&out)
	encoder.SetIndent(2)
	if err := errors.Join(encoder.Encode(node), encoder.Close()); err != nil {
		return nil, fmt.Errorf("write YAML: %w", err)
	}
	return escapeBidi(out.Bytes()), nil
}

// escapeBidi writes as escapes the characters that turn around the order in which
// terminals and editors show text; the library takes them for harmless. textOf put
// what holds them into quotes, where escapes are known.
func escapeBidi(document []byte) []byte {
	if bytes.IndexFunc(document, isBidi) < 0 {
		return document
	}
	var out bytes.Buffer
	for _, r := range string(document) {
		if isBidi(r) {
			fmt.Fprintf(&out, "\\u%04X", r)
		} else {
			out.WriteRune(r)
		}
	}
	return out.Bytes()
}

func isBidi(r rune) bool { return unicode.Is(unicode.Bidi_Control, r) }

// nodeOf reads the next JSON value; going by tokens keeps the order of keys.
func nodeOf(decoder *json.Decoder) (*yaml.Node, error) {
	token, err := decoder.Token()
	if err != nil {
		return nil, err
	}
	switch t := token.(type) {
	case json.Delim:
		return collectionOf(decoder, t)
	case string:
		return textOf(t)
	case json.Number:
		return numberOf(t.String()), nil
	case bool:
		return scalar("!!bool", strconv.FormatBool(t)), nil
	}
	return scalar("!!null", "null"), nil
}

func collectionOf(decoder *json.Decoder, open json.Delim) (*yaml.Node, error) {
	node := &yaml.Node{Kind: yaml.MappingNode}
	if open == '[' {
		node.Kind = yaml.SequenceNode
	}
	for decoder.More() {
		child, err := nodeOf(decoder) // the keys of an object are tokens like any other
		if err != nil {
			return nil, err
		}
		node.Content = append(node.Content, child)
	}
	if len(node.Content) == 0 {
		node.Style = yaml.FlowStyle
	}
	_, err := decoder.Token() // the closing bracket
	return node, err
}

// textOf leaves it to the library to quote what would read as another type, and
// writes lines as lines where the library reads them back unchanged (FuzzYAML
// knows where it does not).
func textOf(text string) (*yaml.Node, error) {
	node := scalar("!!str", text)
	switch {
	case strings.ContainsFunc(text, isBidi):
		node.Style = yaml.DoubleQuotedStyle
	case strings.Contains(text, "\n"):
		node.Style = yaml.DoubleQuotedStyle
		if strings.TrimLeft(text, " \t\r\n\u0085\u2028\u2029") == text {
			node.Style = yaml.LiteralStyle
		}
	case len(text) <= len("yes") || strings.Contains(text, ":"):
		// Only this way, which is slow, "yes" and "1:30" are quoted too: older
		// readers take them for a truth and a number.
		return node, node.Encode(text)
	}
	return node, nil
}

func scalar(tag, value string) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: tag, Value: value}
}

// numberOf names the type that the library would find itself: whole numbers of
// more than 64 bits, and the zero with a sign, are floats to it.
func numberOf(text string) *yaml.Node {
	_, signed := strconv.ParseInt(text, 10, 64)
	_, unsigned := strconv.ParseUint(text, 10, 64)
	switch {
	case text == "-0":
		return scalar("!!float", "-0.0")
	case signed != nil && unsigned != nil:
		return scalar("!!float", text)
	}
	return scalar("!!int", text)
}

// UnmarshalYAML reads one YAML document, or JSON, into what JSON would give:
// map[string]any, []any, string, bool, nil, int, int64, uint64 and float64.
// Dates stay the text they are, and every key becomes text.
func UnmarshalYAML(data []byte) (any, error) {
	var document yaml.Node
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	if err := decoder.Decode(&document); errors.Is(err, io.EOF) {
		return nil, nil
	} else if err != nil {
		return nil, automation.Invalid("not valid YAML").Because(err)
	}
	if err := decoder.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return nil, automation.Invalid("more than one YAML document, where one is expected")
	}
	datesAsText(&document)
	var value any
	if err := document.Decode(&value); err != nil {
		return nil, automation.Invalid("not valid YAML").Because(err)
	}
	return plain(value)
}

// datesAsText keeps the decoder from turning "2026-11-22" into a point in time,
// which JSON does not have.
func datesAsText(node *yaml.Node) {
	if node.Kind == yaml.ScalarNode && node.ShortTag() == "!!timestamp" {
		node.Tag = "!!str"
	}
	for _, child := range node.Content {
		datesAsText(child)
	}
}

func plain(value any) (any, error) {
	var err error
	switch v := value.(type) {
	case map[string]any:
		for key := range v {
			if v[key], err = plain(v[key]); err != nil {
				return nil, err
			}
		}
	case map[any]any:
		return plainMap(v)
	case []any:
		for i := range v {
			if v[i], err = plain(v[i]); err != nil {
				return nil, err
			}
		}
	}
	return value, nil
}

func plainMap(given map[any]any) (any, error) {
	m := make(map[string]any, len(given))
	for key, element := range given {
		name := fmt.Sprint(key)
		if _, twice := m[name]; twice {
			return nil, automation.Invalid("key %s stands twice in one mapping", name)
		}
		value, err := plain(element)
		if err != nil {
			return nil, err
		}
		m[name] = value
	}
	return m, nil
}
