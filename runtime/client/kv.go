package client

import (
	"context"
	"net/http"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
)

// KeyQuery selects keys. Scope "all" means every scope; an empty one, system.
type KeyQuery struct {
	Page
	Scope  string
	Prefix string
	// Decrypt asks for the values of encrypted keys.
	Decrypt bool
}

// Keys lists keys by name.
func (c *Client) Keys(ctx context.Context, q KeyQuery) (List[automation.KVEntry], error) {
	v := q.Page.values().set("scope", q.Scope).set("prefix", q.Prefix).set("decrypt", truth(q.Decrypt))
	return list[automation.KVEntry](ctx, c, get("kv").with(v.query()))
}

// truth is a flag in a query; false is left out.
func truth(yes bool) string {
	if yes {
		return "true"
	}
	return ""
}

// Key returns one key; of an encrypted one the value only if that is asked for.
func (c *Client) Key(ctx context.Context, scope, name string, decrypted bool) (automation.KVEntry, error) {
	return one[automation.KVEntry](ctx, c, get("kv", scope, name).with(values{}.set("decrypt", truth(decrypted)).query()))
}

// SetKey sets a key, for a time or, with a ttl of zero, for good.
func (c *Client) SetKey(ctx context.Context, e automation.KVEntry, ttl time.Duration) (automation.KVEntry, error) {
	body := map[string]any{"value": e.Value}
	if e.Encrypted {
		body["encrypted"] = true
	}
	if ttl > 0 {
		body["ttl"] = automation.Duration(ttl)
	}
	return one[automation.KVEntry](ctx, c, request{method: http.MethodPut, path: []string{"kv", e.Scope, e.Name}, body: body})
}

// DeleteKey removes a key.
func (c *Client) DeleteKey(ctx context.Context, scope, name string) error {
	_, err := c.call(ctx, request{method: http.MethodDelete, path: []string{"kv", scope, name}}, nil)
	return err
}
