package main

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/itchyny/gojq"
)

// compileJQ refuses a bad expression before anything is asked or changed.
func (c *cli) compileJQ() error {
	if c.flags.jq == "" {
		return nil
	}
	query, err := gojq.Parse(c.flags.jq)
	if err == nil {
		c.jq, err = gojq.Compile(query)
	}
	if err != nil {
		return usage("--jq %q is not valid", c.flags.jq).Because(err).WithHint("the language is that of jq: .items[].id")
	}
	return nil
}

// printJQ shows what the expression makes of a document, one result a line. Text
// stands without quotes, unless JSON was asked for.
func (c *cli) printJQ(document any) error {
	input, err := generic(document)
	if err != nil {
		return err
	}
	results := c.jq.Run(input)
	for {
		v, more := results.Next()
		if !more {
			return nil
		}
		if err, failed := v.(error); failed {
			return usage("--jq %q does not fit what is there", c.flags.jq).Because(err)
		}
		if err := c.printValue(v); err != nil {
			return err
		}
	}
}

func (c *cli) printValue(v any) error {
	if text, is := v.(string); is && c.flags.output != formatJSON && c.flags.output != formatJSONL {
		if c.terminalOf(c.out, c.flags.color).tty {
			text = printable(text)
		}
		_, err := fmt.Fprintln(c.out, text)
		return err
	}
	text, err := gojq.Marshal(v)
	if err != nil {
		return fmt.Errorf("encode result of --jq: %w", err)
	}
	return write(c.out, append(escaped(text), '\n'))
}

// generic turns a document into maps, lists and numbers that keep their digits.
func generic(document any) (any, error) {
	text, err := json.Marshal(document)
	if err != nil {
		return nil, fmt.Errorf("encode result: %w", err)
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var v any
	err = decoder.Decode(&v)
	return v, err
}
