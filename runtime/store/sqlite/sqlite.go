// Package sqlite is the default backend of [store.Store]: one file, one writer.
//
// Every write is a closure handed to one goroutine, which runs all that wait in
// one transaction, commits once with fsync and then answers each caller. Reads
// have connections of their own and never wait for the writer.
//
// The package is the only door to modernc.org/sqlite.
package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"sync"

	_ "modernc.org/sqlite" // the driver "sqlite"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/disk"
	"github.com/squall-dev/squall/runtime/store"
	"github.com/squall-dev/squall/runtime/store/sqlite/vfs"
)

// Options say where the database lies and who hears of changes.
type Options struct {
	// Path is the database file; it is created with its directory.
	Path string
	// IDs names artifacts that come without an id; nil makes a source of its own.
	IDs *automation.IDs
	// Published is told of changes in the order of their sequence numbers, after
	// the commit and before the writing method returns. The writer waits for it:
	// it must be quick and must not write to the store. Nil means nobody listens.
	Published func([]automation.Change)
	// Logger is told of faults that no caller sees; nil discards.
	Logger *slog.Logger
	// NoSync does not wait for the disk: what was acknowledged may be lost when
	// the machine dies. For benchmarks and tests only.
	NoSync bool
	// Faults lie between the database and its disk; for the torture only.
	Faults disk.Faults
}

func (o Options) validate() (Options, error) {
	if o.Path == "" {
		return o, automation.Invalid("the database has no path")
	}
	path, err := filepath.Abs(o.Path)
	if err != nil {
		return o, fmt.Errorf("find the database: %w", err)
	}
	o.Path = path
	if o.IDs == nil {
		o.IDs = &automation.IDs{}
	}
	if o.Published == nil {
		o.Published = func([]automation.Change) {}
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	o.Logger = o.Logger.With("component", "store")
	return o, nil
}

// Store is a database in service.
type Store struct {
	path   string
	logger *slog.Logger
	ids    *automation.IDs
	lock   *sql.DB // holds the right to be the only server on this file
	write  *sql.DB // one connection, used by the writer alone
	read   *sql.DB
	writer *writer
	tapes  packers
	vfs    string // of SQLite; "" is the system's
	closed func() // takes the VFS back

	stopWork context.CancelFunc
	work     sync.WaitGroup // indexes words, and copies the log
}

var _ store.Store = (*Store)(nil)

// Open opens or creates the database, brings its schema up to date and starts the
// writer. It returns Conflict when another server has the file open or a newer
// one has changed its schema.
func Open(ctx context.Context, options Options) (_ *Store, err error) {
	o, err := options.validate()
	if err != nil {
		return nil, err
	}
	s := &Store{path: o.Path, ids: o.IDs, logger: o.Logger, closed: func() {}}
	defer func() {
		if err != nil {
			_ = s.closeFiles()
		}
	}()
	if err := createFile(o.Path, o.Faults.Layer); err != nil {
		return nil, err
	}
	if o.Faults.Layer != nil {
		if s.vfs, s.closed, err = vfs.Register(o.Faults.Layer); err != nil {
			return nil, err
		}
	}
	if s.lock, err = takeLock(ctx, o.Path); err != nil {
		return nil, err
	}
	if !o.NoSync { // without, a power cut leaves any number of gaps, and that was accepted
		if err := checkLog(o.Path); err != nil {
			return nil, err
		}
	}
	if s.write, err = openWrite(ctx, o, s.vfs); err != nil {
		return nil, err
	}
	if s.read, err = openRead(ctx, o.Path, s.vfs); err != nil {
		return nil, err
	}
	if s.writer, err = newWriter(ctx, s.write, o); err != nil {
		return nil, err
	}
	work, stop := context.WithCancel(context.WithoutCancel(ctx))
	s.stopWork = stop
	s.work.Go(func() { s.index(work) })
	s.work.Go(func() { s.copyLogs(work) })
	return s, nil
}

// Close refuses new writes, waits for those under way and releases everything.
// Closing twice does nothing.
func (s *Store) Close() error {
	s.stopWork()
	s.work.Wait()
	if !s.writer.stop() {
		return nil
	}
	return s.closeFiles()
}

func (s *Store) closeFiles() error {
	var errs []error
	for _, db := range []*sql.DB{s.read, s.write, s.lock} { // the lock last
		if db != nil {
			errs = append(errs, db.Close())
		}
	}
	err := errors.Join(errs...)
	if err == nil {
		s.closed()
		return nil
	}
	return fmt.Errorf("close the database: %w", err)
}

// Ping writes and commits: a disk that is full or gone shows here.
func (s *Store) Ping(ctx context.Context) error {
	const touch = `UPDATE meta SET value = value WHERE key = 'seq'`
	return s.do(ctx, "try to write", func(t *tx) error {
		return t.exec(touch)
	})
}

// LastSeq is the sequence number of the latest change that was committed.
func (s *Store) LastSeq(context.Context) (int64, error) {
	return s.writer.seq.Load(), nil
}

// Announce gives a change that does not come from the store, such as a pack that
// was loaded, the next sequence number and publishes it.
func (s *Store) Announce(ctx context.Context, c automation.Change) error {
	return s.do(ctx, "announce a change", func(t *tx) error {
		t.announce(c)
		return nil
	})
}

// createFile makes the file before SQLite does, because SQLite would let others
// on the machine read it. SQLite gives the files beside it the same mode. Its name
// is durable before anything is written to it.
func createFile(path string, layer disk.Layer) error {
	if err := layer.MakeDirs(filepath.Dir(path), 0o700); err != nil {
		return unavailable(path).Because(err)
	}
	if _, err := os.Stat(path); err == nil {
		return touch(path)
	}
	if err := layer.Do(disk.Op{Kind: disk.Create, Path: path}, func() error { return touch(path) }); err != nil {
		return unavailable(path).Because(err)
	}
	if err := layer.SyncNames(filepath.Dir(path)); err != nil {
		return unavailable(path).Because(err)
	}
	return nil
}

// touch makes a file unless it is there, and finds out whether it can be written.
func touch(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return unavailable(path).Because(err)
	}
	return f.Close()
}

