// Package daemon is the program: wire.go constructs every part once, in the order
// of dependence; this file starts them and stops them in reverse. It knows every
// part; no part knows it.
package daemon

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/squall-dev/squall/runtime/api"
	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/config"
	"github.com/squall-dev/squall/runtime/disk"
	"github.com/squall-dev/squall/runtime/telemetry"
)

// Options are what a daemon is started with. Only Config is required.
type Options struct {
	Config config.Config
	// Packs are packs that come with the program.
	Packs   []fs.FS
	Version api.Version
	Logger  *slog.Logger
	// Compiler is a command that calls CompileModule with the arguments that are
	// added to it. Empty compiles modules in this process.
	Compiler []string
	// Now is by what clock the cluster's answers grow old; nil means time.Now.
	Now func() time.Time
	// Ready is called once, when the server answers.
	Ready func(Started)
	// Faults are what a torture does to the server (package torture).
	Faults disk.Faults
}

// Started tells how to reach a server that has just come up.
type Started struct {
	URL      string // base, without a slash at the end
	LoginURL string // works once, for an hour
	// AdminToken is set at the first start only; AdminTokenFile is where it was
	// written.
	AdminToken     string
	AdminTokenFile string
	FirstStart     bool
	// Webhooks are the paths that rules listen to, sorted.
	Webhooks []string
}

// Daemon is a server that can be run once. Create it with New.
type Daemon struct {
	Options
	parts *parts
}

// New constructs every part: it opens the database and reads the caches, but
// listens to nothing and runs nothing. Close what New returns if Run is not
// called.
func New(ctx context.Context, o Options) (*Daemon, error) {
	if err := o.Config.Validate(); err != nil {
		return nil, err
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	p, err := wire(ctx, o)
	if err != nil {
		return nil, errors.Join(unusableData(o.Config.Data, err), p.close())
	}
	return &Daemon{Options: o, parts: p}, nil
}

// unusableData tells an operator which directory the server could not use.
func unusableData(dir string, err error) error {
	var path *fs.PathError
	if !errors.As(err, &path) || !strings.HasPrefix(path.Path, filepath.Clean(dir)) {
		return err
	}
	return automation.Invalid("the data directory %s can not be used", dir).Because(err).
		WithHint("give the server's user the right to write there, or choose another with --data")
}

// Close releases everything; Run does it by itself.
func (d *Daemon) Close() error { return d.parts.close() }

// closePatience bounds each step of stopping that waits for others.
const closePatience = 10 * time.Second

// Run serves until ctx is done, then drains: it stops listening, lets running
// executions end or gives them back, and closes everything.
func (d *Daemon) Run(ctx context.Context) error {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", d.Config.Listen)
	if err != nil {
		return errors.Join(cannotListen(d.Config.Listen, err), d.Close())
	}
	if err := d.parts.watcher.Sync(ctx); err != nil {
		return errors.Join(unlessStopped(ctx, fmt.Errorf("load packs: %w", err)), listener.Close(), d.Close())
	}
	d.parts.loaded.started(ctx, d.parts.registry.Snapshot().Packs())
	err = d.serve(ctx, listener)
	d.Logger.Info("server stopped")
	return errors.Join(err, d.Close())
}

// cannotListen says what an operator can do about the address.
func cannotListen(address string, err error) error {
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return automation.Conflict("another program listens on %s already", address).WithCode("address_in_use").Because(err).
			WithHint("stop it, or choose another address with --listen; port 0 picks a free one")
	case errors.Is(err, syscall.EACCES):
		return automation.Invalid("this user may not listen on %s", address).Because(err).
			WithHint("choose a port from 1024 on with --listen, or give the program the right to use low ports")
	case errors.Is(err, syscall.EADDRNOTAVAIL), errors.As(err, new(*net.DNSError)):
		return automation.Invalid("this machine has no address %s", address).Because(err).
			WithHint("choose one of its own with --listen, such as 127.0.0.1:8085, or 0.0.0.0:8085 for all of them")
	}
	return fmt.Errorf("listen on %s: %w", address, err)
}

