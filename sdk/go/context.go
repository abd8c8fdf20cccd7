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
}

// Context tells which execution this is.
func Context() (e Execution, err error) {
	err = ask("context", host.Context, none{}, &e)
	return e, err
}