// patient is how long a connection waits for a lock of others, hasty how long the writer
// does while everybody waits for it.
const (
	patient = "busy_timeout(5000)" // milliseconds
	hasty   = "busy_timeout(20)"
)

func openWrite(ctx context.Context, o Options, vfs string) (*sql.DB, error) {
	synchronous := cmp.Or(o.Faults.Synchronous, "FULL")
	if o.NoSync {
		synchronous = "OFF"
	}
	db, err := open(ctx, o.Path, vfs,
		patient,                    // first: the others may have to wait for a reader
		"auto_vacuum(INCREMENTAL)", // of a new file; an old one stays as it is until somebody runs VACUUM
		"journal_mode(WAL)",
		"synchronous("+synchronous+")",
		"foreign_keys(1)",
		"cache_size(-32000)",    // KiB
		"wal_autocheckpoint(0)", // see checkpoint.go
		fmt.Sprintf("journal_size_limit(%d)", keptLog),
	)
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	return db, nil
}

func openRead(ctx context.Context, path, vfs string) (*sql.DB, error) {
	db, err := open(ctx, path, vfs, patient, "query_only(1)", "cache_size(-8000)")
	if err != nil {
		return nil, err
	}
	conns := max(4, runtime.GOMAXPROCS(0))
	db.SetMaxOpenConns(conns)
	db.SetMaxIdleConns(conns)
	return db, nil
}

// open opens a pool and proves that it can connect. The pragmas run in order on
// every new connection.
func open(ctx context.Context, path, vfs string, pragmas ...string) (*sql.DB, error) {
	name, err := dsn(path, vfs, pragmas...)
	if err != nil {
		return nil, err
	}
	db, err := sql.Open("sqlite", name)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	if err := db.PingContext(ctx); err != nil {
		_ = db.Close()
		return nil, fmt.Errorf("open %s: %w", path, kindOf(err, path))
	}
	return db, nil
}

// dsn is how the driver is told of a file.
func dsn(path, vfs string, pragmas ...string) (string, error) {
	whole, err := filepath.Abs(path) // a relative one would be taken for a host
	if err != nil {
		return "", fmt.Errorf("find %s: %w", path, err)
	}
	query := url.Values{"_pragma": pragmas}
	if vfs != "" {
		query.Set("vfs", vfs)
	}
	name := url.URL{Scheme: "file", Path: filepath.ToSlash(whole), RawQuery: query.Encode()}
	return name.String(), nil
}
