package squall

import (
	"time"

	"github.com/squall-dev/squall/sdk/go/internal/host"
)

// Execution says on whose behalf the action runs.
type Execution struct {
	ID       string    `json:"execution"`
	Attempt  int       `json:"attempt"` // from 1
	Pack     string    `json:"pack"`
	Action   string    `json:"action"` // "pack.name"
	Rule     string    `json:"rule"`   // empty when a person started it
	Event    string    `json:"event"`  // empty when a person started it
	Deadline time.Time `json:"deadline"`
	// IdempotencyKey is the same in every attempt of the execution, also after the
	// server was killed. A service that does a thing once for each key does it once,
	// however often the action is tried. AttemptKey is another one in every attempt.
	IdempotencyKey string `json:"idempotency_key"`
	AttemptKey     string `json:"attempt_key"`
}

// Context tells which execution this is.
func Context() (e Execution, err error) {
	err = ask("context", host.Context, none{}, &e)
	return e, err
}
