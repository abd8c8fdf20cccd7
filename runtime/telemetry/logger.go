// Package telemetry is how the server speaks of itself: its log and its metrics.
// What guests write is not log; it is execution history.
package telemetry

import (
	"io"
	"log/slog"
)

// NewLogger makes the server's logger. format is "text" or "json", level one of
// slog's names; anything else means text and info.
func NewLogger(w io.Writer, format, level string) *slog.Logger {
	var lvl slog.Level
	_ = lvl.UnmarshalText([]byte(level)) // unknown text leaves info; config.Validate has complained before
	opts := &slog.HandlerOptions{Level: lvl}
	if format == "json" {
		return slog.New(slog.NewJSONHandler(w, opts))
	}
	return slog.New(slog.NewTextHandler(w, opts))
}
