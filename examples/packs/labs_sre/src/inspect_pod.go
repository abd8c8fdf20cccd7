package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	squall "github.com/squall-dev/squall/sdk/go"
)

// subject is the parameters of inspect_pod.
type subject struct {
	Pod       string `json:"pod"`
	Namespace string `json:"namespace"`
	Container string `json:"container"`
	Image     string `json:"image"`
}

// findings is the output of inspect_pod.
type findings struct {
	Artifact squall.Artifact `json:"artifact"`
	// Process is the one with the most memory; Resident is how much of it there is, of
	// which Anonymous is what the program has asked for.
	Process   string `json:"process"`
	Resident  int64  `json:"resident_bytes"`
	Anonymous int64  `json:"anonymous_bytes"`
	// Refused are the parts that the kernel does not show to another container.
	Refused []string `json:"refused"`
}

// inspectScript prints what /proc tells of the process with the most memory. It needs
// nothing but a shell, cat and ls. The container that it runs in sees the processes of
// the other; which of their files it may read is up to the kernel: all of them when both
// run as the same user, else not those about the inside of the memory.
const inspectScript = `
most=-1
for d in /proc/[0-9]*; do
  size=0
  while read -r key value rest; do
    if [ "$key" = VmRSS: ]; then size=$value; fi
  done 2>/dev/null < "$d/status"
  if [ "$size" -gt "$most" ]; then most=$size; worst=$d; fi
done
for part in comm status smaps_rollup smaps limits oom_score sched io cgroup; do
  echo "== $part"
  cat "$worst/$part" 2>&1 || echo "== refused $part"
done
echo "== fd"
ls -l "$worst/fd" 2>&1 || echo "== refused fd"
`

// inspect adds a container to the Pod and lets it look around. The container ends by
// itself; it stays in the Pod's list until the Pod goes.
func inspect(s subject) (*findings, error) {
	added, err := squall.KubeDebug(squall.KubeDebugRequest{
		Namespace: s.Namespace, Pod: s.Pod, Image: s.Image, Target: s.Container,
		Command: []string{"sleep", "60"}, TimeoutSeconds: 30,
	})
	switch {
	case err != nil:
		return nil, fmt.Errorf("add an ephemeral container to %s/%s: %w", s.Namespace, s.Pod, err)
	case added.State != "running":
		return nil, fmt.Errorf("the ephemeral container with %s is %s: %s", s.Image, added.State, saying(added.Reason, added.Message))
	}
	squall.Infof("container %s looks at %s", added.Container, s.Container)
	reply, err := squall.KubeExec(squall.KubeExecRequest{
		Namespace: s.Namespace, Pod: s.Pod, Container: added.Container,
		Command: []string{"sh", "-c", inspectScript}, TimeoutSeconds: 20,
	})
	if err != nil {
		return nil, fmt.Errorf("look at %s/%s: %w", s.Namespace, s.Pod, err)
	}
	return s.keep(reply.Stdout)
}

// keep makes an artifact and figures of what the script said.
func (s subject) keep(report string) (*findings, error) {
	f := &findings{Refused: []string{}}
	for _, line := range strings.Split(report, "\n") {
		words := strings.Fields(line)
		switch {
		case strings.HasPrefix(line, "== refused ") && len(words) == 3:
			f.Refused = append(f.Refused, words[2])
		case len(words) < 2:
		case words[0] == "Name:":
			f.Process = words[1]
		case words[0] == "VmRSS:":
			f.Resident = kibibytes(words[1])
		case words[0] == "RssAnon:":
			f.Anonymous = kibibytes(words[1])
		}
	}
	if f.Resident == 0 {
		return nil, errors.New(saying("the container saw no process that has memory", report))
	}
	kept, err := squall.ArtifactCreate(squall.NewArtifact{Name: "process-" + s.Pod + ".txt", MediaType: "text/plain"}, []byte(report))
	if err != nil {
		return nil, fmt.Errorf("keep the report: %w", err)
	}
	f.Artifact = kept
	if len(f.Refused) > 0 {
		squall.Warnf("the kernel does not show %s of a process of another user", strings.Join(f.Refused, ", "))
	}
	return f, nil
}

func kibibytes(number string) int64 {
	n, err := strconv.ParseInt(number, 10, 64)
	if err != nil {
		return 0 // not a figure of the kernel's
	}
	return n << 10
}
