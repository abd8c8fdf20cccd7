package main

import (
	"context"
	"fmt"
	"io/fs"
	"log/slog"
	"slices"
	"sync"

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
		Use: "server", Args: exactly(), GroupID: groupAdmin,
		Short: "Start the server",
		Long: `Starts the server: one process, with its database, artifacts and caches in the
data directory. It watches the packs directory and loads what changes there. At the
first start it makes an admin token; at each start it prints a login link that works
once. SIGTERM or Ctrl-C lets running executions end before the server stops; a second
one stops it at once. With --log-format json all that it prints is JSON. With tls in the
configuration it speaks HTTPS.`,
		Example: "  squall server\n  squall server --packs ./packs --listen 0.0.0.0:8085 --log-format json",
		RunE: func(cmd *cobra.Command, _ []string) error {
			conf, err := f.over(cmd)
			if err != nil {
				return err
			}
			return c.serve(cmd.Context(), conf)
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

func (c *cli) serve(ctx context.Context, conf config.Config) error {
	if c.env("GOGC") == "" {
		ctx, cancel := context.WithCancel(ctx)
		var tuner sync.WaitGroup
		tuner.Go(func() { tuneGarbage(ctx) })
		defer tuner.Wait()
		defer cancel()
	}
	logger := daemon.NewLogger(conf, c.err)
	slog.SetDefault(logger) // for libraries that log through the default
	if shipped, err := fs.ReadDir(packs.Std(), "."); err != nil || len(shipped) == 0 {
		logger.Warn("built without the shipped packs: there is no core.echo; make build includes them")
	}
	d, err := daemon.New(ctx, daemon.Options{
		Config: conf, Packs: []fs.FS{packs.Std()}, Version: buildVersion(), Logger: logger, Compiler: compiler(),
		Ready: func(started daemon.Started) {
			if err := c.greet(conf, started); err != nil {
				logger.Warn("nobody was told where the server is", "url", started.URL, "err", err)
			}
		},
	})
	if err != nil {
		return unlessEnded(ctx, err)
	}
	return d.Run(ctx)
}

// unlessEnded makes a start that a signal ended no error: nothing went wrong.
func unlessEnded(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// greeting tells programs how to reach the server. It does not hold the admin
// token: what a container prints is kept and read by many.
type greeting struct {
	URL            string   `json:"url"`
	LoginURL       string   `json:"login_url"`
	AdminTokenFile string   `json:"admin_token_file"`
	FirstStart     bool     `json:"first_start"`
	Webhooks       []string `json:"webhooks"`
}

// greet tells on standard output how to go on.
func (c *cli) greet(conf config.Config, d daemon.Started) error {
	if conf.LogFormat == "json" || c.flags.output == formatJSON || c.flags.output == formatJSONL {
		return encodeJSON(c.out, greeting{d.URL, d.LoginURL, d.AdminTokenFile, d.FirstStart, append([]string{}, d.Webhooks...)}, "")
	}
	p := &page{w: c.out, t: c.terminalOf(c.out, c.flags.color)}
	p.line("")
	p.welcome("Squall is ready", d.URL)
	p.welcome("Log in (once, 1 h)", d.LoginURL)
	if d.FirstStart {
		p.welcome("Admin token", d.AdminToken)
		p.welcome("", "(kept in "+d.AdminTokenFile+")")
	} else {
		p.welcome("Admin token", "in "+d.AdminTokenFile)
	}
	if slices.Contains(d.Webhooks, "hello") {
		p.welcome("Try a webhook", fmt.Sprintf(`curl -H 'Content-Type: application/json' -d '{"name":"storm"}' %s/api/v1/webhooks/hello`, d.URL))
	}
	p.line("")
	return p.err
}

func (p *page) welcome(name, text string) { p.line("  %s %s", fmt.Sprintf("%-19s", name), text) }
