package daemon

import (
	"bufio"
	"encoding/json"
	"os"
	"os/exec"
	"testing"
)

// killBench is data that survives the servers that are killed on it. What any
// server promises then is checked by package torture; here are the tests that need
// a pack of their own.
type killBench struct {
	t     *testing.T
	dir   string
	token string
}

// process is a running server.
type process struct {
	cmd *exec.Cmd
	url string
}

func (k *killBench) start() process {
	k.t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), serverEnv+"="+k.dir)
	cmd.Stderr = os.Stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		k.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		k.t.Fatal(err)
	}
	line, err := bufio.NewReader(stdout).ReadBytes('\n')
	var s Started
	if err == nil {
		err = json.Unmarshal(line, &s)
	}
	if err != nil {
		_ = cmd.Process.Kill()
		k.t.Fatalf("the server did not start: %v", err)
	}
	if s.AdminToken != "" {
		k.token = s.AdminToken
	}
	return process{cmd, s.URL}
}
