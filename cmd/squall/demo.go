package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/squall-dev/squall/packs"
	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/client"
	"github.com/squall-dev/squall/runtime/config"
	"github.com/squall-dev/squall/runtime/daemon"
)

// demoOptions are the demo's flags. Sizes are in bytes.
type demoOptions struct {
	listen      string
	limit, rate uint64
	once        bool
}

// Bounds of the flags: below the least limit the program itself takes too much of
// it, and one that reaches its limit within a second is gone before it is helped.
const (
	leastLimit = 16 << 20
	mostLimit  = 4 << 30
)

func (o demoOptions) check() error {
	if o.limit < leastLimit || o.limit > mostLimit {
		return usage("--limit %d is not from %d to %d bytes", o.limit, leastLimit, uint64(mostLimit))
	}
	if o.rate == 0 || o.rate > o.limit {
		return usage("--rate %d is not from 1 to the limit of %d bytes", o.rate, o.limit)
	}
	return nil
}

// demoResult is what the demo found, as -o json prints it.
type demoResult struct {
	URL             string  `json:"url"`
	LoginURL        string  `json:"login_url"`
	FlameURL        string  `json:"flame_url"`
	Token           string  `json:"token"`
	Event           string  `json:"event"`
	Execution       string  `json:"execution"`
	Artifact        string  `json:"artifact"`
	ArtifactBytes   int64   `json:"artifact_bytes"`
	AlertToAccepted float64 `json:"alert_to_accepted_ms"`
	AlertToStored   float64 `json:"alert_to_stored_ms"`
	// StoredToKilled is set with --once only: how long after the dump was stored
	// the program passed its limit.
	StoredToKilled float64 `json:"stored_to_killed_ms,omitempty"`
}

func newDemoCommand(c *cli) *cobra.Command {
	o := demoOptions{}
	cmd := &cobra.Command{
		Use: "demo", Args: exactly(), GroupID: groupRun,
		Short: "Catch the heap dump of a leaking program, without a cluster",
		Long: `Starts a server on loopback with an empty data directory, and a small program
that leaks. When the program has used 70 % of its memory limit, the demo sends the
webhook that Alertmanager would send. The rule labs_sre.generate_pprof_with_webhook
matches, and the sandboxed action labs_sre.exec_pod saves the heap dump before the
program is killed. Ctrl-C ends the server and the program and removes the data.`,
		Example: "  squall demo\n  squall demo --once -o json",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := o.check(); err != nil {
				return err
			}
			return c.demo(cmd.Context(), o)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.listen, "listen", "127.0.0.1:0", "address of the server; port 0 picks a free one")
	f.Uint64Var(&o.limit, "limit", 64<<20, "memory limit of the leaking program, in bytes")
	f.Uint64Var(&o.rate, "rate", 8<<20, "bytes that it leaks a second")
	f.BoolVar(&o.once, "once", false, "wait for the program's end, then stop instead of waiting for Ctrl-C")
	return cmd
}

// alertAt is the share of the limit at which the alert fires.
const alertAt = 0.70

// demo is one run: a server, a victim, and what is told on the way.
type demo struct {
	demoOptions
	*cli
	dir     string
	packs   fs.FS
	victim  *victim
	started daemon.Started
}

// demo runs until the story has been told or, without --once, until ctx ends,
// which is how people end it and no error.
func (c *cli) demo(ctx context.Context, o demoOptions) error {
	d := &demo{demoOptions: o, cli: c, packs: packs.Demo()}
	if err := checkDemoPacks(d.packs); err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "squall-demo-")
	if err != nil {
		return fmt.Errorf("make a place for the demo: %w", err)
	}
	defer os.RemoveAll(dir)
	d.dir = dir
	storyCtx, cancel := context.WithCancel(ctx)
	defer cancel()
	if d.victim, err = startVictim(storyCtx, o.limit, o.rate); err != nil {
		return unlessEnded(ctx, err)
	}
	defer d.victim.stop()
	d.say("leaking program started", "process %d, pprof on %s, limit %s", d.victim.cmd.Process.Pid, d.victim.address, size(o.limit))
	return unlessEnded(ctx, d.withServer(storyCtx, cancel))
}

// checkDemoPacks refuses a binary that was built before its packs were.
func checkDemoPacks(demo fs.FS) error {
	if _, err := fs.Stat(demo, "labs_sre/pack.wasm"); err != nil {
		return automation.Unavailable("this program was built without the demo's pack labs_sre").WithCode("demo_not_built").
			WithHint("in the sources: make build, then ./bin/squall demo; make packs builds the packs alone")
	}
	return nil
}

