package kv_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/squall-dev/squall/hostfuncs"
	"github.com/squall-dev/squall/hostfuncs/kv"
	"github.com/squall-dev/squall/runtime/automation"
)

// memory is a store in memory.
type memory struct {
	mu  sync.Mutex
	all map[string]automation.KVEntry
}

func (m *memory) Get(_ context.Context, scope, name string) (automation.KVEntry, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	e, there := m.all[scope+"\x00"+name]
	if !there {
		return e, automation.NotFound("there is no key %q", name)
	}
	return e, nil
}

func (m *memory) List(_ context.Context, scope, prefix, after string, limit int) ([]automation.KVEntry, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var all []automation.KVEntry
	for _, e := range m.all {
		if e.Scope == scope && strings.HasPrefix(e.Name, prefix) && e.Name > after {
			all = append(all, e)
		}
	}
	slices.SortFunc(all, func(a, b automation.KVEntry) int { return strings.Compare(a.Name, b.Name) })
	return all[:min(limit, len(all))], nil
}

func (m *memory) Put(_ context.Context, e automation.KVEntry, check func(*automation.KVEntry) error) (automation.KVEntry, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var now *automation.KVEntry
	if old, there := m.all[e.Scope+"\x00"+e.Name]; there {
		now = &old
	}
	if err := check(now); err != nil {
		return e, err
	}
	m.all[e.Scope+"\x00"+e.Name] = e
	return e, nil
}

func (m *memory) Delete(ctx context.Context, scope, name string) error {
	if _, err := m.Get(ctx, scope, name); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.all, scope+"\x00"+name)
	return nil
}

func TestKeys(t *testing.T) {
	t.Parallel()
	m := &memory{all: map[string]automation.KVEntry{"system\x00colour": {Scope: "system", Name: "colour", Value: "red"}}}
	set, err := hostfuncs.NewSet(kv.New(m).Funcs())
	if err != nil {
		t.Fatal(err)
	}
	who := hostfuncs.Caller{Pack: "demo", Grants: automation.Capabilities{KV: []automation.KVCapability{
		{Scope: "pack", Write: true, Keys: []string{"last/*", "count"}}, {Scope: "system", Keys: []string{"colour"}}}}}
	dry := who
	dry.DryRun = true
	for _, tt := range []struct {
		name, call, request string
		who                 hostfuncs.Caller
		want                string // part of the envelope
	}{
		{"a key of everybody", "kv_get", `{"scope":"system","name":"colour"}`, who, `"value":"red"`},
		{"one that is not there", "kv_get", `{"name":"count"}`, who, `"kind":"not_found"`},
		{"one that the pack may not read", "kv_get", `{"scope":"system","name":"root"}`, who, `"kind":"denied"`},
		{"a scope that is none", "kv_get", `{"scope":"site","name":"x"}`, who, `is not a scope`},
		{"what the pack may only read", "kv_set", `{"scope":"system","name":"colour","value":"blue"}`, who, `write: true`},
		{"the first of two", "kv_set", `{"name":"count","value":"1","if_absent":true}`, who, `"value":"1"`},
		{"the second of two", "kv_set", `{"name":"count","value":"1","if_absent":true}`, who, `"kind":"conflict"`},
		{"a value that is another", "kv_set", `{"name":"count","value":"2","if_value":"9"}`, who, `another value by now`},
		{"a dry run", "kv_set", `{"name":"count","value":"2","if_value":"1"}`, dry, `"value":"2"`},
		{"a dry run that would fail", "kv_set", `{"name":"count","value":"2","if_value":"9"}`, dry, `"kind":"conflict"`},
		{"after the dry run", "kv_get", `{"name":"count"}`, who, `"value":"1"`},
		{"a value that is still the same", "kv_set", `{"name":"count","value":"2","if_value":"1"}`, who, `"value":"2"`},
		{"a key that looks like a path", "kv_set", `{"name":"last/run/eu","value":"x","ttl_seconds":60}`, who, `"expires_at":"`},
		{"all that begin so", "kv_list", `{"prefix":"last/"}`, who, `{"ok":{"items":[{"name":"last/run/eu"`},
		{"a page", "kv_list", `{"prefix":"last/","limit":1}`, who, `"next":"last/run/eu"`},
		{"a page too large", "kv_list", `{"prefix":"last/","limit":1001}`, who, `up to 1000`},
		{"all of them", "kv_list", `{}`, who, `"kind":"denied"`},
		{"a time before now", "kv_set", `{"name":"count","value":"2","ttl_seconds":-1}`, who, `"kind":"invalid"`},
		{"both conditions", "kv_set", `{"name":"count","value":"2","if_absent":true,"if_value":"2"}`, who, `contradict`},
		{"a name that is none", "kv_set", `{"name":"last/","value":"2"}`, who, `can not name a key`},
		{"deleting in a dry run", "kv_delete", `{"name":"count"}`, dry, `{"ok":{"deleted":true}}`},
		{"deleting", "kv_delete", `{"name":"count"}`, who, `{"ok":{"deleted":true}}`},
		{"deleting again", "kv_delete", `{"name":"count"}`, who, `{"ok":{"deleted":false}}`},
		{"without the right", "kv_get", `{"name":"count"}`, hostfuncs.Caller{}, `the pack may use no keys`},
	} {
		envelope, record := set[tt.call].Call(t.Context(), tt.who, []byte(tt.request))
		if !strings.Contains(string(envelope), tt.want) {
			t.Errorf("%s: %s, want %s", tt.name, envelope, tt.want)
		}
		if changes := tt.call == "kv_set" || tt.call == "kv_delete"; record.Error != "denied" && changes && (record.Change == nil || !strings.HasPrefix(record.Change.Target, "kv/")) {
			t.Errorf("%s: the change is %+v", tt.name, record.Change)
		}
	}
	if e := m.all["pack:demo\x00last/run/eu"]; e.Value != "x" {
		t.Errorf("the pack's own scope has %+v", e)
	}
	none, err := hostfuncs.NewSet(kv.New(nil).Funcs())
	if err != nil {
		t.Fatal(err)
	}
	if envelope, _ := none["kv_get"].Call(t.Context(), who, []byte(`{"name":"count"}`)); !strings.Contains(string(envelope), "run the action on a server") {
		t.Errorf("without a server: %s", envelope)
	}
}

