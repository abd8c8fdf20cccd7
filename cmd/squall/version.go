package main

import (
	"fmt"
	"io"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/squall-dev/squall/runtime/api"
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

// buildVersion is the same for the server to tell.
func buildVersion() api.Version { return api.Version(build()) }

// versions is what version --remote answers.
type versions struct {
	client.Version
	Server *client.Version `json:"server,omitempty"`
}

func newVersionCommand(c *cli) *cobra.Command {
	var askServer bool
	cmd := &cobra.Command{
		Use:     "version",
		GroupID: groupAdmin,
		Short:   "Say which build this is",
		Example: "  squall version\n  squall version --remote -o json",
		Args:    exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			v := versions{Version: build()}
			if askServer {
				remote, err := c.client()
				if err != nil {
					return err
				}
				server, err := remote.Version(cmd.Context())
				if err != nil {
					return err
				}
				v.Server = &server
			}
			return c.print(thing(v, v.Version.Version, v.text))
		},
	}
	cmd.Flags().BoolVar(&askServer, "remote", false, "ask the server too")
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
