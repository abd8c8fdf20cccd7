package sqlite_test

import (
	"bufio"
	"context"
	"database/sql"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/store"
	"github.com/squall-dev/squall/runtime/store/sqlite"
)

// crashPath tells the test binary that it is the server which is to be killed.
const crashPath = "SQUALL_SQLITE_CRASH_PATH"

// TestCrash kills a writing process without warning, again and again, on one
// database: what was acknowledged is there each time, and whole.
func TestCrash(t *testing.T) {
	if path := os.Getenv(crashPath); path != "" {
		acceptUntilKilled(path)
	}
	t.Parallel()
	path := filepath.Join(t.TempDir(), "squall.db")
	seed := uint64(time.Now().UnixNano())
	random := rand.New(rand.NewPCG(seed, 0))
	rounds, total := 20, 0
	if testing.Short() {
		rounds = 3
	}
	for range rounds {
		acknowledged := killAfter(t, path, 1+random.IntN(200))
		checkAfterCrash(t, path, acknowledged)
		total += len(acknowledged)
	}
	t.Logf("seed %d: %d rounds, %d acknowledged", seed, rounds, total)
}

// acceptUntilKilled is the child: it writes from many goroutines and prints the id
// of each event that was acknowledged.
func acceptUntilKilled(path string) {
	s, err := sqlite.Open(context.Background(), sqlite.Options{Path: path})
	if err != nil {
		fmt.Println("error", err)
		os.Exit(1)
	}
	ids := &automation.IDs{}
	var mu sync.Mutex // keeps lines whole
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			for {
				a := sample(ids)
				if err := s.Accept(context.Background(), a); err != nil {
					continue
				}
				mu.Lock()
				fmt.Println(a.Event.ID, a.Executions[0].ID)
				mu.Unlock()
			}
		})
	}
	wg.Wait()
}

// killAfter starts the child, kills it once it has printed n lines, and returns
// all whole lines it printed.
func killAfter(t *testing.T, path string, n int) (lines []string) {
	t.Helper()
	child := exec.Command(os.Args[0], "-test.run=^TestCrash$")
	child.Env = append(os.Environ(), crashPath+"="+path)
	child.Stderr = os.Stderr
	out, err := child.StdoutPipe()
	must(t, err)
	must(t, child.Start())
	r := bufio.NewReader(out)
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			break // the last, half a line, was not acknowledged to anybody
		}
		if lines = append(lines, strings.TrimSpace(line)); len(lines) == n {
			must(t, child.Process.Kill())
		}
	}
	_, _ = io.Copy(io.Discard, out)
	_ = child.Wait() // it was killed; that is not news
	if len(lines) < n {
		t.Fatalf("the child ended by itself: %v", lines)
	}
	return lines
}

func checkAfterCrash(t *testing.T, path string, acknowledged []string) {
	t.Helper()
	s, err := sqlite.Open(t.Context(), sqlite.Options{Path: path})
	must(t, err)
	defer s.Close()
	for _, line := range acknowledged {
		eventID, executionID, _ := strings.Cut(line, " ")
		e, err := s.Event(t.Context(), eventID)
		if err != nil || len(e.Verdicts) != 1 || len(e.Executions) != 1 || e.Executions[0].ID != executionID {
			t.Fatalf("acknowledged event %s: %+v, %v", eventID, e, err)
		}
	}
	running, err := s.CountExecutions(t.Context(), store.ExecutionQuery{})
	must(t, err)
	back, failed, err := s.Recover(t.Context(), time.Now(), nil)
	must(t, err)
	if back+failed != running[automation.Running] || back+failed < len(acknowledged) {
		t.Errorf("recovered %d and %d of %d", back, failed, running[automation.Running])
	}
	must(t, s.Close())
	checkIntegrity(t, path)
}

// checkIntegrity lets SQLite look at the file, and counts what only whole
// transactions could have left.
func checkIntegrity(t *testing.T, path string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	must(t, err)
	defer db.Close()
	var integrity string
	must(t, db.QueryRow(`PRAGMA integrity_check`).Scan(&integrity))
	if integrity != "ok" {
		t.Fatalf("integrity: %s", integrity)
	}
	var events, payloads, executions, attempts, orphans, running int
	must(t, db.QueryRow(`SELECT (SELECT count(*) FROM events), (SELECT count(*) FROM event_payloads),
		(SELECT count(*) FROM executions), (SELECT count(*) FROM attempts),
		(SELECT count(*) FROM pragma_foreign_key_check), (SELECT count(*) FROM attempts WHERE status = 'running')`).
		Scan(&events, &payloads, &executions, &attempts, &orphans, &running))
	if events != payloads || events != executions || events != attempts || orphans != 0 || running != 0 {
		t.Errorf("%d events, %d payloads, %d executions, %d attempts, %d orphans, %d running",
			events, payloads, executions, attempts, orphans, running)
	}
}
