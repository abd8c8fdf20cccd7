package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"reflect"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/client"
)

func newPackCapabilitiesCommand(c *cli) *cobra.Command {
	var used string
	cmd := &cobra.Command{
		Use:     "capabilities NAME",
		Aliases: []string{"caps"},
		Short:   "Show what a pack may do: what it asks for, why, and what it is granted",
		Example: "  squall pack capabilities labs_sre\n  squall pack capabilities labs_sre --used 30d\n" +
			"  squall pack capabilities labs_sre -o json --jq .granted",
		Args:              exactly("NAME"),
		ValidArgsFunction: c.completeFirst(livePacks),
		RunE: func(cmd *cobra.Command, args []string) error {
			if used != "" {
				return c.showUsage(cmd.Context(), args[0], used)
			}
			return c.showGrants(cmd.Context(), func(ctx context.Context, api *client.Client) (automation.Grants, error) {
				return api.Grants(ctx, args[0])
			})
		},
	}
	cmd.Flags().StringVar(&used, "used", "", "show what it has used since a time, or for that long: 30d")
	return cmd
}

// showUsage shows what was used, and what the pack could do without.
func (c *cli) showUsage(ctx context.Context, pack, since string) error {
	if err := c.checkFields(fieldsOf(reflect.TypeFor[automation.PackUsage]())); err != nil {
		return err
	}
	api, err := c.client()
	if err != nil {
		return err
	}
	u, err := api.Usage(ctx, pack, lookBack(since))
	if err != nil {
		return orList(err, "pack list")
	}
	return c.print(thing(u, u.Pack, func(w io.Writer, t terminal, _ bool) error {
		p := &page{w: w, t: t}
		if len(u.Used) == 0 {
			p.line("%s has used nothing", u.Pack)
		}
		for _, f := range u.Used {
			p.line("  %-20s %d calls, %d refused, last %s  %s", f.Name, f.Calls, f.Refused, c.when(t, f.LastAt), f.Host)
		}
		if u.Partial {
			p.line("there were more calls, further back")
		}
		p.line("without what it has not used (squall pack grant %s --drop-unused %s) it might:", u.Pack, since)
		p.rights(u.Narrowed)
		return p.err
	}))
}

func newPackGrantCommand(c *cli) *cobra.Command {
	var file, unused string
	cmd := &cobra.Command{
		Use:   "grant NAME",
		Short: "Narrow what a pack may do, at once",
		Long: "Narrow what a pack may do, at once. The file has the JSON of capabilities, as squall pack capabilities NAME -o json " +
			"--jq .requested prints it: take lines out. What holds is what both the pack asks for and the file allows.",
		Example: "  squall pack capabilities labs_sre -o json --jq .requested > rights.json\n" +
			"  squall pack grant labs_sre -f rights.json\n  squall pack ungrant labs_sre",
		Args:              exactly("NAME"),
		ValidArgsFunction: c.completeFirst(livePacks),
		RunE: func(cmd *cobra.Command, args []string) error {
			if unused != "" {
				return c.dropUnused(cmd.Context(), args[0], unused)
			}
			if file == "" {
				return usage("which rights? name a file with -f").WithHint("squall pack capabilities %s -o json --jq .requested > rights.json", args[0])
			}
			data, err := c.readInput(file)
			if err != nil {
				return err
			}
			var to automation.Capabilities
			if err := strictJSON(data, &to); err != nil {
				return usage("%s has no capabilities: %v", file, err)
			}
			return c.showGrants(cmd.Context(), func(ctx context.Context, api *client.Client) (automation.Grants, error) {
				return api.Grant(ctx, args[0], to)
			})
		},
	}
	cmd.Flags().StringVarP(&file, "file", "f", "", "JSON of capabilities; - is stdin")
	cmd.Flags().StringVar(&unused, "drop-unused", "", "leave out what was not used for that long: 30d")
	cmd.MarkFlagsMutuallyExclusive("file", "drop-unused")
	return cmd
}

func newPackUngrantCommand(c *cli) *cobra.Command {
	return &cobra.Command{
		Use:               "ungrant NAME",
		Short:             "Leave a pack what it asks for",
		Example:           "  squall pack ungrant labs_sre",
		Args:              exactly("NAME"),
		ValidArgsFunction: c.completeFirst(livePacks),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.showGrants(cmd.Context(), func(ctx context.Context, api *client.Client) (automation.Grants, error) {
				return api.Ungrant(ctx, args[0])
			})
		},
	}
}

// dropUnused grants what the pack has used.
func (c *cli) dropUnused(ctx context.Context, pack, since string) error {
	return c.showGrants(ctx, func(ctx context.Context, api *client.Client) (automation.Grants, error) {
		u, err := api.Usage(ctx, pack, lookBack(since))
		if err != nil {
			return automation.Grants{}, err
		}
		return api.Grant(ctx, pack, u.Narrowed)
	})
}

