package storetest

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/store"
)

func testKV(t *testing.T, open func(*testing.T) store.Store) {
	cases{
		{"an entry comes back as it was put", kvRoundTrip},
		{"what is not there is not found", kvMissing},
		{"encrypted entries can be told and found", kvEncrypted},
		{"a second put replaces the first and returns it", kvReplace},
		{"scopes do not see each other", kvScopes},
		{"an entry vanishes when it expires", kvExpiry},
		{"a put after the end begins anew", kvPutAfterEnd},
		{"a list is by scope and name, and pages", kvList},
		{"a prefix is taken as it is written", kvPrefix},
		{"a delete returns what is gone", kvDelete},
		{"expired entries are forgotten", kvForget},
		{"what follows a put or a delete is stored with it", kvThen},
		{"a put whose consequences can not be stored is none", kvThenFails},
		{"nothing follows a delete of nothing", kvThenMissing},
	}.run(t, open)
}

// entry makes an entry that was put now.
func (b *bench) entry(scope, name, value string) automation.KVEntry {
	return automation.KVEntry{Scope: scope, Name: name, Value: value, CreatedAt: b.time(), UpdatedAt: b.time()}
}

func (b *bench) put(t *testing.T, e automation.KVEntry) *automation.KVEntry {
	t.Helper()
	before, err := b.KVPut(t.Context(), e)
	must(t, err)
	return before
}

func (b *bench) key(t *testing.T, scope, name string) automation.KVEntry {
	t.Helper()
	e, err := b.KVGet(t.Context(), scope, name, b.time())
	must(t, err)
	return e
}

func kvRoundTrip(t *testing.T, b *bench) {
	for _, value := range []string{"", strange, strings.Repeat("x", automation.MaxKVValue), `{"json":true}`} {
		e := b.entry("pack:labs_sre", "path/to:"+fmt.Sprint(len(value)), value)
		end := b.time().Add(time.Hour)
		e.ExpiresAt = &end
		if before := b.put(t, e); before != nil {
			t.Errorf("a new entry replaced %+v", before)
		}
		same(t, "entry", b.key(t, e.Scope, e.Name), e)
	}
}

func kvEncrypted(t *testing.T, b *bench) {
	b.put(t, b.entry("system", "plain", "a"))
	sealed := b.entry("system", "sealed", "b")
	sealed.Encrypted = true
	b.put(t, sealed)
	same(t, "entry", b.key(t, "system", "sealed"), sealed)
	list, err := b.KVList(t.Context(), store.KVQuery{Encrypted: true, At: b.time()})
	must(t, err)
	same(t, "list", list, []automation.KVEntry{sealed})
	b.put(t, b.entry("system", "sealed", "c"))
	same(t, "a plain value in its place", b.key(t, "system", "sealed").Encrypted, false)
}

func kvMissing(t *testing.T, b *bench) {
	_, err := b.KVGet(t.Context(), "system", "nothing", b.time())
	wantKind(t, err, automation.ErrNotFound)
	_, err = b.KVDelete(t.Context(), "system", "nothing", b.time())
	wantKind(t, err, automation.ErrNotFound)
	list, err := b.KVList(t.Context(), store.KVQuery{Scope: "system", At: b.time()})
	must(t, err)
	same(t, "list", len(list), 0)
}

func kvReplace(t *testing.T, b *bench) {
	first := b.entry("system", "colour", "red")
	end := b.time().Add(time.Hour)
	first.ExpiresAt = &end
	b.put(t, first)
	b.pass(time.Minute)
	second := b.entry("system", "colour", "blue")
	before := b.put(t, second)
	if before == nil {
		t.Fatal("nothing was replaced")
	}
	same(t, "before", *before, first)
	second.CreatedAt = first.CreatedAt
	same(t, "after", b.key(t, "system", "colour"), second)
}

func kvScopes(t *testing.T, b *bench) {
	for _, scope := range []string{"system", "user:mira", "pack:core"} {
		b.put(t, b.entry(scope, "colour", scope))
	}
	_, err := b.KVDelete(t.Context(), "user:mira", "colour", b.time())
	must(t, err)
	same(t, "system", b.key(t, "system", "colour").Value, "system")
	same(t, "pack", b.key(t, "pack:core", "colour").Value, "pack:core")
}

func kvExpiry(t *testing.T, b *bench) {
	e := b.entry("system", "colour", "red")
	end := b.time().Add(time.Second)
	e.ExpiresAt = &end
	b.put(t, e)
	b.pass(time.Second - time.Nanosecond)
	b.key(t, "system", "colour")
	b.pass(time.Nanosecond)
	_, err := b.KVGet(t.Context(), "system", "colour", b.time())
	wantKind(t, err, automation.ErrNotFound)
	_, err = b.KVDelete(t.Context(), "system", "colour", b.time())
	wantKind(t, err, automation.ErrNotFound)
	list, err := b.KVList(t.Context(), store.KVQuery{At: b.time()})
	must(t, err)
	same(t, "list", len(list), 0)
}

