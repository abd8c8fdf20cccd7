package kube

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/squall-dev/squall/runtime/automation"
)

// cluster is one API server with the credentials for it.
type cluster struct {
	config  *rest.Config
	base    *url.URL     // of the API server; may have a path
	http    *http.Client // carries the credentials; follows no redirect
	objects dynamic.Interface
	mapper  meta.RESTMapperWithContext // "po" -> pods, by discovery
	usage   *usage
}

// cluster returns the API server of a kubeconfig's context; empty means the
// default. Only successes are remembered, so that credentials which appear later
// are found without a restart.
func (c *Client) cluster(name string) (*cluster, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if known, ok := c.clusters[name]; ok {
		return known, nil
	}
	config, err := c.load(name)
	if err != nil {
		return nil, err
	}
	fresh, err := connect(config, c.options.Now)
	if err != nil {
		return nil, unconfigured(err)
	}
	c.clusters[name] = fresh
	return fresh, nil
}

// forget makes the next call read the credentials again: the API server did not
// accept these.
func (c *Client) forget(name string, stale *cluster) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.clusters[name] == stale {
		delete(c.clusters, name)
	}
}

func (c *Client) load(name string) (*rest.Config, error) {
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	if c.options.Kubeconfig != "" {
		rules = &clientcmd.ClientConfigLoadingRules{ExplicitPath: c.options.Kubeconfig}
	}
	if name == "" {
		name = c.options.Context
	}
	overrides := &clientcmd.ConfigOverrides{CurrentContext: name}
	config, err := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules, overrides).ClientConfig()
	if err != nil {
		return nil, unconfigured(err)
	}
	config.UserAgent = "squall"
	config.QPS, config.Burst = 100, 200 // the API server has its own fairness
	config.WarningHandlerWithContext = rest.NoWarnings{}
	return config, nil
}

// unconfigured explains credentials that are missing or can not be used.
func unconfigured(err error) error {
	if clientcmd.IsEmptyConfig(err) || errors.Is(err, rest.ErrNotInCluster) {
		return automation.Unavailable("no Kubernetes cluster is configured").
			WithHint("point the server at a kubeconfig (KUBECONFIG=/path or kubernetes.kubeconfig in its configuration), or run it in a Pod with a ServiceAccount")
	}
	return automation.Unavailable("the Kubernetes credentials can not be used").Because(err).
		WithHint("see that `kubectl config view` and `kubectl get pods` work with the same kubeconfig and context")
}

func connect(config *rest.Config, now func() time.Time) (*cluster, error) {
	base, _, err := rest.DefaultServerUrlFor(config)
	if err != nil {
		return nil, err
	}
	client, err := rest.HTTPClientFor(config)
	if err != nil {
		return nil, err
	}
	objects, err := dynamic.NewForConfigAndClient(config, client)
	if err != nil {
		return nil, err
	}
	finder, err := discovery.NewDiscoveryClientForConfigAndClient(config, client)
	if err != nil {
		return nil, err
	}
	return &cluster{config: config, base: base, http: direct(client), objects: objects, mapper: mapperOf(finder), usage: newUsage(now)}, nil
}

// direct returns the client without following redirects: where an answer points
// to is none of our credentials' business.
func direct(client *http.Client) *http.Client {
	d := *client
	d.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &d
}

func mapperOf(finder discovery.DiscoveryInterface) meta.RESTMapperWithContext {
	cached := memory.NewMemCacheClientWithContext(discovery.ToDiscoveryInterfaceWithContext(finder))
	deferred := restmapper.NewDeferredDiscoveryRESTMapperWithContext(cached)
	return restmapper.NewShortcutExpanderWithContext(deferred, cached, nil)
}

// pod returns the URL of a Pod's subresource.
func (k *cluster) pod(namespace, name, subresource string) *url.URL {
	return k.base.JoinPath("api/v1/namespaces", namespace, "pods", name, subresource)
}

// use runs fn with the cluster of a context and retries what may pass; see
// [Client.retry]. fn may complete right with what discovery tells.
func (c *Client) use(ctx context.Context, name, doing string, right *rbac, fn func(*cluster) error) error {
	k, err := c.cluster(name)
	if err != nil {
		return err
	}
	err = c.retry(ctx, func() error { return fn(k) })
	if refused(err) {
		c.forget(name, k)
	}
	return explain(ctx, err, doing, *right)
}
