package api

import (
	"sync"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
)

// WebhookCounts are deliveries to one webhook since the server started.
type WebhookCounts struct {
	Accepted  int64      `json:"accepted"`
	Observed  int64      `json:"observed"`
	Duplicate int64      `json:"duplicate"`
	Rejected  int64      `json:"rejected"`
	LastAt    *time.Time `json:"last_at,omitempty"` // of the newest delivery, whatever became of it
}

// tally counts deliveries by path. Only paths that rules listen to are counted, so
// that strangers can not make it grow.
type tally struct {
	mu    sync.Mutex // guards paths
	paths map[string]WebhookCounts
}

func (t *tally) add(path string, outcome automation.DeliveryOutcome, at time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.paths == nil {
		t.paths = map[string]WebhookCounts{}
	}
	n := t.paths[path]
	switch outcome {
	case automation.DeliveryAccepted:
		n.Accepted++
	case automation.DeliveryObserved:
		n.Observed++
	case automation.DeliveryDuplicate:
		n.Duplicate++
	case automation.DeliveryRejected:
		n.Rejected++
	}
	n.LastAt = &at
	t.paths[path] = n
}

func (t *tally) of(path string) WebhookCounts {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.paths[path]
}

func (s *Server) delivered(path string, outcome automation.DeliveryOutcome) {
	s.tally.add(path, outcome, time.Now())
	if s.Delivered != nil {
		s.Delivered(path, string(outcome))
	}
}
