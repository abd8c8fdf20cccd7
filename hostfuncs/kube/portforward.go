package kube

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/squall-dev/squall/hostfuncs"
	"github.com/squall-dev/squall/runtime/automation"
)

// PortForwardRequest asks for a GET request to a port of a Pod, through a
// connection that ends inside the Pod.
type PortForwardRequest struct {
	ProxyRequest
}

func (r PortForwardRequest) describe() string { return "port-forward " + r.ProxyRequest.describe() }

// PortForwardGet sends a GET request to a port of a Pod by port-forward and waits
// for the answer. Unlike [Client.ProxyGet] it also reaches a process that listens
// on 127.0.0.1 alone. A certificate is not verified, as the API server's proxy
// does not either: nobody issues them for that address.
func (c *Client) PortForwardGet(ctx context.Context, who hostfuncs.Caller, req PortForwardRequest) (r ProxyResponse, err error) {
	if err := req.check(who, verbPortForward); err != nil {
		return r, err
	}
	suffix, query, err := req.address()
	if err != nil {
		return r, err
	}
	ctx, cancel, err := begin(ctx, req.TimeoutSeconds, time.Minute)
	if err != nil {
		return r, err
	}
	defer cancel()
	if err := c.enter(ctx, who, req.right(verbPortForward)); err != nil {
		return r, err
	}
	suffix.Scheme, suffix.Host, suffix.RawQuery = "http", net.JoinHostPort("localhost", strconv.Itoa(req.Port)), query
	if req.Scheme != "" {
		suffix.Scheme = req.Scheme
	}
	right := &rbac{resource: "pods/portforward", verbs: "get, create", namespace: req.Namespace}
	doing := fmt.Sprintf("GET port %d of Pod %s/%s by port-forward", req.Port, req.Namespace, req.Pod)
	err = c.use(ctx, req.Context, doing, right, func(k *cluster) error {
		conn, err := k.forward(ctx, req.Namespace, req.Pod, req.Port)
		if err != nil {
			return err
		}
		defer conn.Close()
		r, err = getOver(ctx, who, conn, suffix, req.Artifact)
		return finally(explainForward(ctx, err, doing))
	})
	return r, err
}

// getOver sends one request over a connection.
func getOver(ctx context.Context, who hostfuncs.Caller, conn net.Conn, to *url.URL, spec *hostfuncs.ArtifactSpec) (ProxyResponse, error) {
	transport := &http.Transport{
		DialContext:        func(context.Context, string, string) (net.Conn, error) { return conn, nil },
		DisableKeepAlives:  true, // one connection, one request
		DisableCompression: true, // the Pod's bytes, as they are
		TLSClientConfig:    &tls.Config{InsecureSkipVerify: true},
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, to.String(), nil)
	if err != nil {
		return ProxyResponse{}, err
	}
	resp, err := transport.RoundTrip(req) // follows no redirect
	if err != nil {
		return ProxyResponse{}, withoutStep(err)
	}
	defer resp.Body.Close()
	return answerOf(ctx, who, resp, spec)
}

// withoutStep takes off what net/http says of its own steps when a connection ends
// between two of them: the same fault is to be told in the same words every time.
func withoutStep(err error) error {
	if inner := errors.Unwrap(err); inner != nil && strings.HasPrefix(err.Error(), "readLoopPeekFailLocked: ") {
		return inner
	}
	return err
}

// explainForward turns what the node says of a port into an error of a kind.
func explainForward(ctx context.Context, err error, doing string) error {
	switch {
	case err == nil || hostfuncs.Over(ctx) || automation.KindOf(err) != "internal":
		return err
	case strings.Contains(err.Error(), "connection refused"):
		return automation.Unavailable("%s: nothing listens there", doing).Because(err).
			WithHint("see which port the process listens on; kube_exec can look inside the container")
	}
	return automation.Unavailable("%s: the Pod did not answer", doing).Because(err)
}