// strictJSON refuses what is not known: it would be a right that nobody has.
func strictJSON(data []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	return d.Decode(into)
}

func (c *cli) showGrants(ctx context.Context, ask func(context.Context, *client.Client) (automation.Grants, error)) error {
	if err := c.checkFields(fieldsOf(reflect.TypeFor[automation.Grants]())); err != nil {
		return err
	}
	api, err := c.client()
	if err != nil {
		return err
	}
	g, err := ask(ctx, api)
	if err != nil {
		return orList(err, "pack list")
	}
	return c.print(thing(g, g.Pack, func(w io.Writer, t terminal, _ bool) error {
		p := &page{w: w, t: t}
		p.grants(g)
		return p.err
	}))
}

func (p *page) grants(g automation.Grants) {
	p.line("%s may, as its pack.yaml asks:", g.Pack)
	p.rights(g.Requested)
	switch g.Source {
	case automation.GrantAsked:
		p.line("and is granted all of it.")
	case automation.GrantConfig:
		p.line("and no more than the server's configuration grants:")
	default:
		p.line("and no more than is granted (squall pack ungrant %s):", g.Pack)
	}
	if g.Granted != nil {
		p.rights(*g.Granted)
	}
}

// rights are capabilities in sentences.
func (p *page) rights(c automation.Capabilities) {
	lines := rightsText(c)
	if len(lines) == 0 {
		lines = []string{"nothing but compute"}
	}
	for _, line := range lines {
		p.line("  %s", line)
	}
}

func rightsText(c automation.Capabilities) []string {
	var lines []string
	for _, k := range c.Kubernetes {
		text := strings.Join(k.Verbs, ", ") + " " + strings.Join(k.Resources, ", ")
		switch {
		case len(k.Pods) > 0:
			text += " " + strings.Join(k.Pods, ", ")
		case len(k.Names) > 0:
			text += " named " + strings.Join(k.Names, ", ")
		}
		text += labelled(k.Labels)
		if len(k.Namespaces) > 0 {
			text += " in " + strings.Join(k.Namespaces, ", ")
		}
		if len(k.Contexts) > 0 {
			text += " of the clusters " + strings.Join(k.Contexts, ", ")
		}
		if k.For > 0 {
			text += fmt.Sprintf(", for %s after the event", k.For)
		}
		lines = append(lines, because("kubernetes: "+text, k.Reason))
	}
	for _, h := range c.HTTP {
		methods := "GET, HEAD"
		if len(h.Methods) > 0 {
			methods = strings.Join(h.Methods, ", ")
		}
		to := append([]string{}, h.Hosts...)
		for _, key := range h.FromConfig {
			to = append(to, "the host that "+key+" configures")
		}
		text := "http: " + methods + " to " + strings.Join(to, ", ")
		if h.Private {
			text += ", also inside"
		}
		text += unchecked(h.Insecure)
		lines = append(lines, because(text, h.Reason))
	}
	for _, a := range c.Artifacts {
		size := "512 MiB"
		if a.MaxBytes > 0 {
			size = automation.SizeText(a.MaxBytes)
		}
		lines = append(lines, because("artifacts: keep files of up to "+size, a.Reason))
	}
	for _, k := range c.KV {
		text := "keys: read those of scope " + k.Scope
		if k.Write {
			text = "keys: read and change those of scope " + k.Scope
		}
		if len(k.Keys) > 0 {
			text += " called " + strings.Join(k.Keys, ", ")
		}
		lines = append(lines, because(text, k.Reason))
	}
	if len(c.Triggers) > 0 {
		lines = append(lines, "events: raise "+strings.Join(c.Triggers, ", "))
	}
	for _, s := range c.Secrets {
		text := "secrets: use " + s.Name
		if s.Reveal {
			text = "secrets: see " + s.Name
		}
		if len(s.Hosts) > 0 {
			text += ", for " + strings.Join(s.Hosts, ", ")
		}
		lines = append(lines, because(text, s.Reason))
	}
	if len(c.Actions) > 0 {
		lines = append(lines, "actions: run "+strings.Join(c.Actions, ", "))
	}
	return lines
}

func because(text, reason string) string {
	if reason == "" {
		return text
	}
	return text + ": " + reason
}

// lookBack takes days too: people think of rights in days.
func lookBack(text string) client.Time {
	if days, is := strings.CutSuffix(text, "d"); is {
		if n, err := strconv.Atoi(days); err == nil && n >= 0 && n <= 36500 {
			return client.Time(strconv.Itoa(24*n) + "h")
		}
	}
	return client.Time(text)
}
