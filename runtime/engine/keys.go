package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/rule"
	"github.com/squall-dev/squall/runtime/store"
)

// keyReader is what rules read the key-value store with, while they look at one
// event: each key is read once.
func (e *Engine) keyReader(ctx context.Context, at time.Time) func(scope, name string) (string, bool, error) {
	type key struct{ scope, name string }
	type answer struct {
		value string
		ok    bool
		err   error
	}
	var known map[key]answer
	return func(scope, name string) (string, bool, error) {
		k := key{scope, name}
		a, ok := known[k]
		if !ok {
			entry, err := e.Store.KVGet(ctx, scope, name, at)
			a = answer{value: entry.Value, ok: err == nil}
			if err != nil && !errors.Is(err, automation.ErrNotFound) {
				a.err = fmt.Errorf("read key %s: %w", name, err)
			}
			if known == nil {
				known = map[key]answer{}
			}
			known[k] = a
		}
		return a.value, a.ok, a.err
	}
}

// PutKey sets a key and raises the events about it in the same transaction, as far
// as rules want them.
func (e *Engine) PutKey(ctx context.Context, entry automation.KVEntry) (automation.KVEntry, error) {
	return e.PutKeyIf(ctx, entry, nil)
}

// PutKeyIf is PutKey unless check refuses, which is told what the key has now, nil for
// nothing. Nobody else changes a key in between.
func (e *Engine) PutKeyIf(ctx context.Context, entry automation.KVEntry, check func(now *automation.KVEntry) error) (automation.KVEntry, error) {
	if err := entry.Check(); err != nil {
		return entry, err
	}
	now := e.Now()
	if entry.ExpiresAt != nil && !entry.ExpiresAt.After(now) {
		return entry, automation.Invalid("key %q would have expired already", entry.Name)
	}
	entry.CreatedAt, entry.UpdatedAt = now, now
	if !entry.Encrypted { // once encrypted, it stays so until it is deleted
		old, err := e.Store.KVGet(ctx, entry.Scope, entry.Name, now)
		if err != nil && !errors.Is(err, automation.ErrNotFound) && !errors.Is(err, automation.ErrConflict) {
			return entry, err
		}
		entry.Encrypted = old.Encrypted
	}
	err := e.changeKey(ctx, entry.Scope, entry.Name, func(then []store.Acceptance) error {
		old, err := e.Store.KVPut(ctx, entry, then...)
		if old != nil {
			entry.CreatedAt = old.CreatedAt
		}
		return err
	}, &entry, check)
	return entry, err
}

// DeleteKey removes a key.
func (e *Engine) DeleteKey(ctx context.Context, scope, name string) error {
	now := e.Now()
	return e.changeKey(ctx, scope, name, func(then []store.Acceptance) error {
		_, err := e.Store.KVDelete(ctx, scope, name, now, then...)
		return err
	}, nil, nil)
}

// changeKey writes a key. When rules look at keys, writes come one at a time, so
// that what an event says of the value before is true; after is nil for a key that
// goes. So do all writes while a check is made.
func (e *Engine) changeKey(ctx context.Context, scope, name string, write func(then []store.Acceptance) error, after *automation.KVEntry,
	check func(now *automation.KVEntry) error) error {
	if !e.accepting.Load() {
		return errNotAccepting()
	}
	if check == nil && !wantsKeys(e.Catalogue().Rules()) {
		e.keys.RLock()
		defer e.keys.RUnlock()
		return write(nil)
	}
	e.keys.Lock()
	defer e.keys.Unlock()
	began := e.Now()
	var before *automation.KVEntry
	switch old, err := e.Store.KVGet(ctx, scope, name, began); {
	case err == nil:
		before = &old
	case !errors.Is(err, automation.ErrNotFound):
		return err
	}
	if check != nil {
		if err := check(before); err != nil {
			return err
		}
	}
	then, err := e.eventsAboutKey(ctx, before, after, began)
	if err != nil {
		return err
	}
	if err := write(then); err != nil {
		return err
	}
	e.followed(then, time.Since(began))
	return nil
}

func wantsKeys(rules *rule.Set) bool {
	for _, trigger := range automation.KeyTriggers() {
		if rules.HasTrigger(trigger) {
			return true
		}
	}
	return false
}

// eventsAboutKey are the events about a change that rules look at.
func (e *Engine) eventsAboutKey(ctx context.Context, before, after *automation.KVEntry, at time.Time) ([]store.Acceptance, error) {
	payloads := map[automation.Ref]any{}
	switch {
	case before == nil && after != nil:
		payloads[automation.TriggerKeyCreated] = map[string]any{"object": keyObject(*after)}
	case before != nil && after == nil:
		payloads[automation.TriggerKeyDeleted] = map[string]any{"object": keyObject(*before)}
	case before != nil:
		payloads[automation.TriggerKeyUpdated] = map[string]any{"object": keyObject(*after)}
		if before.Value != after.Value {
			payloads[automation.TriggerKeyChanged] = map[string]any{"old_object": keyObject(*before), "new_object": keyObject(*after)}
		}
	}
	var all []store.Acceptance
	for _, trigger := range automation.KeyTriggers() {
		payload, raised := payloads[trigger]
		if !raised || !e.Catalogue().Rules().HasTrigger(trigger) {
			continue
		}
		data, err := json.Marshal(payload)
		if err != nil {
			return nil, fmt.Errorf("encode the payload of %s: %w", trigger, err)
		}
		a, err := e.judge(ctx, automation.Event{Trigger: trigger, Summary: summaryOfKey(before, after), Payload: data}, at)
		if err != nil {
			return nil, fmt.Errorf("raise %s: %w", trigger, err)
		}
		all = append(all, a)
	}
	return e.settle(ctx, all), nil
}

func summaryOfKey(before, after *automation.KVEntry) string {
	if after == nil {
		after = before
	}
	return after.Scope + " " + after.Name
}

func keyObject(e automation.KVEntry) map[string]any {
	o := map[string]any{"scope": e.Scope, "name": e.Name, "value": e.Value, "uid": "key_value_pair:" + e.Scope + ":" + e.Name}
	if e.Encrypted { // payloads are history, which is not sealed
		o["value"], o["encrypted"] = "", true
	}
	if e.ExpiresAt != nil {
		o["expire_timestamp"] = e.ExpiresAt.UTC().Format(time.RFC3339Nano)
	}
	return o
}
