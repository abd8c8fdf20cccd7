package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestWhatStaysOfSessions(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		make []string      // files
		age  time.Duration // of the folder log and of the session
		kept bool
	}{
		{"a session that was killed leaves nothing", []string{"session.json", "log/etcd.log", "etcd/data"}, time.Hour, false},
		{"one that has only begun may be about to start", []string{"session.json", "log/etcd.log"}, time.Second, true},
		{"the logs of one that failed stay", []string{"log/etcd.log"}, time.Hour, true},
		{"old logs go", []string{"log/etcd.log"}, 8 * 24 * time.Hour, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			o := options{dir: t.TempDir()}
			session, then := filepath.Join(o.dir, "run-of-a-test"), time.Now().Add(-tt.age)
			for _, name := range tt.make {
				file := filepath.Join(session, name)
				if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(file, nil, 0o644); err != nil {
					t.Fatal(err)
				}
				if err := os.Chtimes(file, then, then); err != nil {
					t.Fatal(err)
				}
			}
			if err := os.Chtimes(filepath.Join(session, "log"), then, then); err != nil {
				t.Fatal(err)
			}
			o.sweep()
			if _, err := os.Stat(session); err == nil != tt.kept {
				t.Errorf("kept %v, want %v", err == nil, tt.kept)
			}
		})
	}
}

func TestFailedSessionsKeepTheirLogsOnly(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "run-of-another-test")
	for _, sub := range []string{"log", "etcd"} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := cleanUp(dir, true); err != nil {
		t.Fatal(err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 1 || left[0].Name() != "log" {
		t.Errorf("left %v, %v", left, err)
	}
	if err := cleanUp(dir, false); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(dir); err == nil {
		t.Error("the folder is there")
	}
}
