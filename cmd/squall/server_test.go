package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// program prepares the program as a process of its own, in an empty folder.
func program(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self, args...)
	cmd.Dir, cmd.Env = t.TempDir(), append(os.Environ(), programEnv+"=1")
	return cmd
}

// outcome runs a program to its end.
func outcome(cmd *exec.Cmd) (stdout, stderr string, err error) {
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err = cmd.Run()
	return out.String(), errs.String(), err
}

// serving is a server in a process of its own.
type serving struct {
	greeting
	cmd *exec.Cmd
	log bytes.Buffer // complete after stop
}

func start(t *testing.T, dir string) *serving {
	t.Helper()
	s := &serving{cmd: program(t, "server", "--listen=127.0.0.1:0", "--log-format=json")}
	s.cmd.Dir, s.cmd.Stderr = dir, &s.log
	out, err := s.cmd.StdoutPipe()
	if err == nil {
		err = s.cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := json.NewDecoder(out).Decode(&s.greeting); err != nil {
		t.Fatalf("%v: %s", err, s.log.String())
	}
	return s
}

// stop sends SIGTERM and expects an end in peace.
func (s *serving) stop(t *testing.T) {
	t.Helper()
	if err := errors.Join(s.cmd.Process.Signal(syscall.SIGTERM), s.cmd.Wait()); err != nil {
		t.Errorf("%v: %s", err, s.log.String())
	}
}

func TestServerStartsInAnEmptyFolderAndStops(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first := start(t, dir)
	token, err := os.ReadFile(filepath.Join(dir, first.AdminTokenFile))
	if err != nil || !first.FirstStart || !strings.Contains(first.LoginURL, "/login?code=") {
		t.Errorf("%v: %+v", err, first.greeting)
	}
	for name, mode := range map[string]os.FileMode{"data": 0o700 | os.ModeDir, "data/admin.token": 0o600, "data/squall.db": 0o600} {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Mode() != mode {
			t.Errorf("%s: %v %v", name, info.Mode(), err)
		}
	}
	resp, err := http.Get(first.URL + "/readyz")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	_, told, err := outcome(program(t, "server", "--data="+t.TempDir(), "--listen="+strings.TrimPrefix(first.URL, "http://")))
	if err == nil || !strings.Contains(told, "listens on") || !strings.Contains(told, "--listen") {
		t.Errorf("a second server on the address: %v, %s", err, told)
	}
	_, told, err = outcome(program(t, "server", "--data="+filepath.Join(dir, "data"), "--listen=127.0.0.1:0"))
	if err == nil || !strings.Contains(told, "another server has") || !strings.Contains(told, "--data") {
		t.Errorf("a second server on the data: %v, %s", err, told)
	}
	first.stop(t)
	if bytes.Contains(first.log.Bytes(), bytes.TrimSpace(token)) {
		t.Error("the log holds the admin token")
	}
	for line := range bytes.Lines(first.log.Bytes()) {
		if !json.Valid(line) {
			t.Errorf("not JSON: %s", line)
		}
	}
	second := start(t, dir)
	if second.FirstStart || second.LoginURL == first.LoginURL || !strings.Contains(second.LoginURL, "/login?code=") {
		t.Errorf("at the second start %+v", second.greeting)
	}
	second.stop(t)
}

func TestASignalDuringTheStartIsNoError(t *testing.T) {
	t.Parallel()
	cmd := program(t, "server", "--listen=127.0.0.1:0")
	log, err := cmd.StderrPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	for exists := false; !exists; { // its first act is to make the data directory
		_, err := os.Stat(filepath.Join(cmd.Dir, "data"))
		exists = err == nil
	}
	signalled := cmd.Process.Signal(syscall.SIGTERM)
	told, unread := io.ReadAll(log)
	if err := errors.Join(signalled, unread, cmd.Wait()); err != nil {
		t.Errorf("%v: %s", err, told)
	}
}
