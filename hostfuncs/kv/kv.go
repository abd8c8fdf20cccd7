// Package kv has the host functions over the values that rules and packs share by
// name. A pack's own scope is "pack";
// "user" is that of the person who started the execution, and "system" everybody's.
package kv

import (
	"context"
	"path"
	"slices"
	"time"

	"github.com/squall-dev/squall/hostfuncs"
	"github.com/squall-dev/squall/runtime/automation"
)

// Store keeps the values. Put stores an entry if check, which is told what is there
// now (nil for nothing), does not refuse.
type Store interface {
	Get(ctx context.Context, scope, name string) (automation.KVEntry, error)
	List(ctx context.Context, scope, prefix, after string, limit int) ([]automation.KVEntry, error)
	Put(ctx context.Context, e automation.KVEntry, check func(now *automation.KVEntry) error) (automation.KVEntry, error)
	Delete(ctx context.Context, scope, name string) error
}

// Client holds the family's functions.
type Client struct{ store Store }

// New returns the family. Without a store every call says that there is no server.
func New(s Store) *Client { return &Client{s} }

// Funcs announces the family's functions.
func (c *Client) Funcs() []hostfuncs.Func {
	return []hostfuncs.Func{
		hostfuncs.New("kv_get", "Reads a value that rules and packs share by name.", granted(false), KeyRequest.describe, c.Get),
		hostfuncs.New("kv_list", "Lists names and values.", granted(false), ListRequest.describe, c.List),
		hostfuncs.Spec[SetRequest, Entry]{Name: "kv_set", Doc: "Sets a value, if it is still what the guest has read.",
			Granted: granted(true), Describe: SetRequest.describe, Change: SetRequest.change, Preview: c.previewSet, Do: c.Set}.Func(),
		hostfuncs.Spec[KeyRequest, Deleted]{Name: "kv_delete", Doc: "Removes a value.",
			Granted: granted(true), Describe: KeyRequest.describe, Change: KeyRequest.change, Preview: c.previewDelete, Do: c.Delete}.Func(),
	}
}

// The scopes as guests name them.
const (
	scopePack   = "pack"
	scopeUser   = "user"
	scopeSystem = "system"
)

// KeyRequest names a value.
type KeyRequest struct {
	Scope string `json:"scope,omitempty" doc:"pack (its own) when empty, user (of who started the execution), or system"`
	Name  string `json:"name"`
}

// ListRequest selects values by the beginning of their names.
type ListRequest struct {
	Scope  string `json:"scope,omitempty" doc:"pack (its own) when empty, user (of who started the execution), or system"`
	Prefix string `json:"prefix,omitempty"`
	After  string `json:"after,omitempty" doc:"a name: those behind it"`
	Limit  int    `json:"limit,omitempty" doc:"100 when 0, at most 1000"`
}

// SetRequest sets a value.
type SetRequest struct {
	Scope      string  `json:"scope,omitempty" doc:"pack (its own) when empty, user (of who started the execution), or system"`
	Name       string  `json:"name"`
	Value      string  `json:"value"`
	TTLSeconds float64 `json:"ttl_seconds,omitempty" doc:"how long it is kept; for good when 0"`
	Encrypted  bool    `json:"encrypted,omitempty" doc:"seals the value in the database; it stays so until it is deleted"`
	IfValue    *string `json:"if_value,omitempty" doc:"only if the value now is this one; else the error is of kind conflict"`
	IfAbsent   bool    `json:"if_absent,omitempty" doc:"only if there is no value; else the error is of kind conflict"`
}

// Entry is a value with its name.
type Entry struct {
	Name      string     `json:"name"`
	Value     string     `json:"value" doc:"empty in a list, when it is encrypted and the capability does not say reveal: true"`
	Encrypted bool       `json:"encrypted,omitempty"`
	UpdatedAt time.Time  `json:"updated_at"`
	ExpiresAt *time.Time `json:"expires_at,omitempty"`
}

// ListResponse is a page of values.
type ListResponse struct {
	Items []Entry `json:"items"`
	Next  string  `json:"next,omitempty" doc:"to be passed as after; absent at the end"`
}

// Deleted tells whether there was something.
type Deleted struct {
	Deleted bool `json:"deleted"`
}

// Reveals keeps the value of an encrypted key in what the guest is told: it may see it.
func (e Entry) Reveals() bool { return e.Encrypted && e.Value != "" }

// Reveals is that of its entries.
func (r ListResponse) Reveals() bool { return slices.ContainsFunc(r.Items, Entry.Reveals) }

