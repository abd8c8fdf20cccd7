package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/client"
)

func newLoginCommand(c *cli) *cobra.Command {
	var fromStdin bool
	cmd := &cobra.Command{
		Use:     "login [URL]",
		GroupID: groupAdmin,
		Short:   "Remember a server and a token for it",
		Long: "Remember a server and a token for it, after asking the server whether it is good. The\n" +
			"token is kept in a file that only you can read, and is sent to this server only.",
		Example: "  squall login --token-file data/admin.token\n" +
			"  pass squall | squall login https://squall.example.com --token-stdin",
		Args: optional("URL"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.login(cmd.Context(), firstOf(args...), fromStdin)
		},
	}
	cmd.Flags().BoolVar(&fromStdin, "token-stdin", false, "read the token from stdin")
	return cmd
}

func (c *cli) login(ctx context.Context, server string, fromStdin bool) error {
	if server != "" {
		c.flags.server = server
	}
	set, err := c.settings()
	if err != nil {
		return err
	}
	if set.token, err = c.newToken(set, fromStdin); err != nil {
		return err
	}
	who, err := c.introduce(ctx, set)
	if err != nil {
		return err
	}
	known, err := c.readLogins()
	if err != nil {
		return err
	}
	path, err := c.writeLogins(known.with(login{URL: set.url, User: who.User, Token: set.token}))
	if err != nil {
		return err
	}
	c.note("logged in to %s as %s; the token is kept in %s", set.url, who.User, path)
	return c.print(thing(who, who.User, func(w io.Writer, t terminal, _ bool) error {
		p := &page{w: w, t: t}
		p.pair("Server", set.url)
		p.pair("User", who.User)
		p.pair("Role", who.Role)
		return p.err
	}))
}

// newToken takes the token from where the flags say, else from what is known, and
// asks for it last.
func (c *cli) newToken(set settings, fromStdin bool) (string, error) {
	file, isFile := c.in.(*os.File)
	screen := isFile && term.IsTerminal(int(file.Fd()))
	switch {
	case fromStdin && c.flags.tokenFile != "":
		return "", usage("--token-stdin and --token-file exclude each other")
	case fromStdin:
		return c.readToken("-")
	case set.token != "":
		return set.token, nil
	case !screen:
		return "", usage("there is no token").WithHint("give it with --token-stdin or --token-file; the server keeps it in admin.token in its data directory")
	}
	fmt.Fprint(c.err, "Token: ")
	text, err := term.ReadPassword(int(file.Fd()))
	fmt.Fprintln(c.err)
	return strings.TrimSpace(string(text)), err
}

func (c *cli) introduce(ctx context.Context, set settings) (client.Account, error) {
	api, err := c.connect(set)
	if err != nil {
		return client.Account{}, err
	}
	who, err := api.Me(ctx)
	if errors.Is(err, automation.ErrDenied) {
		return who, hinted(err, "check the token; the server keeps its own in admin.token in its data directory")
	}
	return who, err
}
