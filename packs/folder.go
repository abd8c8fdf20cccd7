package packs

import (
	"context"
	"errors"
	"maps"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
)

// folder is what the watcher knows of one folder in the packs directory.
type folder struct {
	name, path string
	files      listing // as last seen
	// pack is what this folder has in service, served the digest of those files.
	pack, served string
	// failed is the digest of files that did not load, reported the name under
	// which that stands in the registry; retry says that the reason may pass.
	failed, reported string
	retry            bool
	// wanted is the digest that was seen at since and is not yet dealt with. The
	// files may be half copied until it has stood for the debounce time.
	wanted string
	since  time.Time
}

// nothing is the digest of a folder that is gone or holds no pack.
const nothing = "nothing"

// settled reports whether a folder holds something new that has stopped changing;
// wanted says what.
func (w *Watcher) settled(f *folder, exists bool, debounce time.Duration, deep bool) bool {
	digest, err := f.digest(exists, deep)
	if err != nil { // unreadable counts as content: it is reported once it stays so
		digest = "unreadable: " + err.Error()
	}
	again := f.retry && (deep || digest == f.wanted)
	known := digest == f.current() && !again
	switch {
	case known:
		f.wanted = ""
		return false
	case digest != f.wanted:
		f.wanted, f.since = digest, time.Now()
	}
	return time.Since(f.since) >= debounce
}

// current is the digest that has been dealt with.
func (f *folder) current() string {
	switch {
	case f.failed != "":
		return f.failed
	case f.served != "":
		return f.served
	}
	return nothing
}

// digest returns what the folder holds. It reads contents only when a file looks
// changed, when a change is under way, or when deep.
func (f *folder) digest(exists, deep bool) (string, error) {
	if !exists {
		f.files = nil
		return nothing, nil
	}
	root, err := openRoot(f.path, f.path)
	if err != nil {
		return "", err
	}
	defer func() { _ = root.Close() }() // only read
	files, err := list(root.FS())
	if err != nil {
		f.files = nil
		return "", err
	}
	if len(files) == 0 {
		f.files = nil
		return nothing, nil
	}
	if !deep && f.wanted == "" && maps.Equal(files, f.files) {
		return f.current(), nil
	}
	contents, err := readAll(root.FS())
	if err != nil {
		f.files = nil
		return "", err
	}
	f.files = files
	return contents.digest(), nil
}

// first serves a folder that was never looked at, whose files are then read once. All
// that is not as simple is left to the usual way.
func (w *Watcher) first(ctx context.Context, f *folder) bool {
	if f.files != nil || f.current() != nothing {
		return false
	}
	root, err := openRoot(f.path, f.path)
	if err != nil {
		return false
	}
	files, err := list(root.FS()) // before they are read: what changes meanwhile is seen later
	if err = errors.Join(err, root.Close()); err != nil || len(files) == 0 {
		return false
	}
	p, err := w.o.Loader.loadDir(ctx, f.path, f.path)
	if err != nil {
		return false
	}
	f.files = files
	w.serve(ctx, f, p)
	return true
}

// update makes the registry follow what the folder holds.
func (w *Watcher) update(ctx context.Context, f *folder) {
	digest := f.wanted
	if digest == nothing {
		w.vanish(ctx, f)
		return
	}
	if digest == f.served { // back to what is in service
		w.recover(f)
		return
	}
	p, err := w.o.Loader.loadDir(ctx, f.path, f.path)
	if err != nil {
		w.fail(ctx, f, digest, err)
		return
	}
	if p.Digest != digest { // changed while it was read: wait for the end of it
		f.wanted, f.since = p.Digest, time.Now()
		w.discard(ctx, p)
		return
	}
	w.serve(ctx, f, p)
}

func (w *Watcher) serve(ctx context.Context, f *folder, p *Pack) {
	if other := w.owner(p.Name, f); other != nil {
		w.discard(ctx, p)
		w.fail(ctx, f, p.Digest, automation.Conflict("pack %s is in folder %s already", p.Name, other.name).
			WithHint("remove one of the two folders, or give one another ref in %s", manifestFile))
		return
	}
	if err := w.install(ctx, p); err != nil {
		w.fail(ctx, f, p.Digest, err)
		return
	}
	before := f.pack
	f.pack, f.served = p.Name, p.Digest
	w.recover(f)
	if before != "" && before != p.Name {
		w.withdraw(ctx, before)
		w.reconsider()
	}
}

// owner finds another folder that has the pack in service.
func (w *Watcher) owner(pack string, except *folder) *folder {
	for _, f := range w.folders {
		if f != except && f.pack == pack {
			return f
		}
	}
	return nil
}

// fail records that the files do not load; what serves goes on.
func (w *Watcher) fail(ctx context.Context, f *folder, digest string, err error) {
	if ctx.Err() != nil { // the server is stopping: that says nothing about the pack
		return
	}
	name := f.pack
	if name == "" {
		name = peekName(f.path, f.name)
	}
	if w.owner(name, f) != nil { // its status is another folder's
		name = f.name
	}
	if f.reported != "" && f.reported != name {
		w.o.Registry.Clear(f.reported)
	}
	f.failed, f.reported, f.wanted = digest, name, ""
	f.retry = !errors.Is(err, automation.ErrInvalid)
	w.o.Registry.Report(name, f.path, err)
}

// recover forgets what was wrong.
func (w *Watcher) recover(f *folder) {
	if f.reported != "" {
		w.o.Registry.Clear(f.reported)
	}
	f.failed, f.reported, f.wanted, f.retry = "", "", "", false
}

// vanish follows a folder that is gone, or that holds no pack any more.
func (w *Watcher) vanish(ctx context.Context, f *folder) {
	w.recover(f)
	delete(w.folders, f.name)
	if f.pack != "" {
		w.withdraw(ctx, f.pack)
	}
	w.reconsider()
}

// reconsider lets folders try again that failed because of another one.
func (w *Watcher) reconsider() {
	for _, f := range w.folders {
		if f.retry {
			f.failed, f.files = "", nil
		}
	}
}

func (w *Watcher) discard(ctx context.Context, p *Pack) {
	if err := p.Close(context.WithoutCancel(ctx)); err != nil {
		w.log.Error("pack not discarded", "pack", p.Name, "err", err)
	}
}