func (r KeyRequest) describe() string  { return scopeOr(r.Scope) + " " + r.Name }
func (r ListRequest) describe() string { return scopeOr(r.Scope) + " " + r.Prefix + "*" }
func (r SetRequest) describe() string  { return scopeOr(r.Scope) + " " + r.Name }

func (r SetRequest) change() *automation.HostChange {
	return &automation.HostChange{Verb: "set", Target: "kv/" + scopeOr(r.Scope) + "/" + r.Name}
}

func (r KeyRequest) change() *automation.HostChange {
	return &automation.HostChange{Verb: "delete", Target: "kv/" + scopeOr(r.Scope) + "/" + r.Name}
}

func scopeOr(scope string) string {
	if scope == "" {
		return scopePack
	}
	return scope
}

// granted decides whether a pack may use the functions that read, or that write.
func granted(write bool) func(automation.Capabilities) error {
	return func(c automation.Capabilities) error {
		for _, entry := range c.KV {
			if !write || entry.Write {
				return nil
			}
		}
		return automation.Denied("the pack may use no keys").WithHint("add to pack.yaml: %s", line(scopePack, write))
	}
}

func line(scope string, write bool) string {
	more := ""
	if write {
		more = ", write: true"
	}
	return `capabilities: {kv: [{scope: ` + scope + more + `, reason: "..."}]}`
}

// scope checks the right to a key, or to a prefix, and returns the store's scope.
func (c *Client) scope(who hostfuncs.Caller, scope, name string, write bool) (string, error) {
	scope = scopeOr(scope)
	if scope != scopePack && scope != scopeUser && scope != scopeSystem {
		return "", automation.Invalid("%q is not a scope", scope).WithHint("use pack, user or system")
	}
	err := who.Permit(func(caps automation.Capabilities) error {
		for _, entry := range caps.KV {
			if covers(entry, scope, name) && (!write || entry.Write) {
				return nil
			}
		}
		return automation.Denied("the pack may not use the key %s of scope %s", name, scope).WithHint("add to pack.yaml: %s", line(scope, write))
	})
	if err != nil {
		return "", err
	}
	if c.store == nil {
		return "", automation.Unavailable("there are no keys here").WithHint("run the action on a server")
	}
	switch {
	case scope == scopePack:
		scope = "pack:" + who.Pack
	case scope == scopeUser && who.User == "":
		return "", automation.Denied("no person started this execution, so there is no scope user").
			WithHint("keep it in the scope of the pack or of the system")
	case scope == scopeUser:
		scope = "user:" + who.User
	}
	return scope, nil
}

// revealed is whether a pack may see the value of an encrypted key.
func revealed(who hostfuncs.Caller, scope, name string) error {
	return who.Permit(func(caps automation.Capabilities) error {
		for _, entry := range caps.KV {
			if covers(entry, scope, name) && entry.Reveal {
				return nil
			}
		}
		return automation.Denied("the pack may not see the value of the encrypted key %s", name).
			WithHint(`add to pack.yaml: capabilities: {kv: [{scope: %s, keys: [%q], reveal: true, reason: "..."}]}`, scope, name)
	})
}

// covers tells whether an entry is about a key.
func covers(entry automation.KVCapability, scope, name string) bool {
	return entry.Scope == scope && (len(entry.Keys) == 0 || slices.ContainsFunc(entry.Keys, func(p string) bool { return matches(p, name) }))
}

// matches lets a star stand for slashes too: keys are often paths.
func matches(pattern, name string) bool {
	if n := len(pattern); n > 0 && pattern[n-1] == '*' && len(name) >= n-1 && name[:n-1] == pattern[:n-1] {
		return true
	}
	ok, err := path.Match(pattern, name)
	return err == nil && ok
}

// Get reads a value.
func (c *Client) Get(ctx context.Context, who hostfuncs.Caller, req KeyRequest) (Entry, error) {
	scope, err := c.scope(who, req.Scope, req.Name, false)
	if err != nil {
		return Entry{}, err
	}
	e, err := c.store.Get(ctx, scope, req.Name)
	if err == nil && e.Encrypted {
		err = revealed(who, scopeOr(req.Scope), req.Name)
	}
	if err != nil {
		return Entry{}, err
	}
	return entryOf(e), nil
}

