package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/store"
)

func wantingKeys(t *testing.T) func(*Options) {
	t.Helper()
	var rules []automation.Rule
	for i, trigger := range automation.KeyTriggers() {
		rules = append(rules, on(trigger, fmt.Sprintf("key%d", i), "test.echo"))
	}
	return reacting(t, rules...)
}

func (b *bench) put(name, value string) {
	b.t.Helper()
	if _, err := b.PutKey(b.t.Context(), automation.KVEntry{Scope: "system", Name: name, Value: value}); err != nil {
		b.t.Fatal(err)
	}
}

func TestAChangeOfAKeyIsAnEvent(t *testing.T) {
	t.Parallel()
	b := start(t, answer("1"), wantingKeys(t))
	b.put("colour", "red")
	b.put("colour", "red")
	b.put("colour", "blue")
	if err := b.DeleteKey(t.Context(), "system", "colour"); err != nil {
		t.Fatal(err)
	}
	got := map[automation.Ref][]string{}
	for _, trigger := range automation.KeyTriggers() {
		for _, ev := range b.about(trigger) {
			got[trigger] = append(got[trigger], string(ev.Payload))
			if x := b.final(ev.Executions[0].ID); x.Status != automation.Succeeded {
				t.Errorf("what %s started is %s", trigger, x.Status)
			}
		}
	}
	red := `{"name":"colour","scope":"system","uid":"key_value_pair:system:colour","value":"red"}`
	blue := strings.Replace(red, `"red"`, `"blue"`, 1)
	want := map[automation.Ref][]string{
		automation.TriggerKeyCreated: {`{"object":` + red + `}`},
		automation.TriggerKeyUpdated: {`{"object":` + red + `}`, `{"object":` + blue + `}`},
		automation.TriggerKeyChanged: {`{"new_object":` + blue + `,"old_object":` + red + `}`},
		automation.TriggerKeyDeleted: {`{"object":` + blue + `}`},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
}

func TestAKeyThatNobodyWatchesIsJustStored(t *testing.T) {
	t.Parallel()
	b := start(t, answer("1"), reacting(t))
	b.put("colour", "red")
	e, err := b.store.KVGet(t.Context(), "system", "colour", time.Now())
	if err != nil || e.Value != "red" {
		t.Errorf("entry = %+v, %v", e, err)
	}
	events, err := b.store.Events(t.Context(), store.EventQuery{})
	if err != nil || len(events) != 0 {
		t.Errorf("%d events, %v", len(events), err)
	}
}

func TestADeleteOfNothingRaisesNothing(t *testing.T) {
	t.Parallel()
	b := start(t, answer("1"), wantingKeys(t))
	if err := b.DeleteKey(t.Context(), "system", "colour"); !errors.Is(err, automation.ErrNotFound) {
		t.Errorf("delete: %v, want not found", err)
	}
	if n := len(b.about(automation.TriggerKeyDeleted)); n != 0 {
		t.Errorf("%d events", n)
	}
}

func TestWritersOfOneKeySeeEachOther(t *testing.T) {
	t.Parallel()
	b := start(t, answer("1"), wantingKeys(t))
	const writers = 20
	var all sync.WaitGroup
	for i := range writers {
		all.Go(func() { b.put("n", fmt.Sprint(i)) })
	}
	all.Wait()
	if n := len(b.about(automation.TriggerKeyCreated)); n != 1 {
		t.Errorf("the key was created %d times", n)
	}
	seen := map[string]bool{}
	for _, ev := range b.about(automation.TriggerKeyChanged) { // every value but the last is left once
		var p struct {
			Old automation.KVEntry `json:"old_object"`
		}
		if err := json.Unmarshal(ev.Payload, &p); err != nil {
			t.Fatal(err)
		}
		if seen[p.Old.Value] {
			t.Errorf("%q was left twice", p.Old.Value)
		}
		seen[p.Old.Value] = true
	}
	if len(seen) != writers-1 {
		t.Errorf("%d changes, want %d", len(seen), writers-1)
	}
}

func TestKeysHaveBounds(t *testing.T) {
	t.Parallel()
	b := start(t, answer("1"), reacting(t))
	past := time.Now().Add(-time.Second)
	for _, tt := range []struct {
		name  string
		entry automation.KVEntry
	}{
		{"an empty name", automation.KVEntry{Scope: "system"}},
		{"a long name", automation.KVEntry{Scope: "system", Name: strings.Repeat("ä", 257)}},
		{"a slash at the end", automation.KVEntry{Scope: "system", Name: "a/"}},
		{"a line break", automation.KVEntry{Scope: "system", Name: "a\nb"}},
		{"an unknown scope", automation.KVEntry{Scope: "site", Name: "a"}},
		{"a user without a name", automation.KVEntry{Scope: "user:", Name: "a"}},
		{"a pack that can not be", automation.KVEntry{Scope: "pack:No", Name: "a"}},
		{"a large value", automation.KVEntry{Scope: "system", Name: "a", Value: strings.Repeat("x", 1<<20+1)}},
		{"bytes that are no text", automation.KVEntry{Scope: "system", Name: "a", Value: "\xff"}},
		{"an end that has passed", automation.KVEntry{Scope: "system", Name: "a", ExpiresAt: &past}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := b.PutKey(t.Context(), tt.entry); !errors.Is(err, automation.ErrInvalid) {
				t.Errorf("put: %v, want invalid", err)
			}
		})
	}
	for _, ok := range []automation.KVEntry{
		{Scope: "user:mira@example.com", Name: strings.Repeat("ä", 256), Value: strings.Repeat("x", 1<<20)},
		{Scope: "pack:labs_sre", Name: "a/b:c.d"},
	} {
		if _, err := b.PutKey(t.Context(), ok); err != nil {
			t.Error(err)
		}
	}
}

// countingKV counts how often keys are read.
type countingKV struct {
	store.Store
	reads atomic.Int32
}

func (c *countingKV) KVGet(ctx context.Context, scope, name string, at time.Time) (automation.KVEntry, error) {
	c.reads.Add(1)
	if name == "broken" {
		return automation.KVEntry{}, errors.New("disk")
	}
	return c.Store.KVGet(ctx, scope, name, at)
}

func TestRulesReadEachKeyOnceAnEvent(t *testing.T) {
	t.Parallel()
	db := &countingKV{Store: openStore(t)}
	b := startOn(t, db, answer("1"), reacting(t))
	b.put("colour", "red")
	db.reads.Store(0)
	read := b.keyReader(t.Context(), time.Now())
	for range 3 {
		if v, ok, err := read("system", "colour"); v != "red" || !ok || err != nil {
			t.Errorf("read = %q %v %v", v, ok, err)
		}
		if v, ok, err := read("system", "shape"); v != "" || ok || err != nil {
			t.Errorf("read of nothing = %q %v %v", v, ok, err)
		}
		if _, ok, err := read("system", "broken"); ok || err == nil {
			t.Errorf("read of a broken store = %v %v", ok, err)
		}
	}
	if n := db.reads.Load(); n != 3 {
		t.Errorf("the store was asked %d times, want 3", n)
	}
}
