package main

import (
	"errors"
	"fmt"
	"strings"

	squall "github.com/squall-dev/squall/sdk/go"
)

// target is the parameters of exec_pod: whose profile is wanted.
type target struct {
	Pod       string   `json:"pod"`
	Namespace string   `json:"namespace"`
	Container string   `json:"container"`
	Command   []string `json:"command"`
	Port      int      `json:"port"`
	Path      string   `json:"path"`
}

// profile is the output of exec_pod.
type profile struct {
	Artifact squall.Artifact `json:"artifact"`
	Via      string          `json:"via"` // http, exec, proxy or port-forward
	Bytes    int64           `json:"bytes"`
	Pod      string          `json:"pod"`
}

// way is one way to get at a profile.
type way struct {
	via  string
	name string // for people: "exec curl"
	try  func() (*squall.Artifact, error)
}

// capture tries one way after the other until one yields a profile.
func capture(t target) (*profile, error) {
	ways, err := t.ways()
	if err != nil {
		return nil, err
	}
	var failures failures
	for _, w := range ways {
		squall.Infof("trying %s", w.name)
		kept, err := w.try()
		if err == nil {
			squall.Infof("%s: kept %s, %d bytes", w.name, kept.Name, kept.Size)
			return &profile{Artifact: *kept, Via: w.via, Bytes: kept.Size, Pod: t.Pod}, nil
		}
		squall.Warnf("%s: %v", w.name, err)
		failures.add(w.name, err)
		if final(err) {
			break
		}
	}
	return nil, fmt.Errorf("no profile of %s/%s: %w", t.Namespace, t.Pod, failures)
}

// ways says what to try, in order. A configured address is the only way where
// there is one: the operator has said where the profile is.
func (t target) ways() ([]way, error) {
	var config struct {
		PprofURL string `json:"pprof_url"`
	}
	if err := squall.Config(&config); err != nil {
		return nil, fmt.Errorf("read the pack's configuration: %w", err)
	}
	if config.PprofURL != "" {
		return []way{t.byHTTP(config.PprofURL)}, nil
	}
	return []way{t.byExec(), t.byProxy(), t.byPortForward()}, nil
}

// guessSeconds is how long each way may take that is not the caller's: all of them fit
// into the time of the action.
const guessSeconds = 15

// keep names the artifact.
func (t target) keep() *squall.NewArtifact {
	return &squall.NewArtifact{Name: "heap-" + t.Pod + ".pb.gz", MediaType: squall.MediaTypePprof}
}

// kept is what a way returns of an artifact that the server made.
func kept(a *squall.Artifact) (*squall.Artifact, error) {
	if a == nil || a.Size == 0 {
		return nil, errors.New("the answer was empty")
	}
	return a, nil
}

// firstLine shortens what a program or server said to something that fits into a
// message.
func firstLine(s string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(s), "\n")
	if r := []rune(line); len(r) > 200 {
		return string(r[:200]) + "…"
	}
	return line
}

// saying adds to what happened the first line of what was said about it, if
// anything.
func saying(what, said string) string {
	if said = firstLine(said); said != "" {
		return what + ": " + said
	}
	return what
}
