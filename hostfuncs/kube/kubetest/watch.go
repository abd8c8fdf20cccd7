package kubetest

import (
	"encoding/json"
	"net/http"
	"strconv"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// change is what happened to an object. Its version is its place in the list, from 2.
type change struct {
	resource string
	kind     string // ADDED, MODIFIED, DELETED
	object   map[string]any
}

// Change makes something happen: ADDED, MODIFIED or DELETED. The object gets the
// next version; lists and watches tell of it.
func (s *Server) Change(resource, kind string, object map[string]any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	metadata, _ := object["metadata"].(map[string]any)
	metadata["resourceVersion"] = strconv.Itoa(len(s.changes) + 2)
	if s.Objects == nil {
		s.Objects = map[string][]map[string]any{}
	}
	var left []map[string]any
	for _, o := range s.Objects[resource] {
		if m, _ := o["metadata"].(map[string]any); m["uid"] != metadata["uid"] {
			left = append(left, o)
		}
	}
	if kind != "DELETED" {
		left = append(left, object)
	}
	s.Objects[resource] = left
	s.changes = append(s.changes, change{resource, kind, object})
	close(s.news)
	s.news = make(chan struct{})
}

// Forget makes watches that go on from what has been fail with 410 Gone.
func (s *Server) Forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.oldest = len(s.changes) + 1
}

// HangUp ends all watches.
func (s *Server) HangUp() {
	s.mu.Lock()
	defer s.mu.Unlock()
	close(s.hangup)
	s.hangup = make(chan struct{})
}

func (s *Server) version() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strconv.Itoa(len(s.changes) + 1)
}

// watch streams what happens after a version. Selectors are not looked at.
func (s *Server) watch(w http.ResponseWriter, r *http.Request) {
	from, _ := strconv.Atoi(r.URL.Query().Get("resourceVersion"))
	s.mu.Lock()
	hangup, oldest := s.hangup, s.oldest
	s.mu.Unlock()
	if from < oldest {
		writeStatus(w, Failure(http.StatusGone, metav1.StatusReasonExpired, "too old resource version"))
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusOK)
	for next := max(from-1, 0); ; {
		s.mu.Lock()
		changes, news := s.changes[next:], s.news
		lines := encode(changes, r)
		s.mu.Unlock()
		next += len(changes)
		_, _ = w.Write(lines) // the client may be gone
		_ = http.NewResponseController(w).Flush()
		select {
		case <-news:
		case <-hangup:
			return
		case <-r.Context().Done():
			return
		}
	}
}

func encode(changes []change, r *http.Request) []byte {
	var lines []byte
	for _, c := range changes {
		metadata, _ := c.object["metadata"].(map[string]any)
		namespace := r.PathValue("namespace")
		if c.resource != r.PathValue("resource") || namespace != "" && namespace != metadata["namespace"] {
			continue
		}
		line, err := json.Marshal(map[string]any{"type": c.kind, "object": c.object})
		if err == nil {
			lines = append(append(lines, line...), '\n')
		}
	}
	return lines
}
