package main

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/itchyny/gojq"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/client"
	"github.com/squall-dev/squall/runtime/daemon"
)

// cli is one run of the program: where it reads and writes, and the flags that
// every command understands.
type cli struct {
	*streams
	flags flags
	jq    *gojq.Code // what --jq asks for; nil without
	now   func() time.Time
	// loadPack loads a pack from a directory as the server would.
	loadPack func(ctx context.Context, dir string) (automation.PackStatus, error)
	// inspectModule says what a module is; examine looks at this machine.
	inspectModule func(ctx context.Context, file string) (automation.ModuleInfo, error)
	examine       func(ctx context.Context, data string, deep bool) ([]automation.Check, error)
}

type flags struct {
	server    string
	tokenFile string
	output    string
	fields    []string
	jq        string
	color     string
	noHeaders bool
	quiet     bool
	debug     bool
}

func newCLI(s *streams) *cli {
	return &cli{streams: s, now: time.Now, loadPack: daemon.CheckPack, inspectModule: daemon.InspectModule, examine: daemon.Examine}
}

// client makes the client that flags, environment and files ask for.
func (c *cli) client() (*client.Client, error) {
	set, err := c.settings()
	if err != nil {
		return nil, err
	}
	return c.connect(set)
}

func (c *cli) connect(set settings) (*client.Client, error) {
	o := client.Options{
		BaseURL: set.url, Token: set.token, UserAgent: "squall/" + build().Version,
		Reconnecting: func(cause error, wait time.Duration) {
			what, _ := explain(cause)
			c.note("connection lost (%s), trying again in %s", what, wait.Round(time.Second))
		},
	}
	if c.flags.debug {
		o.HTTP = &http.Client{Transport: tracer{c, client.NewTransport()}}
	}
	return client.New(o)
}

// note tells people what goes on; it never mixes with data.
func (c *cli) note(format string, args ...any) {
	if !c.flags.quiet {
		fmt.Fprintln(c.err, printable(fmt.Sprintf(format, args...)))
	}
}

// tracer shows requests for --debug. Headers are left out: they hold the token.
type tracer struct {
	cli  *cli
	next http.RoundTripper
}

func (t tracer) RoundTrip(r *http.Request) (*http.Response, error) {
	begin := t.cli.now()
	resp, err := t.next.RoundTrip(r)
	took := t.cli.now().Sub(begin).Round(time.Microsecond)
	if err != nil {
		fmt.Fprintf(t.cli.err, "debug: %s %s: %v (%s)\n", r.Method, r.URL, err, took)
		return nil, err
	}
	fmt.Fprintf(t.cli.err, "debug: %s %s: %s (%s, request %s)\n", r.Method, r.URL, resp.Status, took, resp.Header.Get("X-Request-Id"))
	return resp, nil
}
