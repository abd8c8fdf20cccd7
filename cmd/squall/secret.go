package main

import (
	"bytes"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/squall-dev/squall/runtime/automation"
)

func newSecretCommand(c *cli) *cobra.Command {
	cmd := group(&cobra.Command{
		Use:     "secret",
		Aliases: []string{"secrets"},
		GroupID: groupData,
		Short:   "Keep values that packs use and do not see",
		Long: "Keep values that packs use and do not see: passwords, tokens, addresses of webhooks. They lie encrypted in the server's " +
			"database and never come out again, not even here.",
		Example: "  squall secret set slack_webhook < address.txt\n  squall secret list\n  squall secret delete slack_webhook\n  squall secret rotate-key",
	})
	cmd.AddCommand(newSecretListCommand(c), newSecretSetCommand(c), newSecretDeleteCommand(c), newSecretRotateCommand(c))
	return cmd
}

func newSecretListCommand(c *cli) *cobra.Command {
	return &cobra.Command{
		Use:     "list",
		Aliases: []string{"ls"},
		Short:   "List secrets, without their values",
		Example: "  squall secret list",
		Args:    exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			api, err := c.client()
			if err != nil {
				return err
			}
			list, err := api.Secrets(cmd.Context())
			if err != nil {
				return err
			}
			return c.print(listOf(list, list.Items, c.secretColumns(), func(s automation.Secret) string { return s.Name }, !c.flags.noHeaders))
		},
	}
}

func (c *cli) secretColumns() []column[automation.Secret] {
	return []column[automation.Secret]{
		{title: "NAME", text: func(s automation.Secret) string { return s.Name }},
		{title: "SOURCE", text: func(s automation.Secret) string { return string(s.Source) }},
		{title: "UPDATED", text: func(s automation.Secret) string {
			if s.Updated == nil {
				return "-"
			}
			return s.Updated.UTC().Format(time.RFC3339)
		}},
		{title: "BY", text: func(s automation.Secret) string { return firstOf(s.By, "-") }},
		{title: "NOTE", text: secretNote},
	}
}

func secretNote(s automation.Secret) string {
	switch {
	case s.Error != "":
		return "can not be used: " + s.Error
	case s.ShadowedBy != "":
		return "not used: there is one from " + string(s.ShadowedBy)
	case s.Short:
		return "too short to be taken out of what is said"
	}
	return ""
}

func newSecretSetCommand(c *cli) *cobra.Command {
	var file string
	cmd := &cobra.Command{
		Use:   "set NAME",
		Short: "Keep a secret; its value comes from standard input or a file",
		Long: "Keep a secret. Its value comes from standard input or a file, never from the command line, where other users of the " +
			"machine and the shell's history would see it. One line end at its end is dropped.",
		Example: "  squall secret set slack_webhook < address.txt\n  squall secret set ca -f ca.pem",
		Args:    exactly("NAME"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if file == "" {
				file = "-"
			}
			value, err := c.readInput(file)
			if err != nil {
				return err
			}
			value = bytes.TrimSuffix(bytes.TrimSuffix(value, []byte("\n")), []byte("\r"))
			api, err := c.client()
			if err != nil {
				return err
			}
			s, err := api.SetSecret(cmd.Context(), args[0], string(value))
			if err != nil {
				return err
			}
			return c.print(listOf(s, []automation.Secret{s}, c.secretColumns(), func(s automation.Secret) string { return s.Name }, !c.flags.noHeaders))
		},
	}
	cmd.Flags().StringVarP(&file, "file", "f", "", "file with the value; standard input when left out")
	return cmd
}

func newSecretDeleteCommand(c *cli) *cobra.Command {
	return &cobra.Command{
		Use:     "delete NAME",
		Aliases: []string{"rm"},
		Short:   "Forget a stored secret",
		Example: "  squall secret delete slack_webhook",
		Args:    exactly("NAME"),
		RunE: func(cmd *cobra.Command, args []string) error {
			api, err := c.client()
			if err != nil {
				return err
			}
			if err := api.DeleteSecret(cmd.Context(), args[0]); err != nil {
				return orList(err, "secret list")
			}
			return c.print(thing(goneSecret{args[0]}, args[0], func(w io.Writer, t terminal, _ bool) error {
				p := &page{w: w, t: t}
				p.line("deleted %s", args[0])
				return p.err
			}))
		},
	}
}

func newSecretRotateCommand(c *cli) *cobra.Command {
	return &cobra.Command{
		Use:     "rotate-key",
		Short:   "Make a new key and seal every stored secret with it",
		Long:    "Make a new key and seal every stored secret with it. A server that dies in between opens all of them with the key file it has.",
		Example: "  squall secret rotate-key",
		Args:    exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			api, err := c.client()
			if err != nil {
				return err
			}
			n, err := api.RotateSecrets(cmd.Context())
			if err != nil {
				return err
			}
			return c.print(thing(rotation{n}, "secret.key", func(w io.Writer, t terminal, _ bool) error {
				p := &page{w: w, t: t}
				p.line("sealed %d secret%s with a new key", n, plural(n))
				return p.err
			}))
		},
	}
}

// goneSecret is what is left of a secret that was forgotten, rotation what came of a
// new key.
type (
	goneSecret struct {
		Name string `json:"name"`
	}
	rotation struct {
		Sealed int `json:"sealed"`
	}
)
