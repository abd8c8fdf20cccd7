package main

import (
	"errors"
	"testing"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
)

func FuzzReadKeys(f *testing.F) {
	for _, seed := range []string{
		`[{"name":"a","value":"x"}]`, `{"items":[{"scope":"pack:core","name":"a/b","value":{"n":1},"ttl":60}]}`,
		`[{"name":"a","value":null,"ttl":"10m","expires_at":"2020-01-01T00:00:00Z"}]`, `[{"name":"a","ttl":-1}]`, `[{"name":"a","ttl":99999999999999}]`, `{"items":null}`, `7`,
	} {
		f.Add([]byte(seed))
	}
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, data []byte) {
		keys, err := readKeys(data, now)
		if err != nil {
			if !errors.Is(err, automation.ErrInvalid) || keys != nil {
				t.Errorf("%v is not of kind invalid, or something is left: %+v", err, keys)
			}
			return
		}
		for _, k := range keys {
			if k.ttl < 0 || k.entry.Check() != nil {
				t.Errorf("a key that can not be set: %+v", k)
			}
		}
	})
}