// The scope user is that of whoever started the execution, and of nobody else.
func TestTheScopeOfAUser(t *testing.T) {
	t.Parallel()
	m := &memory{all: map[string]automation.KVEntry{}}
	set, err := hostfuncs.NewSet(kv.New(m).Funcs())
	if err != nil {
		t.Fatal(err)
	}
	who := hostfuncs.Caller{Pack: "demo", User: "mira", Grants: automation.Capabilities{KV: []automation.KVCapability{{Scope: "user", Write: true}}}}
	set["kv_set"].Call(t.Context(), who, []byte(`{"scope":"user","name":"city","value":"Rome"}`))
	if e := m.all["user:mira\x00city"]; e.Value != "Rome" {
		t.Errorf("stored: %+v", m.all)
	}
	ada, nobody := who, who
	ada.User, nobody.User = "ada", ""
	for _, tt := range []struct {
		name string
		who  hostfuncs.Caller
		want string
	}{{"the same person", who, "Rome"}, {"another person", ada, "not_found"}, {"a rule", nobody, "no person started"}} {
		if envelope, _ := set["kv_get"].Call(t.Context(), tt.who, []byte(`{"scope":"user","name":"city"}`)); !strings.Contains(string(envelope), tt.want) {
			t.Errorf("%s: %s, want %s", tt.name, envelope, tt.want)
		}
	}
}

// The values of encrypted keys are for packs that may reveal them.
func TestEncryptedKeysAreRevealedToWhoMaySeeThem(t *testing.T) {
	t.Parallel()
	m := &memory{all: map[string]automation.KVEntry{}}
	set, err := hostfuncs.NewSet(kv.New(m).Funcs())
	if err != nil {
		t.Fatal(err)
	}
	who := func(entries ...automation.KVCapability) hostfuncs.Caller {
		return hostfuncs.Caller{Pack: "demo", Grants: automation.Capabilities{KV: entries},
			Scrub: func(b []byte) []byte { return []byte(strings.ReplaceAll(string(b), "s3cret", "***")) }}
	}
	writes, may := automation.KVCapability{Scope: "pack", Write: true}, automation.KVCapability{Scope: "pack", Keys: []string{"tok*"}, Reveal: true}
	set["kv_set"].Call(t.Context(), who(writes), []byte(`{"name":"token","value":"s3cret","encrypted":true}`))
	set["kv_set"].Call(t.Context(), who(writes), []byte(`{"name":"open","value":"plain"}`))
	if e := m.all["pack:demo\x00token"]; !e.Encrypted || e.Value != "s3cret" {
		t.Fatalf("stored: %+v", e)
	}
	for _, tt := range []struct {
		name, call, request, want string
		who                       hostfuncs.Caller
	}{
		{"who may write", "kv_get", `{"name":"token"}`, "may not see the value", who(writes)},
		{"who may see it", "kv_get", `{"name":"token"}`, `"value":"s3cret","encrypted":true`, who(writes, may)},
		{"a list of who may not", "kv_list", `{}`, `{"name":"token","value":"","encrypted":true`, who(writes)},
		{"a list of who may", "kv_list", `{}`, `{"name":"token","value":"s3cret","encrypted":true`, who(writes, may)},
		{"what is not encrypted", "kv_get", `{"name":"open"}`, `"value":"plain"`, who(writes)},
	} {
		if envelope, _ := set[tt.call].Call(t.Context(), tt.who, []byte(tt.request)); !strings.Contains(string(envelope), tt.want) {
			t.Errorf("%s: %s, want %s", tt.name, envelope, tt.want)
		}
	}
}