// withServer runs the server beside the story and waits for both.
func (d *demo) withServer(ctx context.Context, stop context.CancelFunc) error {
	ready := make(chan daemon.Started, 1)
	server, err := d.server(ctx, func(s daemon.Started) { ready <- s })
	if err != nil {
		return err
	}
	served := make(chan error, 1)
	go func() { served <- server.Run(ctx) }()
	select {
	case d.started = <-ready:
	case err := <-served:
		return err
	}
	err = d.story(ctx)
	if err == nil && !d.once {
		<-ctx.Done()
	}
	stop()
	return errors.Join(ignoreCanceled(err), <-served)
}

func (d *demo) server(ctx context.Context, ready func(daemon.Started)) (*daemon.Daemon, error) {
	c := config.Default()
	c.Listen, c.Data, c.Packs = d.listen, filepath.Join(d.dir, "data"), filepath.Join(d.dir, "packs")
	c.LogLevel, c.DrainTimeout = "warn", 2*time.Second
	c.PackConfig = map[string]map[string]any{"labs_sre": {"pprof_url": "http://" + d.victim.address + "/debug/pprof/heap"}}
	if err := os.CopyFS(c.Packs, d.packs); err != nil {
		return nil, fmt.Errorf("lay out the demo's pack: %w", err)
	}
	return daemon.New(ctx, daemon.Options{
		Config: c, Packs: []fs.FS{packs.Std()}, Version: buildVersion(), Logger: daemon.NewLogger(c, d.cli.err), Ready: ready, Compiler: compiler(),
	})
}

// story waits for the alert, sends it and follows what it starts.
func (d *demo) story(ctx context.Context) error {
	d.say("server ready", "%s", d.started.URL)
	if err := d.victim.leak(); err != nil {
		return err
	}
	heap, err := d.victim.waitFor(ctx, alertAt)
	if err != nil {
		return err
	}
	fired := time.Now()
	d.say("alert fires", "%s of %s used (%d %%): Pod Memory Limit Near", size(heap), size(d.limit), 100*heap/d.limit)
	api, err := client.New(client.Options{BaseURL: d.started.URL, Token: d.started.AdminToken})
	if err != nil {
		return err
	}
	receipt, err := api.Webhook(ctx, "pprof", "application/json", alertBody(fired))
	if err != nil {
		return fmt.Errorf("send the webhook: %w", err)
	}
	accepted := time.Since(fired)
	if len(receipt.Executions) != 1 {
		return fmt.Errorf("the webhook started %d executions, expected one", len(receipt.Executions))
	}
	d.say("webhook accepted", "durable after %s; %d of %d rules matched", ms(accepted), receipt.Matched, receipt.Looked)
	x, err := api.Follow(ctx, receipt.Executions[0], client.FollowOptions{})
	if err != nil {
		return fmt.Errorf("follow the execution: %w", err)
	}
	if x.Status != automation.Succeeded || len(x.Artifacts) == 0 {
		return d.tooLate(x)
	}
	return d.report(ctx, receipt.Event, x, fired, accepted)
}

// tooLate says why there is no dump, and what a slow machine needs.
func (d *demo) tooLate(x automation.Execution) error {
	err := automation.Unavailable("no heap dump was stored: %s", x.Message)
	select {
	case <-d.victim.ended:
		return err.WithHint("the program was gone before its dump was taken; give it more room: squall demo --limit %d --rate %d", min(4*d.limit, mostLimit), max(d.rate/2, 1))
	default:
		return err.WithHint("%s", x.Hint)
	}
}

// report tells what was caught. The time of storage is the one in the artifact's
// record, not the moment we heard of it.
func (d *demo) report(ctx context.Context, event string, x automation.Execution, fired time.Time, accepted time.Duration) error {
	dump := x.Artifacts[0]
	stored := dump.CreatedAt.Sub(fired)
	login := d.started.LoginURL + "&next=" + url.QueryEscape("/artifacts/"+dump.ID)
	r := demoResult{
		URL: d.started.URL, LoginURL: login, FlameURL: d.started.URL + "/artifacts/" + dump.ID, Token: d.started.AdminToken,
		Event: event, Execution: x.ID, Artifact: dump.ID, ArtifactBytes: dump.Size,
		AlertToAccepted: milliseconds(accepted), AlertToStored: milliseconds(stored),
	}
	d.say("heap dump stored", "%s, %s, %s after the alert", dump.Name, size(uint64(dump.Size)), ms(stored))
	if d.once {
		if killed, err := d.victim.wait(ctx); err == nil {
			r.StoredToKilled = milliseconds(killed.Sub(dump.CreatedAt))
			d.say("program killed at its limit", "%s after the dump was stored", ms(killed.Sub(dump.CreatedAt)))
		}
	}
	return d.print(thing(r, r.Artifact, func(w io.Writer, t terminal, _ bool) error {
		p := &page{w: w, t: t}
		p.line("")
		if d.once {
			p.line("Without --once the server stays, and shows the dump as a flame graph.")
			return p.err
		}
		p.line("Flame graph: %s", login)
		p.line("Ctrl-C stops the demo and removes its data.")
		return p.err
	}))
}

