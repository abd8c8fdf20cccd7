package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/squall-dev/squall/runtime/automation"
)

func newPackGetCommand(c *cli) *cobra.Command {
	return &cobra.Command{
		Use:               "get PACK",
		Aliases:           []string{"show"},
		Short:             "Show one pack: what it offers, what it may do, what its code is",
		Example:           "  squall pack get labs_sre\n  squall pack get labs_sre --jq '.modules[].file'",
		Args:              exactly("PACK"),
		ValidArgsFunction: c.completeFirst(livePacks),
		RunE: func(cmd *cobra.Command, args []string) error {
			api, err := c.client()
			if err != nil {
				return err
			}
			pack, err := api.Pack(cmd.Context(), args[0])
			if err != nil {
				return orList(err, "pack list")
			}
			return c.print(thing(pack, pack.Name, func(w io.Writer, t terminal, wide bool) error {
				p := &page{w: w, t: t}
				c.packText(p, pack, wide)
				return p.err
			}))
		},
	}
}

func (c *cli) packText(p *page, pack automation.PackStatus, wide bool) {
	p.line("%s %s %s", p.paint(toneHead, pack.Name), pack.Version, p.paint(packTone(pack), packState(pack)))
	p.pair("About", pack.Description)
	p.block("Error", pack.Error)
	p.pair("Next", pack.Hint)
	p.pair("Path", pack.Path)
	p.pair("Digest", pack.Digest)
	if !pack.LoadedAt.IsZero() {
		p.pair("Loaded", c.when(p.t, pack.LoadedAt))
	}
	p.pair("Actions", joinRefs(pack.Actions))
	p.pair("Rules", joinRefs(pack.Rules))
	p.pair("Webhooks", strings.Join(pack.Webhooks, ", "))
	p.capabilities(pack.Capabilities)
	for _, m := range pack.Modules {
		p.line("")
		p.line("%s, %s", p.paint(toneHead, m.File), moduleLine(m.ModuleInfo))
		p.pair("Serves", joinRefs(m.Actions))
		p.module(m.ModuleInfo, m.ExportsLeftOut, wide)
	}
}

// capabilities say what the pack's code may do, each with its reason.
func (p *page) capabilities(of automation.Capabilities) {
	for _, k := range of.Kubernetes {
		where := "every namespace"
		if len(k.Namespaces) > 0 {
			where = strings.Join(k.Namespaces, ", ")
		}
		p.right(fmt.Sprintf("%s %s%s in %s", strings.Join(k.Verbs, ", "), strings.Join(k.Resources, ", "), named(k.Names)+labelled(k.Labels), where), k.Reason)
	}
	for _, h := range of.HTTP {
		hosts := h.Hosts
		for _, key := range h.FromConfig {
			hosts = append(hosts[:len(hosts):len(hosts)], "the configured "+key)
		}
		methods := firstOf(strings.Join(h.Methods, ", "), "GET, HEAD")
		p.right(methods+" to "+strings.Join(hosts, ", ")+inside(h.Private)+unchecked(h.Insecure), h.Reason)
	}
	for _, a := range of.Artifacts {
		what := "keep files"
		if a.MaxBytes > 0 {
			what += " of up to " + automation.SizeText(a.MaxBytes)
		}
		p.right(what, a.Reason)
	}
	if len(of.Actions) > 0 {
		p.right("run the actions "+strings.Join(of.Actions, ", "), "")
	}
}

func (p *page) right(what, reason string) {
	if reason != "" {
		what += ": " + reason
	}
	p.pair("May", what)
}

func named(names []string) string {
	if len(names) == 0 {
		return ""
	}
	return " named " + strings.Join(names, ", ")
}

// labelled lists labels as kubectl does.
func labelled(labels map[string]string) string {
	if len(labels) == 0 {
		return ""
	}
	var all []string
	for _, key := range slices.Sorted(maps.Keys(labels)) {
		all = append(all, key+"="+labels[key])
	}
	return " labelled " + strings.Join(all, ",")
}

func unchecked(insecure bool) string {
	if insecure {
		return ", whatever certificate they show"
	}
	return ""
}

func inside(private bool) string {
	if private {
		return ", addresses inside included"
	}
	return ""
}
