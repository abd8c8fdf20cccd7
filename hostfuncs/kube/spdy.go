package kube

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/httpstream"
	spdystream "k8s.io/apimachinery/pkg/util/httpstream/spdy"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/remotecommand"
	"k8s.io/client-go/transport/spdy"
)

var errLost = errors.New("the connection was lost before the command's exit code arrived")

func (s session) spdy(ctx context.Context) error {
	transport, upgrader, err := spdyTransport(ctx, s.cluster.config, s.url)
	if err != nil {
		return err
	}
	witness := &witness{Upgrader: upgrader}
	executor, err := remotecommand.NewSPDYExecutorRejectRedirects(transport, witness, "POST", s.url)
	if err != nil {
		return err
	}
	err = await(ctx, func() error { return executor.StreamWithContext(ctx, s.options) })
	if witness.open.Load() && !witness.heard.Load() && ctx.Err() == nil {
		err = lost(err)
	}
	if err != nil && !witness.open.Load() {
		return err
	}
	return ended(err)
}

// lost says what silence about the exit code means. Whether client-go sees the end of
// the streams or their reset first is a matter of luck.
func lost(err error) error {
	if err == nil {
		return errLost
	}
	return fmt.Errorf("%w: %w", errLost, err)
}

// spdyTransport dials so that the connection is closed when ctx is done: SPDY's
// handshake does not look at ctx by itself. Behind a proxy it is client-go that
// dials, without that.
func spdyTransport(ctx context.Context, config *rest.Config, to *url.URL) (http.RoundTripper, spdy.Upgrader, error) {
	proxy := config.Proxy
	if proxy == nil {
		proxy = http.ProxyFromEnvironment
	}
	if via, err := proxy(&http.Request{URL: to}); via != nil || err != nil {
		return spdy.RoundTripperFor(config)
	}
	secure, err := rest.TLSConfigFor(config)
	if err != nil {
		return nil, nil, err
	}
	if secure == nil {
		secure = &tls.Config{MinVersion: tls.VersionTLS12} // nil would mean: trust anybody
	}
	upgrader, err := spdystream.NewRoundTripperWithConfig(spdystream.RoundTripperConfig{
		PingPeriod:       5 * time.Second,
		UpgradeTransport: &http.Transport{TLSClientConfig: secure, DialContext: closing(ctx)},
	})
	if err != nil {
		return nil, nil, err
	}
	transport, err := rest.HTTPWrappersForConfig(config, upgrader)
	return transport, upgrader, err
}

// closing dials connections that are closed when ctx is done.
func closing(ctx context.Context) func(context.Context, string, string) (net.Conn, error) {
	return func(dialing context.Context, network, address string) (net.Conn, error) {
		conn, err := (&net.Dialer{}).DialContext(dialing, network, address)
		if err == nil {
			context.AfterFunc(ctx, func() { _ = conn.Close() })
		}
		return conn, err
	}
}

// witness sees what client-go does not tell: why an upgrade was refused, and
// whether the server ever said how the command ended. Without the latter a lost
// connection looks like success, and half a heap dump like a whole one.
type witness struct {
	spdy.Upgrader
	open, heard atomic.Bool
}

// NewConnection opens the streams on an upgraded connection.
func (w *witness) NewConnection(resp *http.Response) (httpstream.Connection, error) {
	if resp.StatusCode != http.StatusSwitchingProtocols {
		return nil, statusOf(resp)
	}
	conn, err := w.Upgrader.NewConnection(resp)
	if err != nil {
		return nil, err
	}
	w.open.Store(true)
	// Before version 4 of the protocol, silence was how a server said 0.
	silent := map[string]bool{"": true, "channel.k8s.io": true, "v2.channel.k8s.io": true, "v3.channel.k8s.io": true}
	w.heard.Store(silent[resp.Header.Get(httpstream.HeaderProtocolVersion)])
	return watched{conn, w}, nil
}

type watched struct {
	httpstream.Connection
	witness *witness
}

func (c watched) CreateStream(headers http.Header) (httpstream.Stream, error) {
	s, err := c.Connection.CreateStream(headers)
	if err != nil || !strings.EqualFold(headers.Get("streamType"), "error") {
		return s, err
	}
	return listening{s, c.witness}, nil
}

type listening struct {
	httpstream.Stream
	witness *witness
}

func (s listening) Read(p []byte) (int, error) {
	n, err := s.Stream.Read(p)
	if n > 0 {
		s.witness.heard.Store(true)
	}
	return n, err
}

// statusOf reads the refusal of an API server, or of what stands before it.
func statusOf(resp *http.Response) error {
	body, err := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
	if err != nil {
		return err
	}
	status, ok := parseStatus(body)
	if !ok {
		status = metav1.Status{Message: strings.TrimSpace(string(body))}
	}
	if status.Code == 0 {
		status.Code = int32(resp.StatusCode)
	}
	return &apierrors.StatusError{ErrStatus: status}
}

func parseStatus(body []byte) (metav1.Status, bool) {
	var status metav1.Status
	err := json.Unmarshal(body, &status)
	return status, err == nil && status.Kind == "Status" && status.Status == metav1.StatusFailure
}
