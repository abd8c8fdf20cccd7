package kube

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/go-logr/logr"
	"k8s.io/apimachinery/pkg/util/httpstream"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/portforward"
	"k8s.io/client-go/transport/spdy"
)

// forward opens a connection to a port inside a Pod: SPDY in a WebSocket, plain
// SPDY when something in between does not let WebSockets through.
func (k *cluster) forward(ctx context.Context, namespace, pod string, port int) (net.Conn, error) {
	to := k.pod(namespace, pod, "portforward")
	over, err := dial(ctx, func() (httpstream.Dialer, error) {
		return portforward.NewSPDYOverWebsocketDialerWithLogger(logr.Discard(), to, rest.CopyConfig(k.config))
	})
	if fallBack(err) {
		over, err = dial(ctx, func() (httpstream.Dialer, error) {
			transport, upgrader, err := spdyTransport(ctx, k.config, to)
			if err != nil {
				return nil, err
			}
			return spdy.NewDialer(&witness{Upgrader: upgrader}, &http.Client{Transport: transport}, http.MethodPost, to), nil
		})
	}
	if err != nil {
		return nil, reason(err)
	}
	conn, err := streams(over, port)
	if err != nil {
		_ = over.Close()
		return nil, err
	}
	conn.release = context.AfterFunc(ctx, func() { _ = over.Close() })
	return conn, nil
}

// dial returns when ctx is done, also where the dialer does not look at it; the
// connection that comes too late is closed.
func dial(ctx context.Context, prepare func() (httpstream.Dialer, error)) (httpstream.Connection, error) {
	dialer, err := prepare()
	if err != nil {
		return nil, err
	}
	type outcome struct {
		conn httpstream.Connection
		err  error
	}
	dialed := make(chan outcome, 1)
	go func() {
		conn, _, err := dialer.Dial("portforward.k8s.io")
		dialed <- outcome{conn, err}
	}()
	select {
	case got := <-dialed:
		return got.conn, got.err
	case <-ctx.Done():
		go func() {
			if late := <-dialed; late.conn != nil {
				_ = late.conn.Close()
			}
		}()
		return nil, ctx.Err()
	}
}

// streams opens the two streams of one forwarded connection: its bytes, and what
// the node has to say about it.
func streams(over httpstream.Connection, port int) (*forwarded, error) {
	headers := http.Header{}
	headers.Set("streamType", "error")
	headers.Set("port", strconv.Itoa(port))
	headers.Set("requestID", "0")
	complaints, err := over.CreateStream(headers)
	if err != nil {
		return nil, err
	}
	_ = complaints.Close() // our half: nothing is written to it
	headers = headers.Clone()
	headers.Set("streamType", "data")
	data, err := over.CreateStream(headers)
	if err != nil {
		return nil, err
	}
	said := make(chan string, 1)
	go func() { // ends with the connection
		text, _ := io.ReadAll(io.LimitReader(complaints, 4096))
		said <- strings.TrimSpace(string(text))
	}()
	return &forwarded{Stream: data, over: over, said: said, release: func() bool { return true }}, nil
}

// forwarded is a connection to a port inside a Pod.
type forwarded struct {
	httpstream.Stream
	over    httpstream.Connection
	said    <-chan string
	heard   bool // something came
	release func() bool
}

var _ net.Conn = (*forwarded)(nil)

// Read says why nothing came, where the node tells.
func (f *forwarded) Read(p []byte) (int, error) {
	n, err := f.Stream.Read(p)
	f.heard = f.heard || n > 0
	if err == nil || f.heard {
		return n, err
	}
	select {
	case text := <-f.said:
		if text != "" {
			return n, errors.New(text)
		}
	case <-f.over.CloseChan():
	}
	return n, err
}

// Close ends the connection to the API server as well: it carries this one alone.
func (f *forwarded) Close() error {
	f.release()
	return f.over.Close()
}

func (f *forwarded) LocalAddr() net.Addr              { return &net.TCPAddr{} }
func (f *forwarded) RemoteAddr() net.Addr             { return &net.TCPAddr{} }
func (f *forwarded) SetDeadline(time.Time) error      { return nil }
func (f *forwarded) SetReadDeadline(time.Time) error  { return nil }
func (f *forwarded) SetWriteDeadline(time.Time) error { return nil }
