package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/client"
)

func newKVCommand(c *cli) *cobra.Command {
	cmd := group(&cobra.Command{
		Use:     "kv",
		Aliases: []string{"key"},
		GroupID: groupData,
		Short:   "Read and set the values that rules and packs share by name",
		Long: "Read and set the values that rules and packs share by name. A key lies in a scope:\n" +
			"system, user:NAME or pack:NAME. Without --scope, system is meant.",
		Example: "  squall kv list\n  squall kv set maintenance on --ttl 2h\n  squall kv get maintenance\n  squall kv delete maintenance",
	})
	cmd.AddCommand(newKVListCommand(c), newKVGetCommand(c), newKVSetCommand(c), newKVDeleteCommand(c), newKVLoadCommand(c))
	return cmd
}

// oneScope says where one key may lie; a list may ask for all.
const oneScope = "system, user:NAME or pack:NAME"

func scopeFlag(cmd *cobra.Command, scope *string, what string) {
	cmd.Flags().StringVar(scope, "scope", automation.ScopeSystem, what)
}

func newKVListCommand(c *cli) *cobra.Command {
	var q client.KeyQuery
	var p paging
	cmd := &cobra.Command{
		Use:     "list",
		Aliases: []string{"ls"},
		Short:   "List the keys of a scope, by name",
		Example: "  squall kv list\n  squall kv list --scope pack:labs_sre --prefix last/\n  squall kv list --scope all -o json --jq '.items[].name'",
		Args:    exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			api, err := c.client()
			if err != nil {
				return err
			}
			list, err := collect(p, func(page client.Page) (client.List[automation.KVEntry], error) {
				q.Page = page
				return api.Keys(cmd.Context(), q)
			})
			if err != nil {
				return err
			}
			c.noteMore(cmd, list.Next)
			return c.print(listOf(list, list.Items, c.keyColumns(), keyName, !c.flags.noHeaders))
		},
	}
	scopeFlag(cmd, &q.Scope, oneScope+"; or all")
	cmd.Flags().BoolVar(&q.Decrypt, "decrypt", false, "show the values of encrypted keys")
	cmd.Flags().StringVar(&q.Prefix, "prefix", "", "only names that begin so")
	p.addFlags(cmd)
	return cmd
}

func keyName(e automation.KVEntry) string { return e.Name }

func (c *cli) keyColumns() []column[automation.KVEntry] {
	type row = automation.KVEntry
	t := c.terminalOf(c.out, c.flags.color)
	return []column[row]{
		{title: "SCOPE", text: func(e row) string { return e.Scope }},
		{title: "NAME", text: keyName},
		{title: "UPDATED", wide: true, text: func(e row) string { return c.when(t, e.UpdatedAt) }},
		{title: "EXPIRES", text: expires},
		{title: "VALUE", text: shownValue},
	}
}

// shownValue has a word in the place of a value that was left out.
func shownValue(e automation.KVEntry) string {
	if e.Encrypted && e.Value == "" {
		return "(encrypted)"
	}
	return e.Value
}

func expires(e automation.KVEntry) string {
	if e.ExpiresAt == nil {
		return ""
	}
	return e.ExpiresAt.Local().Format(time.DateTime)
}

func newKVGetCommand(c *cli) *cobra.Command {
	var decrypt bool
	cmd := c.oneKey(&cobra.Command{
		Use:     "get NAME",
		Aliases: []string{"show"},
		Short:   "Show the value of a key",
		Long:    "Show the value of a key: as it is, so that it can be used in a script.",
		Example: "  squall kv get maintenance\n  squall kv get last/run --scope pack:labs_sre -o json",
	}, func(ctx context.Context, api *client.Client, scope, name string) error {
		e, err := api.Key(ctx, scope, name, decrypt)
		if err != nil {
			return orList(err, "kv list")
		}
		if e.Encrypted && !decrypt {
			c.note("the value is encrypted: --decrypt shows it")
		}
		return c.print(thing(e, e.Name, func(w io.Writer, t terminal, _ bool) error {
			text := e.Value
			if t.tty {
				text = printable(text)
			}
			_, err := fmt.Fprintln(w, text)
			return err
		}))
	})
	cmd.Flags().BoolVar(&decrypt, "decrypt", false, "show the value of an encrypted key")
	return cmd
}

