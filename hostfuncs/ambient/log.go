package ambient

import (
	"context"

	"github.com/squall-dev/squall/hostfuncs"
	"github.com/squall-dev/squall/runtime/automation"
)

// LogRequest is one line for the execution's log.
type LogRequest struct {
	Level   automation.LogLevel `json:"level,omitempty" doc:"debug, info, warning or error; info when empty"`
	Message string              `json:"message"`
}

// LogResponse says nothing.
type LogResponse struct{}

// Log adds a line to the execution's log, which is history and not the server's.
func (c *Client) Log(_ context.Context, who hostfuncs.Caller, req LogRequest) (LogResponse, error) {
	switch req.Level {
	case "":
		req.Level = automation.LevelInfo
	case automation.LevelDebug, automation.LevelInfo, automation.LevelWarning, automation.LevelError:
	default:
		return LogResponse{}, automation.Invalid("%q is not a log level", req.Level).
			WithHint("use debug, info, warning or error")
	}
	if who.Log != nil {
		who.Log(req.Level, req.Message)
	}
	return LogResponse{}, nil
}