func kvPutAfterEnd(t *testing.T, b *bench) {
	e := b.entry("system", "colour", "red")
	end := b.time().Add(time.Second)
	e.ExpiresAt = &end
	b.put(t, e)
	b.pass(time.Second)
	again := b.entry("system", "colour", "blue")
	if before := b.put(t, again); before != nil {
		t.Errorf("an expired entry was replaced: %+v", before)
	}
	same(t, "entry", b.key(t, "system", "colour"), again)
}

func (b *bench) keys(t *testing.T, q store.KVQuery) []string {
	t.Helper()
	q.At = b.time()
	list, err := b.KVList(t.Context(), q)
	must(t, err)
	names := make([]string, len(list))
	for i, e := range list {
		names[i] = e.Scope + " " + e.Name
	}
	return names
}

func kvList(t *testing.T, b *bench) {
	for _, name := range []string{"b", "a", "c"} {
		b.put(t, b.entry("system", name, "x"))
		b.put(t, b.entry("pack:core", name, "x"))
	}
	same(t, "all", b.keys(t, store.KVQuery{}), []string{"pack:core a", "pack:core b", "pack:core c", "system a", "system b", "system c"})
	same(t, "first page", b.keys(t, store.KVQuery{Scope: "system", Limit: 2}), []string{"system a", "system b"})
	same(t, "second page of all", b.keys(t, store.KVQuery{AfterScope: "pack:core", After: "b"}), []string{"pack:core c", "system a", "system b", "system c"})
	same(t, "second page", b.keys(t, store.KVQuery{Scope: "system", Limit: 2, After: "b"}), []string{"system c"})
}

func kvPrefix(t *testing.T, b *bench) {
	for _, name := range []string{"50%", "50_", "50x", "Ärger", "ärger"} {
		b.put(t, b.entry("system", name, "x"))
	}
	for prefix, want := range map[string]string{"50%": "system 50%", "50_": "system 50_", "Är": "system Ärger"} {
		same(t, prefix, b.keys(t, store.KVQuery{Scope: "system", Prefix: prefix}), []string{want})
	}
}

func kvDelete(t *testing.T, b *bench) {
	e := b.entry("system", "colour", "red")
	b.put(t, e)
	gone, err := b.KVDelete(t.Context(), "system", "colour", b.time())
	must(t, err)
	same(t, "gone", gone, e)
	_, err = b.KVGet(t.Context(), "system", "colour", b.time())
	wantKind(t, err, automation.ErrNotFound)
}

func kvForget(t *testing.T, b *bench) {
	for i, name := range []string{"a", "b"} {
		e := b.entry("system", name, "x")
		end := b.time().Add(time.Duration(i+1) * time.Minute)
		e.ExpiresAt = &end
		b.put(t, e)
	}
	b.put(t, b.entry("system", "c", "x"))
	removed, err := b.Forget(t.Context(), b.pass(time.Minute), 10)
	must(t, err)
	same(t, "removed", removed, 1)
	same(t, "left", b.keys(t, store.KVQuery{}), []string{"system b", "system c"})
}

func (b *bench) consequence() (store.Acceptance, string, string) {
	ev, x := b.event(), b.execution(automation.Pending)
	x.Event = ev.ID
	return store.Acceptance{Event: &ev, Executions: []automation.Execution{x}}, ev.ID, x.ID
}

func (b *bench) there(t *testing.T, event, execution string) bool {
	t.Helper()
	_, err := b.Event(t.Context(), event)
	_, errX := b.Execution(t.Context(), execution)
	if (err == nil) != (errX == nil) {
		t.Errorf("event: %v, execution: %v; want both or neither", err, errX)
	}
	if err != nil && !errors.Is(err, automation.ErrNotFound) {
		t.Error(err)
	}
	return err == nil
}

func kvThen(t *testing.T, b *bench) {
	then, event, execution := b.consequence()
	_, err := b.KVPut(t.Context(), b.entry("system", "colour", "red"), then)
	must(t, err)
	same(t, "after the put", b.there(t, event, execution), true)
	then, event, execution = b.consequence()
	_, err = b.KVDelete(t.Context(), "system", "colour", b.time(), then)
	must(t, err)
	same(t, "after the delete", b.there(t, event, execution), true)
}

func kvThenFails(t *testing.T, b *bench) {
	then, event, execution := b.consequence()
	then.Executions[0].ID = "odd"
	_, err := b.KVPut(t.Context(), b.entry("system", "colour", "red"), then)
	wantKind(t, err, automation.ErrInvalid)
	_, err = b.KVGet(t.Context(), "system", "colour", b.time())
	wantKind(t, err, automation.ErrNotFound)
	same(t, "consequence", b.there(t, event, execution), false)
}

func kvThenMissing(t *testing.T, b *bench) {
	then, event, execution := b.consequence()
	_, err := b.KVDelete(t.Context(), "system", "colour", b.time(), then)
	wantKind(t, err, automation.ErrNotFound)
	same(t, "consequence", b.there(t, event, execution), false)
}
