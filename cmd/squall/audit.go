package main

import (
	"context"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/client"
)

func newAuditCommand(c *cli) *cobra.Command {
	cmd := group(&cobra.Command{
		Use:     "audit",
		GroupID: groupAdmin,
		Short:   "Look at who changed what, and verify that record of it",
		Long: "Look at who changed what. Each record holds the hash of the one before, so that one that was changed, removed or\n" +
			"inserted shows. Records are kept as long as audit.age in the server's configuration says. The page shows the same\n" +
			"under /audit.",
		Example: "  squall audit list --user ada --since 24h\n  squall audit verify",
	})
	cmd.AddCommand(newAuditListCommand(c), newAuditVerifyCommand(c), newAuditExportCommand(c))
	return cmd
}

// auditFilter is what the flags of list and export select.
type auditFilter struct {
	paging
	query        client.AuditQuery
	failed, done bool
	since, until string
}

func (x *auditFilter) addFlags(cmd *cobra.Command) {
	x.paging.addFlags(cmd)
	f := cmd.Flags()
	f.StringVar(&x.query.User, "user", "", "of this user")
	f.StringVar(&x.query.Verb, "verb", "", "what was done: run, cancel, set, delete, ...")
	f.StringVar(&x.query.Kind, "kind", "", "to what: execution, key, secret, pack, ...")
	f.StringVar(&x.query.ID, "id", "", "to this thing")
	f.BoolVar(&x.failed, "failed", false, "only what was refused or went wrong")
	f.BoolVar(&x.done, "done", false, "only what was done")
	f.StringVar(&x.since, "since", "", "from this time on, or for that long: 24h")
	f.StringVar(&x.until, "until", "", "before this time, or that long ago")
}

func (x *auditFilter) check() error {
	if x.failed && x.done {
		return usage("--failed and --done exclude each other")
	}
	if x.failed || x.done {
		x.query.Failed = &x.failed
	}
	x.query.Since, x.query.Until = client.Time(x.since), client.Time(x.until)
	return oneOrAll([]error{checkTime("--since", x.since), checkTime("--until", x.until), checkSeq(x.after)})
}

// checkSeq refuses what is no number of a record.
func checkSeq(after string) error {
	if n, err := strconv.ParseInt(after, 10, 64); after != "" && (err != nil || n < 1) {
		return usage("--after is the number of a record, not %q", after)
	}
	return nil
}

// pages asks for one page after the other.
func (x *auditFilter) pages(ctx context.Context, api *client.Client) func(client.Page) (client.List[automation.AuditRecord], error) {
	return func(p client.Page) (client.List[automation.AuditRecord], error) {
		q := x.query
		q.Page = p
		return api.Audit(ctx, q)
	}
}

func newAuditListCommand(c *cli) *cobra.Command {
	var x auditFilter
	cmd := &cobra.Command{
		Use:     "list",
		Aliases: []string{"ls"},
		Short:   "List who changed what, newest first",
		Example: "  squall audit list --verb delete --since 168h\n  squall audit list --failed -o json --jq '.items[].id'",
		Args:    exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := x.check(); err != nil {
				return err
			}
			api, err := c.client()
			if err != nil {
				return err
			}
			list, err := collect(x.paging, x.pages(cmd.Context(), api))
			if err != nil {
				return err
			}
			if err := c.print(listOf(list, list.Items, c.auditColumns(), auditName, !c.flags.noHeaders)); err != nil {
				return err
			}
			c.noteMore(cmd, list.Next)
			return nil
		},
	}
	x.addFlags(cmd)
	return cmd
}

func auditName(r automation.AuditRecord) string { return strconv.FormatInt(r.Seq, 10) }

func (c *cli) auditColumns() []column[automation.AuditRecord] {
	type row = automation.AuditRecord
	t := c.terminalOf(c.out, c.flags.color)
	return []column[row]{
		{title: "SEQ", text: auditName},
		{title: "WHEN", text: func(r row) string { return c.when(t, r.At) }},
		{title: "WHO", text: func(r row) string { return firstOf(r.User, r.Via) }},
		{title: "VIA", wide: true, text: func(r row) string { return r.Via }},
		{title: "FROM", wide: true, text: func(r row) string { return r.Remote }},
		{title: "VERB", text: func(r row) string { return r.Verb }},
		{title: "KIND", text: func(r row) string { return r.Kind }},
		{title: "ID", text: func(r row) string { return r.ID }},
		{title: "OUTCOME", text: func(r row) string { return r.Outcome }, tone: func(r row) tone { return outcomeTone(r.Outcome) }},
		{title: "HASH", wide: true, text: func(r row) string { return r.Hash }},
		{title: "DETAIL", text: auditDetail},
	}
}

func outcomeTone(outcome string) tone {
	if outcome == automation.AuditOK {
		return toneOK
	}
	return toneBad
}

// auditDetail is a detail in one line.
func auditDetail(r automation.AuditRecord) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(r.Detail)) {
		parts = append(parts, name+"="+r.Detail[name])
	}
	return strings.Join(parts, " ")
}

func newAuditExportCommand(c *cli) *cobra.Command {
	var x auditFilter
	var target string
	cmd := &cobra.Command{
		Use:   "export",
		Short: "Write the chain as JSON lines, oldest first",
		Long: "Write the chain as JSON lines, oldest first, as squall audit verify --file reads it. Only whole pieces verify: a\n" +
			"filter leaves gaps. How the hashes are made, for programs of others, stands in the documentation of the audit chain.",
		Example: "  squall audit export --file audit.jsonl\n  squall audit export --after 4711 --file more.jsonl",
		Args:    exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := x.check(); err != nil {
				return err
			}
			api, err := c.client()
			if err != nil {
				return err
			}
			out := exportFlags{format: "jsonl", target: target}
			x.query.Oldest = true
			return c.exportTo(out, x.after, func(w io.Writer) error {
				return exportPages(c, cmd, x.paging, newRecords(w, out, false, nil), x.pages(cmd.Context(), api), auditName, func(r automation.AuditRecord) (any, []string, error) { return r, nil, nil })
			})
		},
	}
	x.addFlags(cmd)
	unlimited(cmd, &x.paging)
	cmd.Flags().Lookup("after").Usage = "go on behind this record"
	cmd.Flags().StringVarP(&target, "file", "O", "-", "where to write; - is stdout; --after adds to a file that is there")
	return cmd
}
