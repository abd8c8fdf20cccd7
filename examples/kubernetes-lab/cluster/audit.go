package cluster

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

func (c *Cluster) auditLog() string { return filepath.Join(c.Dir, "log", "audit.log") }

// Stream is a request into a Pod, as the API server noted it.
type Stream struct {
	Namespace, Pod string
	Subresource    string // exec, proxy, portforward, ephemeralcontainers
	User           string
	Status         int       // 101: the stream is open
	Asked          time.Time // when the request came
	Answered       time.Time // when the stream was opened, or the request answered
}

// Streams reads what the API server has noted of a Pod, oldest first.
func (c *Cluster) Streams(namespace, pod string) ([]Stream, error) {
	f, err := os.Open(c.auditLog())
	if err != nil {
		return nil, fmt.Errorf("read the audit log: %w", err)
	}
	defer f.Close()
	var found []Stream
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 4<<20)
	for lines.Scan() {
		var note struct {
			Stage                    string
			RequestReceivedTimestamp time.Time
			StageTimestamp           time.Time
			ObjectRef                struct{ Namespace, Name, Subresource string }
			ResponseStatus           struct{ Code int }
			User                     struct{ Username string }
		}
		if err := json.Unmarshal(lines.Bytes(), &note); err != nil {
			continue // half a line: it is still being written
		}
		ref := note.ObjectRef
		name, _, _ := strings.Cut(ref.Name, ":") // of a proxy the port is part of it
		if ref.Namespace != namespace || name != pod || note.Stage != "ResponseStarted" && note.Stage != "ResponseComplete" {
			continue
		}
		found = append(found, Stream{
			Namespace: namespace, Pod: pod, Subresource: ref.Subresource, User: note.User.Username,
			Status: note.ResponseStatus.Code, Asked: note.RequestReceivedTimestamp, Answered: note.StageTimestamp,
		})
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("read the audit log: %w", err)
	}
	return found, nil
}
