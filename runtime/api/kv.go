package api

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/store"
)

// NewValue is what a key is set to.
type NewValue struct {
	Value string `json:"value"`
	// Encrypted seals the value in the database. Once encrypted a key stays so, until it
	// is deleted.
	Encrypted bool `json:"encrypted,omitempty"`
	// TTL is how long it stays, such as "10m"; without one it stays for good.
	TTL automation.Duration `json:"ttl,omitempty"`
}

// allScopes in a query means every scope; without any, system is meant.
const allScopes = "all"

// listKeys lists one scope by name, or all of them. The next page comes after
// "scope/name", because names may hold slashes and scopes may not.
func (s *Server) listKeys(c echo.Context) error {
	q := &query{c: c}
	want := store.KVQuery{Scope: q.text("scope"), Prefix: q.text("prefix"), At: time.Now(), Limit: q.limit()}
	if want.Scope == "" {
		want.Scope = automation.ScopeSystem
	}
	if q.err != nil {
		return q.err
	}
	if want.Scope == allScopes {
		want.Scope = ""
	} else if err := automation.CheckScope(want.Scope); err != nil {
		return err
	}
	if after := q.text("after"); after != "" {
		scope, name, ok := strings.Cut(after, "/")
		if !ok {
			return automation.Invalid("after must be the next of the page before, not %q", brief(after)).WithCode("malformed")
		}
		want.AfterScope, want.After = scope, name
	}
	q.flag("decrypt")
	if q.err != nil {
		return q.err
	}
	items, more, err := s.keys(c.Request().Context(), want)
	if err != nil {
		return err
	}
	for i := range items {
		items[i] = q.shown(items[i])
	}
	l := List[automation.KVEntry]{Items: items}
	if more {
		last := items[len(items)-1]
		l.Next = last.Scope + "/" + last.Name
	}
	return c.JSON(http.StatusOK, l)
}

// shown leaves the value of an encrypted key out, unless ?decrypt=true asks for it.
func (q *query) shown(e automation.KVEntry) automation.KVEntry {
	if yes := q.flag("decrypt"); e.Encrypted && (yes == nil || !*yes) {
		e.Value = ""
	}
	return e
}

// enoughKeys ends a page early: a thousand values may have a gigabyte.
const enoughKeys = 8 << 20

// keys reads a page in pieces, larger ones as long as the values are small, and
// tells whether there may be more.
func (s *Server) keys(ctx context.Context, want store.KVQuery) (items []automation.KVEntry, more bool, err error) {
	items = []automation.KVEntry{}
	limit, size := want.Limit, 0
	for piece := 8; ; {
		want.Limit = min(piece, limit-len(items))
		some, err := s.Store.KVList(ctx, want)
		if err != nil {
			return nil, false, err
		}
		items = append(items, some...)
		for _, e := range some {
			size += len(e.Value)
		}
		if len(some) < want.Limit || len(items) == limit || size >= enoughKeys {
			return items, len(some) == want.Limit, nil
		}
		last := some[len(some)-1]
		want.AfterScope, want.After = last.Scope, last.Name
		if size < enoughKeys/16 {
			piece *= 2
		}
	}
}

const kvPrefix = "/api/v1/kv/"

// keyOf reads scope and name from the path, which is decoded already: a scope holds
// no slash, so that those in a name need not be escaped.
func keyOf(c echo.Context) (scope, name string, err error) {
	scope, name, _ = strings.Cut(strings.TrimPrefix(c.Request().URL.Path, kvPrefix), "/")
	return scope, name, automation.CheckKey(scope, name)
}

func (s *Server) getKey(c echo.Context) error {
	scope, name, err := keyOf(c)
	if err != nil {
		return err
	}
	q := &query{c: c}
	e, err := s.Store.KVGet(c.Request().Context(), scope, name, time.Now())
	if err != nil {
		return err
	}
	e = q.shown(e)
	if q.err != nil {
		return q.err
	}
	if e.Encrypted && e.Value != "" {
		s.Logger.Info("encrypted key read", "scope", scope, "name", name, "by", identity(c).User)
	}
	return c.JSON(http.StatusOK, e)
}

func (s *Server) putKey(c echo.Context) error {
	scope, name, err := keyOf(c)
	if err != nil {
		return err
	}
	var v NewValue
	if err := decode(c, &v); err != nil {
		return err
	}
	e := automation.KVEntry{Scope: scope, Name: name, Value: v.Value, Encrypted: v.Encrypted}
	if v.TTL < 0 {
		return automation.Invalid("ttl must not be negative").WithCode("malformed")
	}
	if v.TTL > 0 {
		end := time.Now().Add(time.Duration(v.TTL))
		e.ExpiresAt = &end
	}
	noted(c, "", "encrypted", onlyTrue(e.Encrypted), "ttl", onlySet(v.TTL))
	e, err = s.Engine.PutKey(c.Request().Context(), e)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, (&query{c: c}).shown(e))
}

func (s *Server) deleteKey(c echo.Context) error {
	scope, name, err := keyOf(c)
	if err != nil {
		return err
	}
	if err := s.Engine.DeleteKey(c.Request().Context(), scope, name); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}
