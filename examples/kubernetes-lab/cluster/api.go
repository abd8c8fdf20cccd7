package cluster

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/squall-dev/squall/examples/kubernetes-lab/node"
)

// ErrNotFound tells that the API server knows no such object.
var ErrNotFound = errors.New("not found")

// API speaks with the API server as an administrator: the few requests that the lab
// makes itself. For everything else there is kubectl.
type API struct{ client *http.Client }

func newAPI(pki string) (*API, error) {
	cert, err := tls.LoadX509KeyPair(filepath.Join(pki, "admin.crt"), filepath.Join(pki, "admin.key"))
	if err != nil {
		return nil, fmt.Errorf("read the administrator's certificate: %w", err)
	}
	authority, err := os.ReadFile(filepath.Join(pki, "ca.crt"))
	if err != nil {
		return nil, fmt.Errorf("read the cluster's authority: %w", err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(authority)
	transport := &http.Transport{
		TLSClientConfig:   &tls.Config{RootCAs: roots, Certificates: []tls.Certificate{cert}},
		ForceAttemptHTTP2: true, IdleConnTimeout: time.Minute,
	}
	return &API{client: &http.Client{Transport: transport, Timeout: 30 * time.Second}}, nil
}

// Get reads an object, unless into is nil.
func (a *API) Get(ctx context.Context, path string, into any) error {
	return a.send(ctx, http.MethodGet, path, nil, into)
}

// Create makes an object.
func (a *API) Create(ctx context.Context, path string, object any) error {
	return a.send(ctx, http.MethodPost, path, object, nil)
}

// Patch merges into an object.
func (a *API) Patch(ctx context.Context, path string, object any) error {
	return a.send(ctx, http.MethodPatch, path, object, nil)
}

// Delete removes an object, at once where that can be.
func (a *API) Delete(ctx context.Context, path string) error {
	return a.send(ctx, http.MethodDelete, path, map[string]any{"gracePeriodSeconds": 0}, nil)
}

func (a *API) send(ctx context.Context, method, path string, object, into any) error {
	var body bytes.Buffer
	if object != nil {
		if err := json.NewEncoder(&body).Encode(object); err != nil {
			return fmt.Errorf("%s %s: %w", method, path, err)
		}
	}
	req, err := http.NewRequestWithContext(ctx, method, "https://"+node.ServiceAddress+path, &body)
	if err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	req.Header.Set("Content-Type", "application/json")
	if method == http.MethodPatch {
		req.Header.Set("Content-Type", "application/merge-patch+json")
	}
	resp, err := a.client.Do(req)
	if err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	switch {
	case err != nil:
		return fmt.Errorf("%s %s: %w", method, path, err)
	case resp.StatusCode == http.StatusNotFound:
		return fmt.Errorf("%s %s: %w", method, path, ErrNotFound)
	case resp.StatusCode >= http.StatusBadRequest:
		return fmt.Errorf("%s %s: %s: %s", method, path, resp.Status, answer)
	case into == nil:
		return nil
	}
	if err := json.Unmarshal(answer, into); err != nil {
		return fmt.Errorf("%s %s: read the answer: %w", method, path, err)
	}
	return nil
}