// unlessStopped makes a start that somebody ended no error: nothing went wrong.
func unlessStopped(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// serve runs the moving parts. Stopping is the reverse of starting: no new
// requests, no new packs, no new work, then wait.
func (d *Daemon) serve(ctx context.Context, listener net.Listener) error {
	p := d.parts
	server := &http.Server{
		Handler: answers(d.Faults.Points, p.api.Handler()), ReadHeaderTimeout: 10 * time.Second, ReadTimeout: time.Minute, IdleTimeout: 2 * time.Minute,
		ErrorLog: slog.NewLogLogger(d.Logger.With("component", "http").Handler(), slog.LevelDebug),
	}
	group, failed := errgroup.WithContext(ctx)
	workCtx, stopWork := context.WithCancel(context.WithoutCancel(ctx))
	defer stopWork()
	group.Go(func() error { return p.engine.Run(workCtx) })
	select {
	case <-p.engine.Started():
	case <-failed.Done():
	}
	watchCtx, stopWatch := context.WithCancel(context.WithoutCancel(ctx))
	defer stopWatch()
	group.Go(func() error { return p.watcher.Run(watchCtx) })
	group.Go(func() error { d.sweep(watchCtx); return nil })
	group.Go(func() error { p.keeper.Run(watchCtx); return nil })
	p.triggers.Sync(p.registry.Snapshot().Rules().Wanted())
	group.Go(func() error { return p.triggers.Run(watchCtx) })
	group.Go(func() error { return ignoreClosed(listen(server, listener, p.certs)) })
	group.Go(func() error {
		<-failed.Done()
		d.Logger.Info("stopping: no new requests; running executions may end", "within", d.Config.DrainTimeout)
		p.live.Close()
		err := shutdown(ctx, server)
		stopWatch()
		stopWork()
		return err
	})
	d.announce(listener.Addr())
	group.Go(func() error {
		p.wake(watchCtx)
		debug.FreeOSMemory() // the start needed more than what follows
		return nil
	})
	return group.Wait()
}

// listen serves HTTPS when there are certificates, and then nothing else.
func listen(server *http.Server, listener net.Listener, certs *certificates) error {
	if certs == nil {
		return server.Serve(listener)
	}
	server.TLSConfig = certs.server()
	return server.ServeTLS(listener, "", "")
}

// sweepEvery is how often files that nobody names are looked for.
const sweepEvery = 6 * time.Hour

// sweep removes orphaned artifact files now and then, until ctx is done.
func (d *Daemon) sweep(ctx context.Context) {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	for {
		removed, err := d.parts.sweep(ctx)
		switch {
		case err != nil && ctx.Err() == nil:
			d.Logger.Warn("orphaned artifact files could not be removed", "err", err)
		case removed > 0:
			d.Logger.Info("orphaned artifact files removed", "files", removed)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

func shutdown(ctx context.Context, server *http.Server) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closePatience)
	defer cancel()
	if err := server.Shutdown(ctx); err != nil {
		return errors.Join(fmt.Errorf("stop serving: %w", err), server.Close())
	}
	return nil
}

func ignoreClosed(err error) error {
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

func (d *Daemon) announce(addr net.Addr) {
	base := d.Config.PublicURL
	if base == "" {
		base = d.scheme() + "://" + reachable(addr)
	}
	base = strings.TrimSuffix(base, "/")
	s := Started{
		URL: base, LoginURL: base + "/login?code=" + url.QueryEscape(d.parts.guard.NewLoginCode()),
		AdminToken: d.parts.adminToken, AdminTokenFile: d.parts.adminTokenFile, FirstStart: d.parts.adminToken != "",
		Webhooks: slices.Sorted(maps.Keys(d.parts.registry.Snapshot().Rules().Webhooks())),
	}
	d.Logger.Info("server ready", "url", s.URL, "data", d.Config.Data, "packs", d.Config.Packs)
	if d.Ready != nil {
		d.Ready(s)
	}
}

func (d *Daemon) scheme() string {
	if d.Config.TLS.Enabled() {
		return "https"
	}
	return "http"
}

// reachable writes an address that a browser on this machine can open, also when
// the server listens on every interface.
func reachable(addr net.Addr) string {
	tcp, ok := addr.(*net.TCPAddr)
	if !ok || !tcp.IP.IsUnspecified() {
		return addr.String()
	}
	return net.JoinHostPort("127.0.0.1", fmt.Sprint(tcp.Port))
}

// NewLogger makes the logger that a configuration asks for.
func NewLogger(c config.Config, w interface{ Write([]byte) (int, error) }) *slog.Logger {
	return telemetry.NewLogger(w, c.LogFormat, c.LogLevel)
}