func (d *demo) say(what, format string, args ...any) {
	d.note("  %-28s %s", what, fmt.Sprintf(format, args...))
}

// alertBody is what Alertmanager posts for one firing alert.
func alertBody(at time.Time) io.Reader {
	labels := map[string]string{"alertname": "Pod Memory Limit Near", "namespace": "dm-demo-app", "pod": "leaky", "severity": "critical"}
	b, _ := json.Marshal(map[string]any{ // strings and maps always encode
		"version": "4", "status": "firing", "receiver": "squall",
		"groupKey": `{}:{alertname="Pod Memory Limit Near"}`, "groupLabels": map[string]string{"alertname": labels["alertname"]},
		"commonLabels": labels, "commonAnnotations": map[string]string{}, "truncatedAlerts": 0,
		"alerts": []any{map[string]any{
			"status": "firing", "labels": labels, "startsAt": at.UTC().Format(time.RFC3339Nano), "endsAt": "0001-01-01T00:00:00Z",
			"annotations": map[string]string{"summary": "leaky is near its memory limit"},
		}},
	})
	return bytes.NewReader(b)
}

// victim is the leaking child process.
type victim struct {
	cmd     *exec.Cmd
	address string
	stdin   io.WriteCloser
	ended   chan struct{} // closed when the process has ended
	endedAt time.Time     // set before ended is closed
}

func startVictim(ctx context.Context, limit, rate uint64) (*victim, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find this program: %w", err)
	}
	cmd := exec.CommandContext(ctx, self, leakCommand, fmt.Sprintf("--limit=%d", limit), fmt.Sprintf("--rate=%d", rate))
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("start the leaking program: %w", err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("start the leaking program: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start the leaking program: %w", err)
	}
	v := &victim{cmd: cmd, stdin: stdin, ended: make(chan struct{})}
	line, readErr := bufio.NewReader(stdout).ReadBytes('\n')
	go func() { _ = cmd.Wait(); v.endedAt = time.Now(); close(v.ended) }() // stop waits for it
	var hello struct{ Address string }
	if err := errors.Join(readErr, json.Unmarshal(line, &hello)); err != nil {
		v.stop()
		return nil, fmt.Errorf("hear from the leaking program: %w", err)
	}
	v.address = hello.Address
	return v, nil
}

// leak tells the program to begin.
func (v *victim) leak() error {
	if _, err := io.WriteString(v.stdin, "leak\n"); err != nil {
		return fmt.Errorf("tell the program to leak: %w", err)
	}
	return nil
}

// stop ends the program and waits until it is gone.
func (v *victim) stop() {
	_ = v.stdin.Close()
	_ = v.cmd.Process.Kill() // it may have ended already
	<-v.ended
}

// wait returns when the program has ended by itself.
func (v *victim) wait(ctx context.Context) (time.Time, error) {
	select {
	case <-v.ended:
		return v.endedAt, nil
	case <-ctx.Done():
		return time.Time{}, ctx.Err()
	}
}

// waitFor returns the heap's size when it has passed a share of the limit.
func (v *victim) waitFor(ctx context.Context, share float64) (uint64, error) {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		r, err := v.memory(ctx)
		if err != nil {
			return 0, fmt.Errorf("watch the leaking program: %w", err)
		}
		if float64(r.Heap) >= share*float64(r.Limit) {
			return r.Heap, nil
		}
		select {
		case <-tick.C:
		case <-v.ended:
			return 0, errors.New("the leaking program ended before its alert")
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}
}

func (v *victim) memory(ctx context.Context) (r leakReport, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+v.address+"/memory", nil)
	if err != nil {
		return r, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return r, err
	}
	defer resp.Body.Close()
	return r, json.NewDecoder(resp.Body).Decode(&r)
}

func size(n uint64) string {
	if n >= 1<<20 {
		return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
	}
	return fmt.Sprintf("%.1f KiB", float64(n)/(1<<10))
}

func ms(d time.Duration) string { return fmt.Sprintf("%.1f ms", milliseconds(d)) }

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
