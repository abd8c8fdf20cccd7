package daemon

import (
	"context"
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/squall-dev/squall/packs"
	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/store"
)

// grants are what the operator grants packs: as the configuration says, else as was
// told at run time and is stored. A pack without either has what it asks for.
type grants struct {
	registry *packs.Registry
	store    store.Store
	now      func() time.Time
	fixed    map[string]automation.Capabilities // of the configuration
	sensors  *sensorUsage

	mu     sync.Mutex // guards stored
	stored map[string]automation.Capabilities
}

const grantSource = "grants"

func newGrants(ctx context.Context, registry *packs.Registry, db store.Store, fixed map[string]automation.Capabilities, sensors *sensorUsage) (*grants, error) {
	g := &grants{registry: registry, store: db, now: time.Now, fixed: fixed, sensors: sensors, stored: map[string]automation.Capabilities{}}
	marks, err := db.Marks(ctx, grantSource)
	if err != nil {
		return nil, fmt.Errorf("read the grants: %w", err)
	}
	for _, m := range marks {
		var c *automation.Capabilities
		if err := json.Unmarshal(m.Value, &c); err != nil {
			return nil, fmt.Errorf("read the grants of pack %s: %w", m.Key, err)
		}
		if c != nil {
			g.stored[m.Key] = *c
		}
	}
	return g, nil
}

// of is the ceiling of a pack; nil when it is left what it asks for.
func (g *grants) of(pack string) *automation.Capabilities {
	if c, ok := g.fixed[pack]; ok {
		return &c
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if c, ok := g.stored[pack]; ok {
		return &c
	}
	return nil
}

// Grants tells what a pack asks for and what it is granted.
func (g *grants) Grants(pack string) (automation.Grants, error) {
	p, ok := g.registry.Snapshot().Pack(pack)
	if !ok {
		return automation.Grants{}, automation.NotFound("there is no pack %s", pack).WithCode("unknown_pack").WithHint("list what there is: squall pack list")
	}
	out := automation.Grants{Pack: pack, Requested: p.Capabilities, Granted: g.of(pack), Source: automation.GrantAsked}
	if _, fixed := g.fixed[pack]; fixed {
		out.Source = automation.GrantConfig
	} else if out.Granted != nil {
		out.Source = automation.GrantStored
	}
	return out, nil
}

// Grant narrows a pack to c from now on; nil leaves it what it asks for.
func (g *grants) Grant(ctx context.Context, pack string, c *automation.Capabilities) error {
	if _, fixed := g.fixed[pack]; fixed {
		return automation.Conflict("the grants of pack %s stand in the server's configuration", pack).WithHint("change them there, under grants:")
	}
	if _, err := g.Grants(pack); err != nil && c != nil {
		return err
	}
	value, err := json.Marshal(c)
	if err != nil {
		return fmt.Errorf("remember the grants of pack %s: %w", pack, err)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	m := automation.Mark{Source: grantSource, Key: pack, Value: value, At: g.now()}
	if err := g.store.Accept(ctx, store.Acceptance{Marks: []automation.Mark{m}}); err != nil {
		return fmt.Errorf("remember the grants of pack %s: %w", pack, err)
	}
	if c == nil {
		delete(g.stored, pack)
	} else {
		g.stored[pack] = *c
	}
	return nil
}

// usedLimit bounds how many attempts are looked at.
const usedLimit = 50_000

// Usage tells what a pack has used since a time, and what it would be without the rest.
func (g *grants) Usage(ctx context.Context, pack string, since time.Time) (automation.PackUsage, error) {
	granted, err := g.Grants(pack)
	if err != nil {
		return automation.PackUsage{}, err
	}
	used, partial, err := g.store.Used(ctx, pack, since, usedLimit)
	if err != nil {
		return automation.PackUsage{}, err
	}
	used = together(used, g.sensors.since(pack, since))
	return automation.PackUsage{Pack: pack, Since: since, Used: used, Partial: partial, Narrowed: narrow(granted.Requested, used)}, nil
}

// narrow leaves out what was not used: verbs of Kubernetes, hosts of HTTP, families. It
// does not look into namespaces, names and methods.
func narrow(c automation.Capabilities, used []automation.UsedFunction) automation.Capabilities {
	is := map[string]bool{}
	var hosts []string
	for _, u := range used {
		if u.Calls == u.Refused {
			continue
		}
		is[u.Name] = true
		if u.Host != "" {
			hosts = append(hosts, u.Host)
		}
	}
	var out automation.Capabilities
	for _, k := range c.Kubernetes {
		k.Verbs = slices.DeleteFunc(slices.Clone(k.Verbs), func(verb string) bool {
			return !slices.ContainsFunc(kubeFunctions(verb), func(f string) bool { return is[f] })
		})
		if len(k.Verbs) > 0 {
			out.Kubernetes = append(out.Kubernetes, k)
		}
	}
	for _, h := range c.HTTP {
		h.Hosts = slices.DeleteFunc(slices.Clone(h.Hosts), func(pattern string) bool {
			return !slices.ContainsFunc(hosts, func(host string) bool { return sameHost(pattern, host) })
		})
		if len(h.Hosts) > 0 || len(h.FromConfig) > 0 && is["http_send"] {
			out.HTTP = append(out.HTTP, h)
		}
	}
	if is["artifact_create"] || is["artifact_append"] || is["artifact_list"] || is["artifact_read"] || is["kube_exec"] || is["http_send"] || is["kube_logs"] || is["kube_proxy_get"] || is["kube_port_forward_get"] {
		out.Artifacts = c.Artifacts // streams into them are not told apart
	}
	if is["secret"] || is["http_send"] { // a handle may stand in the configuration
		out.Secrets = c.Secrets
	}
	if is["kv_get"] || is["kv_list"] || is["kv_set"] || is["kv_delete"] {
		out.KV = c.KV
	}
	if is["action_run"] {
		out.Actions = c.Actions
	}
	if is["emit"] {
		out.Triggers = c.Triggers
	}
	return out
}

// kubeFunctions are those that a verb allows.
func kubeFunctions(verb string) []string {
	switch verb {
	case "proxy":
		return []string{"kube_proxy_get"}
	case "port_forward":
		return []string{"kube_port_forward_get"}
	case "stats":
		return []string{"kube_pod_stats"}
	case "cordon":
		return []string{"kube_cordon", "kube_uncordon"}
	}
	return []string{"kube_" + verb}
}

func sameHost(pattern, host string) bool {
	name, port, named := strings.Cut(host, ":")
	wantName, wantPort, wants := strings.Cut(pattern, ":")
	ok, err := path.Match(strings.ToLower(wantName), strings.ToLower(name))
	return err == nil && ok && (!wants && (!named || port == "80" || port == "443") || wants && (wantPort == port || wantPort == "*" || !named && (wantPort == "80" || wantPort == "443")))
}
