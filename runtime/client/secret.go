package client

import (
	"context"
	"net/http"

	"github.com/squall-dev/squall/runtime/automation"
)

// Secrets lists secrets, without their values.
func (c *Client) Secrets(ctx context.Context) (List[automation.Secret], error) {
	return list[automation.Secret](ctx, c, get("secrets"))
}

// SetSecret keeps a secret.
func (c *Client) SetSecret(ctx context.Context, name, value string) (automation.Secret, error) {
	return one[automation.Secret](ctx, c, request{method: http.MethodPut, path: []string{"secrets", name}, body: map[string]string{"value": value}})
}

// DeleteSecret forgets a stored secret.
func (c *Client) DeleteSecret(ctx context.Context, name string) error {
	_, err := c.call(ctx, request{method: http.MethodDelete, path: []string{"secrets", name}}, nil)
	return err
}

// RotateSecrets makes a new key and tells how many secrets were sealed with it.
func (c *Client) RotateSecrets(ctx context.Context) (int, error) {
	var r struct{ Sealed int }
	_, err := c.call(ctx, post(nil, "secrets", "rotate"), &r)
	return r.Sealed, err
}
