package sqlite_test

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/disk"
	"github.com/squall-dev/squall/runtime/store"
	"github.com/squall-dev/squall/runtime/store/sqlite"
)

// tally is a layer that counts, and refuses what it is told to.
type tally struct {
	mu     sync.Mutex
	count  map[string]int
	refuse func(disk.Op) error
}

func (l *tally) do(op disk.Op, do func() error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.count[string(op.Kind)+" "+filepath.Base(op.Path)]++
	if l.refuse != nil {
		if err := l.refuse(op); err != nil {
			return err
		}
	}
	return do()
}

func (l *tally) set(refuse func(disk.Op) error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.refuse = refuse
}

func TestALayerSeesWhatSQLiteWrites(t *testing.T) {
	t.Parallel()
	l := &tally{count: map[string]int{}}
	path := filepath.Join(t.TempDir(), "squall.db")
	s, err := sqlite.Open(t.Context(), sqlite.Options{Path: path, Faults: disk.Faults{Layer: l.do}})
	must(t, err)
	ids := &automation.IDs{}
	must(t, s.Accept(t.Context(), sample(ids)))
	before := l.count["sync squall.db-wal"]
	must(t, s.Accept(t.Context(), sample(ids)))
	if l.count["sync squall.db-wal"] != before+1 {
		t.Errorf("a commit synced the log %d times", l.count["sync squall.db-wal"]-before)
	}
	must(t, s.Close())
	for _, want := range []string{"create squall.db", "create squall.db-wal", "write squall.db-wal", "write squall.db", "sync squall.db", "remove squall.db-wal"} {
		if l.count[want] == 0 {
			t.Errorf("%s was not seen: %v", want, l.count)
		}
	}
}

func TestADiskThatFailsIsUnavailableUntilItWorks(t *testing.T) {
	t.Parallel()
	for name, errno := range map[string]error{"full": syscall.ENOSPC, "broken": syscall.EIO} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := &tally{count: map[string]int{}}
			path := filepath.Join(t.TempDir(), "squall.db")
			s, err := sqlite.Open(t.Context(), sqlite.Options{Path: path, Faults: disk.Faults{Layer: l.do}})
			must(t, err)
			defer s.Close()
			ids := &automation.IDs{}
			for _, kind := range []disk.Kind{disk.Write, disk.Sync} {
				l.set(func(op disk.Op) error {
					if op.Kind == kind && strings.HasSuffix(op.Path, "-wal") {
						return errno
					}
					return nil
				})
				lost := sample(ids)
				if err := s.Accept(t.Context(), lost); automation.KindOf(err) != "unavailable" {
					t.Errorf("%s: %v", kind, err)
				}
				l.set(nil)
				must(t, s.Accept(t.Context(), sample(ids)))
				if _, err := s.Event(t.Context(), lost.Event.ID); automation.KindOf(err) != "not_found" {
					t.Errorf("%s: what was refused is there: %v", kind, err)
				}
			}
			_, _, err = s.Recover(t.Context(), time.Now(), nil)
			must(t, err)
			n, err := s.CountExecutions(t.Context(), store.ExecutionQuery{})
			must(t, err)
			if n[automation.Pending] != 2 {
				t.Errorf("%v", n)
			}
			must(t, s.Close())
			checkIntegrity(t, path)
			if _, err := os.Stat(path); err != nil {
				t.Error(err)
			}
		})
	}
}
