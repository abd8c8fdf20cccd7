package main

import (
	"context"
	"fmt"
	"io/fs"
	"log/slog"
	"slices"

	"github.com/spf13/cobra"

	"github.com/squall-dev/squall/packs"
	"github.com/squall-dev/squall/runtime/config"
	"github.com/squall-dev/squall/runtime/daemon"
)

// serverFlags are what may differ from start to start. They win over the file.
type serverFlags struct {
	config, data, packs, listen, logFormat string
}

func newServerCommand(c *cli) *cobra.Command {
	var f serverFlags
	def := config.Default()
	cmd := &cobra.Command{
		Use: "server", Args: cobra.NoArgs, GroupID: groupAdmin,
		Short: "Start the server",
		Long: `Starts the server: one process, with its database, artifacts and caches in the
data directory. It watches the packs directory and loads what changes there. At the
first start it makes an admin token; at each start it prints a login link that works
once. SIGTERM or Ctrl-C lets running executions end before the server stops.`,
		Example: "  squall server\n  squall server --packs ./packs --listen 0.0.0.0:8085 --log-format json",
		RunE: func(cmd *cobra.Command, _ []string) error {
			conf, err := f.over(cmd)
			if err != nil {
				return err
			}
			return serve(cmd.Context(), c.streams, conf)
		},
	}
	p := cmd.Flags()
	p.StringVar(&f.config, "config", "", "configuration file (YAML); the server runs without one")
	p.StringVar(&f.data, "data", def.Data, "directory of the database, artifacts and caches")
	p.StringVar(&f.packs, "packs", def.Packs, "directory of packs, watched")
	p.StringVar(&f.listen, "listen", def.Listen, "address of the HTTP server")
	p.StringVar(&f.logFormat, "log-format", def.LogFormat, "text or json")
	return cmd
}

// over lays the flags that were given over the configuration file.
func (f serverFlags) over(cmd *cobra.Command) (config.Config, error) {
	c, err := config.Load(f.config)
	if err != nil {
		return c, err
	}
	for name, set := range map[string]func(){
		"data":       func() { c.Data = f.data },
		"packs":      func() { c.Packs = f.packs },
		"listen":     func() { c.Listen = f.listen },
		"log-format": func() { c.LogFormat = f.logFormat },
	} {
		if cmd.Flags().Changed(name) {
			set()
		}
	}
	return c, c.Validate()
}

func serve(ctx context.Context, s *streams, c config.Config) error {
	logger := daemon.NewLogger(c, s.err)
	slog.SetDefault(logger) // for libraries that log through the default
	d, err := daemon.New(ctx, daemon.Options{
		Config: c, Packs: []fs.FS{packs.Std()}, Version: buildVersion(), Logger: logger,
		Ready: func(started daemon.Started) { s.greet(started) },
	})
	if err != nil {
		return err
	}
	return d.Run(ctx)
}

// greet tells on standard output how to go on.
func (s *streams) greet(d daemon.Started) {
	fmt.Fprintf(s.out, "\n  Squall is ready     %s\n  Log in (once, 1 h)  %s\n", d.URL, d.LoginURL)
	if d.FirstStart {
		fmt.Fprintf(s.out, "  Admin token         %s\n                      (kept in %s)\n", d.AdminToken, d.AdminTokenFile)
	}
	if slices.Contains(d.Webhooks, "hello") {
		fmt.Fprintf(s.out, "  Try a webhook       curl -H 'Content-Type: application/json' -d '{\"name\":\"storm\"}' %s/api/v1/webhooks/hello\n", d.URL)
	}
	fmt.Fprintln(s.out)
}
