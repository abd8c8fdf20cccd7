package daemon

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/squall-dev/squall/hostfuncs"
	"github.com/squall-dev/squall/hostfuncs/ambient"
	"github.com/squall-dev/squall/hostfuncs/artifacts"
	"github.com/squall-dev/squall/hostfuncs/emit"
	"github.com/squall-dev/squall/hostfuncs/fetch"
	"github.com/squall-dev/squall/hostfuncs/kube"
	"github.com/squall-dev/squall/hostfuncs/kv"
	"github.com/squall-dev/squall/hostfuncs/run"
	"github.com/squall-dev/squall/hostfuncs/secrets"
	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/config"
	"github.com/squall-dev/squall/runtime/store"
)

// World is what host functions reach within the server. Its parts are nil where there
// is no server: functions are there and say so.
type World struct {
	Keys kv.Store
	Emit emit.Raise
	// Now is by what clock the cluster's answers grow old; nil means time.Now.
	Now func() time.Time
}

// HostFuncs makes every family of host functions; close drops what they keep open.
func HostFuncs(c config.Config, log *slog.Logger, w World) (_ hostfuncs.Set, closer func() error, err error) {
	cluster, err := kube.New(kube.Options{
		Kubeconfig: c.Kubernetes.Kubeconfig, Context: c.Kubernetes.Context, Owner: ownerOf(c.Kubernetes), Logger: log, Now: w.Now})
	if err != nil {
		return nil, nil, fmt.Errorf("read the Kubernetes configuration: %w", err)
	}
	client, err := outbound(c, log)
	if err != nil {
		return nil, nil, fmt.Errorf("make the HTTP client: %w", err)
	}
	files, err := artifacts.New(artifacts.Options{})
	if err != nil {
		return nil, nil, fmt.Errorf("make the artifact functions: %w", err)
	}
	surroundings, err := ambient.New(ambient.Options{})
	if err != nil {
		return nil, nil, fmt.Errorf("make the ambient functions: %w", err)
	}
	set, err := hostfuncs.NewSet(cluster.Funcs(), client.Funcs(), files.Funcs(), surroundings.Funcs(), secrets.New().Funcs(),
		kv.New(w.Keys).Funcs(), emit.New(w.Emit).Funcs(), run.New().Funcs())
	return set, client.Close, err
}

// ownerOf is nil when nobody owns anything: then no call asks where it came from.
func ownerOf(k config.Kubernetes) func(context.Context, hostfuncs.Caller) (kube.Owner, bool, error) {
	if len(k.Owners) == 0 {
		return nil
	}
	return func(ctx context.Context, who hostfuncs.Caller) (kube.Owner, bool, error) {
		rule := who.Rule
		if who.Origin != nil {
			var err error
			if rule, err = who.Origin(ctx); err != nil {
				return kube.Owner{}, false, err
			}
		}
		o, ok := k.OwnerOf(string(rule), who.User)
		return kube.Owner{User: o.User, Groups: o.Groups}, ok, nil
	}
}

// outbound is what sends the requests of packs.
func outbound(c config.Config, log *slog.Logger) (*fetch.Client, error) {
	proxy, err := c.HTTP.ProxyURL()
	if err != nil {
		return nil, err
	}
	roots, err := c.HTTP.Roots()
	if err != nil {
		return nil, err
	}
	return fetch.New(fetch.Options{Own: c.Listen, Proxy: proxy, RootCAs: roots, PerSecond: c.HTTP.RequestsPerSecond, Logger: log})
}

// world is the server's own. The engine is made later: it is asked when guests run.
func (p *parts) world() World {
	return World{
		Keys: keys{p},
		Emit: func(ctx context.Context, ev automation.Event) (automation.Accepted, error) {
			if !p.registry.Snapshot().Rules().HasTrigger(ev.Trigger) {
				if _, declared := p.registry.Snapshot().TriggerType(ev.Trigger); !declared {
					return automation.Accepted{}, automation.NotFound("no loaded pack declares the trigger %s", ev.Trigger).WithCode("unknown_trigger")
				}
			}
			return p.engine.RaiseFrom(ctx, ev)
		},
	}
}

// keys are the values that rules and packs share, as host functions see them.
type keys struct{ parts *parts }

func (k keys) Get(ctx context.Context, scope, name string) (automation.KVEntry, error) {
	return k.parts.engine.Store.KVGet(ctx, scope, name, time.Now())
}

func (k keys) List(ctx context.Context, scope, prefix, after string, limit int) ([]automation.KVEntry, error) {
	return k.parts.engine.Store.KVList(ctx, store.KVQuery{Scope: scope, Prefix: prefix, After: after, At: time.Now(), Limit: limit})
}

func (k keys) Put(ctx context.Context, e automation.KVEntry, check func(*automation.KVEntry) error) (automation.KVEntry, error) {
	return k.parts.engine.PutKeyIf(ctx, e, check)
}

func (k keys) Delete(ctx context.Context, scope, name string) error {
	return k.parts.engine.DeleteKey(ctx, scope, name)
}
