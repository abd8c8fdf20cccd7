package packs

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
)

// WatcherOptions are what a watcher is made of. Loader and Registry are required.
type WatcherOptions struct {
	// Dir holds one folder a pack. It need not exist; empty means none.
	Dir string
	// Embedded are the shipped packs. A pack in Dir wins over one of the same name.
	Embedded []fs.FS
	Loader   *Loader
	Registry *Registry
	Interval time.Duration // between looks; zero means 500 ms
	Debounce time.Duration // how long files must be quiet; zero means 300 ms
	Logger   *slog.Logger  // may be nil
}

// Watcher keeps a registry equal to the files. It looks at what exists and what
// it holds, never at notifications: those differ between file systems, and a
// mounted ConfigMap or a network share sends none that help.
type Watcher struct {
	o   WatcherOptions
	log *slog.Logger

	mu       sync.Mutex         // held during a look; guards all below
	folders  map[string]*folder // by name of the folder
	shipped  map[string]fs.FS   // by pack, once Sync has loaded them
	unread   bool               // Dir could not be read last time
	nextDeep time.Time          // when to compare contents although no file looks changed
}

// deepEvery is how often contents are compared even when sizes and times look
// unchanged, and how often a pack that failed for a passing reason is tried again.
const deepEvery = 30 * time.Second

// NewWatcher makes a watcher. It looks at nothing before Sync or Run.
func NewWatcher(o WatcherOptions) (*Watcher, error) {
	if o.Loader == nil || o.Registry == nil {
		return nil, errors.New("packs: WatcherOptions needs Loader and Registry")
	}
	if o.Interval <= 0 {
		o.Interval = 500 * time.Millisecond
	}
	if o.Debounce <= 0 {
		o.Debounce = 300 * time.Millisecond
	}
	return &Watcher{o: o, log: component(o.Logger), folders: map[string]*folder{}}, nil
}

// Sync makes the registry equal to the files now, without waiting for them to be
// quiet. A pack that does not load is reported to the registry and is no error.
func (w *Watcher) Sync(ctx context.Context) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.loadShipped(ctx); err != nil {
		return err
	}
	w.nextDeep = time.Now().Add(deepEvery)
	return w.look(ctx, 0, true)
}

// Run follows the files until ctx ends.
func (w *Watcher) Run(ctx context.Context) error {
	ticker := time.NewTicker(w.o.Interval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
		if err := w.poll(ctx); err != nil && ctx.Err() == nil {
			return err
		}
	}
}

func (w *Watcher) poll(ctx context.Context) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := time.Now()
	deep := !now.Before(w.nextDeep)
	if deep {
		w.nextDeep = now.Add(deepEvery)
	}
	return w.look(ctx, w.o.Debounce, deep)
}

// look compares every folder with what is in service. Only the end of ctx is an
// error.
func (w *Watcher) look(ctx context.Context, debounce time.Duration, deep bool) error {
	names, err := w.list()
	if err != nil {
		w.unreadable(err)
		return context.Cause(ctx)
	}
	w.unread = false
	for _, name := range names {
		if w.folders[name] == nil {
			w.folders[name] = &folder{name: name, path: filepath.Join(w.o.Dir, name)}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(w.folders)) {
		f := w.folders[name]
		if debounce == 0 && w.first(ctx, f) {
			continue
		}
		if w.settled(f, slices.Contains(names, name), debounce, deep) {
			w.update(ctx, f)
		}
		if err := context.Cause(ctx); err != nil {
			return err
		}
	}
	return nil
}

// list returns the folders in Dir. Hidden ones are not packs, and the links
// through which Kubernetes swaps a ConfigMap are hidden.
func (w *Watcher) list() ([]string, error) {
	if w.o.Dir == "" {
		return nil, nil
	}
	entries, err := os.ReadDir(w.o.Dir)
	if errors.Is(err, fs.ErrNotExist) && len(w.folders) == 0 {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the packs directory: %w", err)
	}
	var names []string
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") {
			continue
		}
		info, err := os.Stat(filepath.Join(w.o.Dir, e.Name()))
		if err == nil && info.IsDir() || err != nil && !errors.Is(err, fs.ErrNotExist) {
			names = append(names, e.Name()) // what can not be looked at is not gone
		}
	}
	return names, nil
}

// unreadable says once that Dir can not be read. Nothing is removed then: a share
// that is away for a moment must not stop every rule.
func (w *Watcher) unreadable(err error) {
	if !w.unread {
		w.log.Warn("packs directory not readable, packs stay as they are", "path", w.o.Dir, "err", err)
	}
	w.unread = true
}

// loadShipped loads the embedded packs, once.
func (w *Watcher) loadShipped(ctx context.Context) error {
	if w.shipped != nil {
		return nil
	}
	shipped := map[string]fs.FS{}
	for _, all := range w.o.Embedded {
		entries, err := fs.ReadDir(all, ".")
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("list embedded packs: %w", err)
		}
		for _, e := range entries {
			if !e.IsDir() {
				continue
			}
			fsys, err := fs.Sub(all, e.Name())
			if err != nil {
				return fmt.Errorf("open embedded pack %s: %w", e.Name(), err)
			}
			shipped[e.Name()] = fsys
			w.loadEmbedded(ctx, e.Name(), fsys)
		}
	}
	w.shipped = shipped
	return context.Cause(ctx)
}

// embedded is the path of shipped packs.
const embedded = "embedded"

func (w *Watcher) loadEmbedded(ctx context.Context, name string, fsys fs.FS) {
	p, err := w.o.Loader.Load(ctx, name, fsys, embedded)
	if err == nil {
		err = w.install(ctx, p)
	}
	if err != nil && ctx.Err() == nil {
		w.o.Registry.Report(name, embedded, err)
	}
}

func (w *Watcher) install(ctx context.Context, p *Pack) error {
	err := w.o.Registry.Install(ctx, p)
	if err != nil {
		return errors.Join(err, p.Close(context.WithoutCancel(ctx)))
	}
	return nil
}

// withdraw takes a pack out of service; the shipped one of the same name comes
// back.
func (w *Watcher) withdraw(ctx context.Context, pack string) {
	if fsys, ok := w.shipped[pack]; ok {
		w.loadEmbedded(ctx, pack, fsys)
		return
	}
	if err := w.o.Registry.Remove(ctx, pack); err != nil && !errors.Is(err, automation.ErrNotFound) {
		w.log.Error("pack not removed", "pack", pack, "err", err)
	}
}