// oneKey completes a command that does something with the key it names.
func (c *cli) oneKey(cmd *cobra.Command, do func(ctx context.Context, api *client.Client, scope, name string) error) *cobra.Command {
	var scope string
	cmd.Args, cmd.ValidArgsFunction = exactly("NAME"), c.completeFirst(liveKeys)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		api, err := c.client()
		if err != nil {
			return err
		}
		return do(cmd.Context(), api, scope, args[0])
	}
	scopeFlag(cmd, &scope, oneScope)
	return cmd
}

func newKVSetCommand(c *cli) *cobra.Command {
	var scope string
	var ttl time.Duration
	var encrypt bool
	cmd := &cobra.Command{
		Use:     "set NAME VALUE",
		Short:   "Set a key",
		Long:    "Set a key. The value - is read from standard input.",
		Example: "  squall kv set maintenance on --ttl 2h\n  squall kv set ca.pem - < ca.pem",
		Args:    exactly("NAME", "VALUE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if ttl < 0 {
				return usage("--ttl must not be negative")
			}
			value, err := c.valueOf(args[1])
			if err != nil {
				return err
			}
			e := automation.KVEntry{Scope: scope, Name: args[0], Value: value, Encrypted: encrypt}
			return c.setKeys(cmd.Context(), []keyToSet{{e, ttl}})
		},
	}
	scopeFlag(cmd, &scope, oneScope)
	cmd.Flags().BoolVar(&encrypt, "encrypt", false, "seal the value in the database; it stays so until the key is deleted")
	cmd.Flags().DurationVar(&ttl, "ttl", 0, "how long it stays, such as 10m; without it, for good")
	return cmd
}

// valueOf reads a value from standard input when it is "-".
func (c *cli) valueOf(arg string) (string, error) {
	if arg != "-" {
		return arg, nil
	}
	data, err := io.ReadAll(io.LimitReader(c.in, automation.MaxKVValue+1))
	if err != nil {
		return "", fmt.Errorf("read the value: %w", err)
	}
	return string(data), nil
}

type keyToSet struct {
	entry automation.KVEntry
	ttl   time.Duration
}

func (c *cli) setKeys(ctx context.Context, keys []keyToSet) error {
	api, err := c.client()
	if err != nil {
		return err
	}
	done := client.List[automation.KVEntry]{Items: []automation.KVEntry{}}
	for _, k := range keys {
		e, err := api.SetKey(ctx, k.entry, k.ttl)
		if err != nil {
			return fmt.Errorf("set %s %s: %w", k.entry.Scope, k.entry.Name, err)
		}
		done.Items = append(done.Items, e)
	}
	if len(keys) == 1 {
		e := done.Items[0]
		return c.print(thing(e, e.Name, func(w io.Writer, t terminal, _ bool) error {
			p := &page{w: w, t: t}
			p.line("set %s %s%s", e.Scope, e.Name, until(e))
			return p.err
		}))
	}
	return c.print(listOf(done, done.Items, c.keyColumns(), keyName, !c.flags.noHeaders))
}

func until(e automation.KVEntry) string {
	if e.ExpiresAt == nil {
		return ""
	}
	return " until " + expires(e)
}

func newKVDeleteCommand(c *cli) *cobra.Command {
	return c.oneKey(&cobra.Command{
		Use:     "delete NAME",
		Aliases: []string{"rm"},
		Short:   "Remove a key",
		Example: "  squall kv delete maintenance\n  squall kv delete last/run --scope pack:labs_sre",
	}, func(ctx context.Context, api *client.Client, scope, name string) error {
		if err := api.DeleteKey(ctx, scope, name); err != nil {
			return orList(err, "kv list")
		}
		return c.print(thing(goneKey{scope, name}, name, func(w io.Writer, t terminal, _ bool) error {
			p := &page{w: w, t: t}
			p.line("deleted %s %s", scope, name)
			return p.err
		}))
	})
}

// goneKey is what is left of a key that was removed.
type goneKey struct {
	Scope string `json:"scope"`
	Name  string `json:"name"`
}
