package main

import (
	"bytes"
	"encoding/json"
	"time"

	"github.com/spf13/cobra"

	"github.com/squall-dev/squall/runtime/automation"
)

func newKVLoadCommand(c *cli) *cobra.Command {
	return &cobra.Command{
		Use:   "load FILE",
		Short: "Set the keys that a file lists",
		Long: "Set the keys that a file lists, in YAML or JSON: a list of {name, value, scope, ttl, encrypted}, or what\n" +
			"squall kv list -o json writes. A value that is no text is stored as JSON. All of the file is\n" +
			"checked before the first key is set. The file - is standard input.",
		Example: "  squall kv load keys.yaml\n  squall kv list --scope all --limit 0 -o json | squall --server http://other:8085 kv load -",
		Args:    exactly("FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			text, err := c.readInput(args[0])
			if err != nil {
				return err
			}
			data, err := asJSON(text, args[0])
			if err != nil {
				return err
			}
			keys, err := readKeys(data, c.now())
			if err != nil {
				return err
			}
			return c.setKeys(cmd.Context(), keys)
		},
	}
}

// keyLine is one key of a file.
type keyLine struct {
	Scope     string          `json:"scope"`
	Name      string          `json:"name"`
	Value     json.RawMessage `json:"value"`
	TTL       json.RawMessage `json:"ttl"`
	ExpiresAt *time.Time      `json:"expires_at"`
	Encrypted bool            `json:"encrypted"`
}

// readKeys reads what a file lists. Entries that have expired since it was written
// are left out.
func readKeys(data []byte, now time.Time) ([]keyToSet, error) {
	var lines []keyLine
	list := struct{ Items *[]keyLine }{&lines}
	var err error
	if bytes.HasPrefix(bytes.TrimSpace(data), []byte("[")) {
		err = json.Unmarshal(data, &lines)
	} else {
		err = json.Unmarshal(data, &list)
	}
	if err != nil {
		return nil, automation.Invalid("the file does not list keys").Because(err).
			WithHint("write a list of {name: ..., value: ..., scope: ..., ttl: ...}")
	}
	var keys []keyToSet
	for i, line := range lines {
		k, err := line.key(now)
		if err == nil {
			err = k.entry.Check()
		}
		if err != nil {
			return nil, automation.Invalid("entry %d (%q) can not be set", i+1, line.Name).Because(err)
		}
		if k.ttl >= 0 {
			keys = append(keys, k)
		}
	}
	return keys, nil
}

func (l keyLine) key(now time.Time) (keyToSet, error) {
	k := keyToSet{entry: automation.KVEntry{Scope: l.Scope, Name: l.Name, Value: textOf(l.Value), Encrypted: l.Encrypted}}
	if k.entry.Scope == "" {
		k.entry.Scope = automation.ScopeSystem
	}
	if l.Encrypted && k.entry.Value == "" {
		return k, automation.Invalid("its value was left out").WithHint("list the keys with --decrypt")
	}
	ttl, err := readTTL(l.TTL)
	if k.ttl = ttl; l.ExpiresAt != nil && ttl == 0 {
		if k.ttl = l.ExpiresAt.Sub(now); k.ttl <= 0 {
			k.ttl = -1 // gone
		}
	}
	return k, err
}

// textOf takes text as it is and everything else as JSON.
func textOf(value json.RawMessage) string {
	var text string
	if json.Unmarshal(value, &text) == nil {
		return text
	}
	return string(value)
}

// readTTL reads "10m", or seconds as StackStorm's files have them.
func readTTL(raw json.RawMessage) (time.Duration, error) {
	var seconds int64
	var text string
	switch {
	case len(raw) == 0 || string(raw) == "null":
		return 0, nil
	case json.Unmarshal(raw, &seconds) == nil && seconds > 0 && seconds < 1<<32:
		return time.Duration(seconds) * time.Second, nil
	case json.Unmarshal(raw, &text) == nil:
		if d, err := time.ParseDuration(text); err == nil && d > 0 {
			return d, nil
		}
	}
	return 0, automation.Invalid("ttl must be a span such as 10m, or a number of seconds, not %s", raw)
}
