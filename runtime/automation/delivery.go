package automation

import (
	"encoding/json"
	"time"
)

// DeliveryOutcome is what became of a post to a webhook.
type DeliveryOutcome string

// The outcomes of a delivery.
const (
	DeliveryAccepted  DeliveryOutcome = "accepted"
	DeliveryObserved  DeliveryOutcome = "observed"  // would be rejected; the endpoint only observes
	DeliveryDuplicate DeliveryOutcome = "duplicate" // its idempotency key was there already
	DeliveryRejected  DeliveryOutcome = "rejected"
)

// Delivery is one post to a webhook, kept so that a sender's operator can find out
// why it was not accepted. Credentials in headers are left out.
type Delivery struct {
	ID      string          `json:"id"`
	Webhook string          `json:"webhook"` // path
	At      time.Time       `json:"at"`
	Outcome DeliveryOutcome `json:"outcome"`
	// Code and Message say why it was not accepted.
	Code    string `json:"code,omitempty"`
	Message string `json:"message,omitempty"`
	Status  int    `json:"status"` // of the answer
	Remote  string `json:"remote,omitempty"`
	// Headers are a JSON object; Body is the beginning of the body, as text.
	Headers   json.RawMessage `json:"headers,omitempty"`
	Body      string          `json:"body,omitempty"`
	BodyBytes int64           `json:"body_bytes"`
	// Redacted tells that values which look like secrets were left out of Body.
	Redacted bool   `json:"redacted,omitempty"`
	Event    string `json:"event,omitempty"`
}
