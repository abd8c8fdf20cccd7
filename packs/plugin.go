package packs

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/wasm"
)

// plugin is what an Extism manifest says, for the actions whose entry point it is.
type plugin struct {
	wasm.Plugin
	manifest string // the manifest's file
	module   string // the module's file
}

// isPluginManifest tells an entry point that is an Extism manifest.
func isPluginManifest(file string) bool { return path.Ext(file) == ".json" }

// readPlugin reads a manifest and finds its module.
func readPlugin(file string, files contents) (plugin, error) {
	said, err := wasm.ReadExtismManifest(files[file])
	if err != nil {
		e := invalid("read %s", file).Because(err)
		e.Hint = hintOf(err)
		return plugin{}, e
	}
	p := plugin{Plugin: said, manifest: file}
	for _, candidate := range []string{path.Join(path.Dir(file), said.File), path.Clean(said.File)} {
		if _, there := files[candidate]; there && path.Ext(candidate) == ".wasm" && !path.IsAbs(said.File) {
			p.module = candidate
			return p, p.checkHash(files[candidate])
		}
	}
	return plugin{}, invalid("%s: the module %q is not there", file, said.File).
		WithHint("put it beside the manifest, as %s", path.Join(path.Dir(file), path.Base(said.File)))
}

func (p *plugin) checkHash(code []byte) error {
	sum := sha256.Sum256(code)
	if is := hex.EncodeToString(sum[:]); p.SHA256 != "" && !strings.EqualFold(p.SHA256, is) {
		return invalid("%s: %s is not the module that was meant: its SHA-256 is %s, not %s", p.manifest, p.module, is, p.SHA256).
			WithHint("build the module again, or correct the hash")
	}
	return nil
}

// usePlugin makes a manifest's module that of an action, within the manifest's
// bounds: they narrow what the pack allows, and widen nothing.
func (p *Pack) usePlugin(a *automation.Action, use plugin) {
	may := a.Limits.Or(p.Manifest.Limits).Or(automation.DefaultLimits())
	if use.Timeout > 0 && use.Timeout < may.Timeout {
		a.Limits.Timeout = use.Timeout
	}
	if use.Memory > 0 && use.Memory < may.Memory {
		a.Limits.Memory = use.Memory
	}
	a.EntryPoint = use.module
	p.plugins[a.Name] = use
}

// noteIgnored names what a manifest says without effect.
func (p *Pack) noteIgnored(use plugin) {
	if len(use.Ignored) > 0 {
		p.Notes = append(p.Notes, fmt.Sprintf("%s: %s has no effect: the bounds are 1 MiB each", use.manifest, strings.Join(use.Ignored, ", ")))
	}
}

// configOf is the configuration that an action sees.
func (p *Pack) configOf(action string) map[string]any {
	if config, own := p.pluginConfig[action]; own {
		return config
	}
	return p.Config
}

// configurePlugins merges the configuration of each manifest, once for all calls:
// what the operator wrote wins over the manifest, and that over the schema's
// defaults, which are the pack's for all its actions.
func (p *Pack) configurePlugins(operator map[string]any) {
	for action, use := range p.plugins {
		config := maps.Clone(p.Config)
		if config == nil {
			config = map[string]any{}
		}
		for key, value := range use.Config {
			if _, set := operator[key]; !set {
				config[key] = value
			}
		}
		p.pluginConfig[action] = config
	}
}

// checkPlugins compares what manifests say with what they describe.
func (p *Pack) checkPlugins(kinds map[string]wasm.Kind) []error {
	var errs []error
	seen := map[string]bool{}
	for _, action := range slices.Sorted(maps.Keys(p.plugins)) {
		use := p.plugins[action]
		if seen[use.manifest] {
			continue
		}
		seen[use.manifest] = true
		if kind, known := kinds[use.module]; known && kind != wasm.Extism {
			errs = append(errs, invalid("%s: %s is not an Extism plugin but a %s", use.manifest, use.module, kind).
				WithHint("set entry_point to %s itself", use.module))
		}
		errs = append(errs, p.checkHosts(use)...)
	}
	return errs
}

// checkHosts refuses hosts that the pack does not ask for. A manifest is its
// plugin's word; what a pack may do is written in one place, with a reason.
func (p *Pack) checkHosts(use plugin) []error {
	var errs []error
	for _, host := range use.AllowedHosts {
		if !p.asksFor(host) {
			errs = append(errs, invalid("%s: allowed_hosts has %q, which %s does not ask for", use.manifest, host, manifestFile).
				WithCode("missing_capability").
				WithHint(`add to %s under capabilities.http: - {hosts: [%q], methods: [GET], reason: "..."}`, manifestFile, host))
		}
	}
	return errs
}

// asksFor tells whether some http capability names a host, or a pattern that holds
// it. A pattern of the manifest must itself be named.
func (p *Pack) asksFor(host string) bool {
	host = strings.ToLower(host)
	for _, c := range p.Manifest.Capabilities.HTTP {
		for _, pattern := range c.Hosts {
			pattern = hostAlone(strings.ToLower(pattern))
			if ok, err := path.Match(pattern, host); pattern == host || ok && err == nil && !strings.ContainsAny(host, "*?[{") {
				return true
			}
		}
		for _, key := range c.FromConfig {
			address, _ := p.Config[key].(string)
			if u, err := url.Parse(address); err == nil && host != "" && strings.ToLower(u.Hostname()) == host {
				return true
			}
		}
	}
	return false
}

// hostAlone drops the port of a capability's host; Extism's have none.
func hostAlone(pattern string) string {
	if rest, ok := strings.CutPrefix(pattern, "["); ok {
		host, _, _ := strings.Cut(rest, "]")
		return host
	}
	if strings.Count(pattern, ":") == 1 {
		pattern, _, _ = strings.Cut(pattern, ":")
	}
	return pattern
}
