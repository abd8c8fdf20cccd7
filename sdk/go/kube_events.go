package squall

import (
	"time"

	"github.com/squall-dev/squall/sdk/go/internal/host"
)

// KubeEventsRequest asks what the cluster has noted about one object.
type KubeEventsRequest struct {
	KubeObject
	UID   string `json:"uid,omitempty"`   // only of the object with this UID
	Limit int    `json:"limit,omitempty"` // 100 when zero, at most 500
}

// KubeEventsReply holds the notes, the newest first.
type KubeEventsReply struct {
	Events    []KubeEvent `json:"events"`
	Truncated bool        `json:"truncated"` // there are older ones
}

// KubeEvent is one note of the cluster; it is not an event of this server.
type KubeEvent struct {
	Type      string    `json:"type"`   // Normal or Warning
	Reason    string    `json:"reason"` // "BackOff"
	Message   string    `json:"message"`
	Count     int64     `json:"count"`
	FirstSeen time.Time `json:"first_seen"`
	LastSeen  time.Time `json:"last_seen"`
	Source    string    `json:"source,omitempty"` // "kubelet"
}

// KubeEvents tells what happened to an object, also after it is gone.
//
// The pack needs a kubernetes capability with the verb events.
func KubeEvents(r KubeEventsRequest) (reply KubeEventsReply, err error) {
	err = ask("kube_events", host.KubeEvents, r, &reply)
	return reply, err
}
