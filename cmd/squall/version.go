package main

import (
	"fmt"
	"io"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/squall-dev/squall/runtime/client"
)

// build says which build this program is: what the linker was told, or else what
// the toolchain recorded.
func build() client.Version {
	v := client.Version{Version: version, Go: runtime.Version()}
	info, ok := debug.ReadBuildInfo()
	if ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				v.Commit = s.Value
			}
		}
	}
	if v.Version == "" && ok {
		v.Version = info.Main.Version
	}
	if v.Version == "" {
		v.Version = "(devel)"
	}
	return v
}

// versions is what version --remote answers.
type versions struct {
	client.Version
	Server *client.Version `json:"server,omitempty"`
}

func newVersionCommand(c *cli) *cobra.Command {
	var remote bool
	cmd := &cobra.Command{
		Use:     "version",
		GroupID: groupAdmin,
		Short:   "Say which build this is",
		Example: "  squall version\n  squall version --remote -o json",
		Args:    exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			v := versions{Version: build()}
			if remote {
				api, err := c.client()
				if err != nil {
					return err
				}
				server, err := api.Version(cmd.Context())
				if err != nil {
					return err
				}
				v.Server = &server
			}
			return c.print(thing(v, v.Version.Version, v.text))
		},
	}
	cmd.Flags().BoolVar(&remote, "remote", false, "ask the server too")
	return cmd
}

func (v versions) text(w io.Writer, _ terminal, _ bool) error {
	_, err := fmt.Fprintln(w, "squall", sentence(v.Version))
	if err == nil && v.Server != nil {
		_, err = fmt.Fprintln(w, "server", sentence(*v.Server))
	}
	return err
}

func sentence(v client.Version) string {
	commit := v.Commit
	if commit == "" {
		commit = "unknown commit"
	}
	return printable(fmt.Sprintf("%s (%s, %s)", v.Version, commit[:min(len(commit), 14)], v.Go))
}
