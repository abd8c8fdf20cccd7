package kube

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/remotecommand"
	utilexec "k8s.io/client-go/util/exec"
	"k8s.io/streaming/pkg/httpstream"
)

// session is one command's streams.
type session struct {
	cluster *cluster
	url     *url.URL
	options remotecommand.StreamOptions
}

// run streams over a WebSocket, over SPDY when something between here and the
// Pod does not let WebSockets through. An error from before the command began
// may be retried; any other is final.
func (s session) run(ctx context.Context, stdin string) (exitCode int, err error) {
	if stdin != "" {
		s.options.Stdin = strings.NewReader(stdin)
	}
	err = s.stream(ctx)
	if exit := (utilexec.CodeExitError{}); errors.As(err, &exit) {
		return exit.Code, nil
	}
	return 0, err
}

func (s session) stream(ctx context.Context) error {
	err := s.webSocket(ctx)
	if fallBack(err) {
		return s.spdy(ctx)
	}
	return reason(err)
}

// reason is why an upgrade was refused; that error does not unwrap by itself.
func reason(err error) error {
	refused := &httpstream.UpgradeFailureError{}
	if errors.As(err, &refused) {
		return refused.Cause
	}
	return err
}

// fallBack reports whether SPDY may succeed where the WebSocket did not. Being
// forbidden is such a case: WebSockets need "get" on pods/exec and SPDY "create".
//
// The predicate must be the one of k8s.io/streaming: that of apimachinery knows
// another type of the same name and never says yes (TestExec, "SPDY only").
func fallBack(err error) bool {
	refused := &httpstream.UpgradeFailureError{}
	if errors.As(err, &refused) {
		return !apierrors.IsNotFound(refused.Cause) && !apierrors.IsUnauthorized(refused.Cause)
	}
	return httpstream.IsHTTPSProxyError(err)
}

func (s session) webSocket(ctx context.Context) error {
	var open atomic.Bool
	config := rest.CopyConfig(s.cluster.config)
	config.Wrap(func(rt http.RoundTripper) http.RoundTripper { return opening{rt, &open} })
	executor, err := remotecommand.NewWebSocketExecutor(config, "GET", s.url.String())
	if err != nil {
		return err
	}
	err = await(ctx, func() error { return executor.StreamWithContext(ctx, s.options) })
	if err != nil && !open.Load() {
		return err
	}
	return ended(err)
}

// opening notes that a connection was upgraded: from there on the command may be
// running and must not be sent again.
type opening struct {
	http.RoundTripper
	open *atomic.Bool
}

func (o opening) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := o.RoundTripper.RoundTrip(req)
	if err == nil {
		o.open.Store(true)
	}
	return resp, err
}

// ended turns how a command's stream ended into what may not be tried again.
func ended(err error) error {
	switch {
	case err == nil, errors.As(err, new(utilexec.CodeExitError)):
		return err
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return final{err}
	}
	return final{explainCommand(err)}
}

// await calls fn and returns when it does or ctx is done, whichever is first. fn
// closes its connection when ctx is done, but a server that accepts connections
// and then never answers could hold it a little longer.
func await(ctx context.Context, fn func() error) error {
	done := make(chan error, 1)
	go func() {
		defer func() {
			if p := recover(); p != nil {
				done <- errors.New("fault in the Kubernetes client")
			}
		}()
		done <- fn()
	}()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}