// List lists values that the pack may read.
func (c *Client) List(ctx context.Context, who hostfuncs.Caller, req ListRequest) (ListResponse, error) {
	const most = 1000
	if req.Limit < 0 || req.Limit > most {
		return ListResponse{}, automation.Invalid("limit is %d; it may be up to %d", req.Limit, most)
	}
	if req.Limit == 0 {
		req.Limit = 100
	}
	scope, err := c.scope(who, req.Scope, req.Prefix, false)
	if err != nil {
		return ListResponse{}, err
	}
	all, err := c.store.List(ctx, scope, req.Prefix, req.After, req.Limit)
	if err != nil {
		return ListResponse{}, err
	}
	out := ListResponse{Items: []Entry{}}
	for _, e := range all {
		if e.Encrypted && revealed(who, scopeOr(req.Scope), e.Name) != nil {
			e.Value = ""
		}
		out.Items = append(out.Items, entryOf(e))
	}
	if len(all) == req.Limit {
		out.Next = all[len(all)-1].Name
	}
	return out, nil
}

// Set sets a value.
func (c *Client) Set(ctx context.Context, who hostfuncs.Caller, req SetRequest) (Entry, error) {
	e, err := c.entry(who, req)
	if err != nil {
		return Entry{}, err
	}
	e, err = c.store.Put(ctx, e, req.check)
	return entryOf(e), err
}

func (c *Client) entry(who hostfuncs.Caller, req SetRequest) (automation.KVEntry, error) {
	scope, err := c.scope(who, req.Scope, req.Name, true)
	if err != nil {
		return automation.KVEntry{}, err
	}
	if req.IfAbsent && req.IfValue != nil {
		return automation.KVEntry{}, automation.Invalid("if_absent and if_value contradict each other")
	}
	const longest = 10 * 365 * 24 * 60 * 60
	if req.TTLSeconds < 0 || req.TTLSeconds > longest {
		return automation.KVEntry{}, automation.Invalid("ttl_seconds is %v; it may be from 0 to %d", req.TTLSeconds, longest)
	}
	e := automation.KVEntry{Scope: scope, Name: req.Name, Value: req.Value, Encrypted: req.Encrypted}
	if req.TTLSeconds > 0 {
		at := time.Now().Add(time.Duration(req.TTLSeconds * float64(time.Second)))
		e.ExpiresAt = &at
	}
	return e, e.Check()
}

func (r SetRequest) check(now *automation.KVEntry) error {
	switch {
	case r.IfAbsent && now != nil:
		return automation.Conflict("key %s has a value already", r.Name)
	case r.IfValue != nil && now == nil:
		return automation.Conflict("key %s has no value any more", r.Name)
	case r.IfValue != nil && now.Value != *r.IfValue:
		return automation.Conflict("key %s has another value by now", r.Name)
	}
	return nil
}

func (c *Client) previewSet(ctx context.Context, who hostfuncs.Caller, req SetRequest) (Entry, string, error) {
	e, err := c.entry(who, req)
	if err != nil {
		return Entry{}, "", err
	}
	now, err := c.there(ctx, e.Scope, e.Name)
	if err != nil {
		return Entry{}, "", err
	}
	if err := req.check(now); err != nil {
		return Entry{}, "", err
	}
	e.UpdatedAt = time.Now()
	return entryOf(e), "", nil
}

// there is what a key has now; nil for nothing.
func (c *Client) there(ctx context.Context, scope, name string) (*automation.KVEntry, error) {
	e, err := c.store.Get(ctx, scope, name)
	if automation.KindOf(err) == "not_found" {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return &e, nil
}

// Delete removes a value; that there is none is a result.
func (c *Client) Delete(ctx context.Context, who hostfuncs.Caller, req KeyRequest) (Deleted, error) {
	scope, err := c.scope(who, req.Scope, req.Name, true)
	if err != nil {
		return Deleted{}, err
	}
	err = c.store.Delete(ctx, scope, req.Name)
	if automation.KindOf(err) == "not_found" {
		return Deleted{}, nil
	}
	return Deleted{err == nil}, err
}

func (c *Client) previewDelete(ctx context.Context, who hostfuncs.Caller, req KeyRequest) (Deleted, string, error) {
	scope, err := c.scope(who, req.Scope, req.Name, true)
	if err != nil {
		return Deleted{}, "", err
	}
	now, err := c.there(ctx, scope, req.Name)
	return Deleted{now != nil}, "", err
}

func entryOf(e automation.KVEntry) Entry {
	return Entry{Name: e.Name, Value: e.Value, Encrypted: e.Encrypted, UpdatedAt: e.UpdatedAt, ExpiresAt: e.ExpiresAt}
}
