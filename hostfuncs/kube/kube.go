// Package kube has the host functions that reach Kubernetes: what is in the
// cluster, what runs in a Pod and what its ports answer, and changes of objects
// and nodes. It is the only door to client-go; no type of client-go appears in
// its API.
//
// Every request is checked against the pack's capabilities before the cluster
// hears of it; what the cluster's own RBAC allows is a second fence, which
// belongs to the operator.
package kube

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/go-logr/logr"
	"k8s.io/klog/v2"

	"github.com/squall-dev/squall/hostfuncs"
)

// Options configure a [Client]. The zero value uses the credentials that kubectl
// would use, or those of the Pod the server runs in.
type Options struct {
	// Kubeconfig is a file. Empty means $KUBECONFIG, then ~/.kube/config, then the
	// credentials that a Pod is given.
	Kubeconfig string
	// Context names the kubeconfig's context for requests that name none; empty
	// means the file's current one.
	Context string
	// Backoff is the pause before the first retry, doubled for every further one;
	// zero means 200 ms.
	Backoff time.Duration
	// Poll is the pause between looks at what is to come about, such as an eviction;
	// zero means a second.
	Poll time.Duration
	Now  func() time.Time // nil means time.Now
	// Owner tells in whose name a guest acts. Where it does, the API server is asked
	// whether that identity may do the same. Nil, or false, means that what the
	// server's own identity may do is enough.
	Owner  func(context.Context, hostfuncs.Caller) (Owner, bool, error)
	Logger *slog.Logger // nil discards
}

// Client holds the family's functions. It is safe for concurrent use.
//
// Nothing is read or dialled before the first call: a server without a cluster
// starts as well, and its guests are told what to configure.
type Client struct {
	options Options
	logger  *slog.Logger

	mu       sync.Mutex          // guards clusters
	clusters map[string]*cluster // by context, as asked for
}

// New returns the family.
func New(options Options) (*Client, error) {
	if options.Backoff <= 0 {
		options.Backoff = 200 * time.Millisecond
	}
	if options.Poll <= 0 {
		options.Poll = time.Second
	}
	if options.Now == nil {
		options.Now = time.Now
	}
	if options.Logger == nil {
		options.Logger = slog.New(slog.DiscardHandler)
	}
	return &Client{
		options:  options,
		logger:   options.Logger.With("component", "kube"),
		clusters: map[string]*cluster{},
	}, nil
}

// begin bounds ctx by what the request asks for, and keeps client-go from
// writing to the server's standard error: all that matters is returned.
func begin(ctx context.Context, seconds float64, standard time.Duration) (context.Context, context.CancelFunc, error) {
	return hostfuncs.WithTimeout(klog.NewContext(ctx, logr.Discard()), seconds, standard)
}
