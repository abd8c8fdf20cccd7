package squall

import (
	"fmt"

	"github.com/squall-dev/squall/sdk/go/internal/host"
)

// Levels as they stand on the wire.
const (
	levelDebug uint32 = iota
	levelInfo
	levelWarning
	levelError
)

// Debugf adds a line to the execution's log that is only wanted when looking
// into a problem.
func Debugf(format string, args ...any) { host.Log(levelDebug, fmt.Sprintf(format, args...)) }

// Infof adds a line to the execution's log.
func Infof(format string, args ...any) { host.Log(levelInfo, fmt.Sprintf(format, args...)) }

// Warnf adds a line about something odd that did not stop the action.
func Warnf(format string, args ...any) { host.Log(levelWarning, fmt.Sprintf(format, args...)) }

// Errorf adds a line about something that went wrong. It does not end the action;
// the last such line is the message of an execution that failed.
func Errorf(format string, args ...any) { host.Log(levelError, fmt.Sprintf(format, args...)) }
