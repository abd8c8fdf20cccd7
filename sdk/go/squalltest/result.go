//go:build !wasm

package squalltest

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"

	"github.com/squall-dev/squall/sdk/go/internal/host"
)

// Result is what an execution left behind.
type Result struct {
	Code   int32 // 0 is success
	Output json.RawMessage
	Log    []Line
	Calls  []HostCall // in order
}

// Line is one line of the log.
type Line struct {
	Level string // debug, info, warning or error
	Text  string
}

// HostCall is one request that the action made.
type HostCall struct {
	Name    string
	Request json.RawMessage
}

// Message is the last error line of the log, which the server shows as the
// reason of a failure.
func (r Result) Message() string {
	for i := len(r.Log) - 1; i >= 0; i-- {
		if r.Log[i].Level == "error" {
			return r.Log[i].Text
		}
	}
	return ""
}

// LogText is the log as one text, for searching in it.
func (r Result) LogText() string {
	var b strings.Builder
	for _, l := range r.Log {
		fmt.Fprintf(&b, "%s: %s\n", l.Level, l.Text)
	}
	return b.String()
}

// run is the server's side of one execution.
type run struct {
	server *Server
	input  []byte

	mu     sync.Mutex // an action may log and call from several goroutines
	result Result
}

var _ host.Fake = (*run)(nil)

func (r *run) Input() []byte { return r.input }

func (r *run) Output(b []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.result.Output = append(r.result.Output, b...)
}

func (r *run) Log(level uint32, text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.result.Log = append(r.result.Log, Line{levelName(level), text})
}

func (r *run) Call(name string, request []byte) []byte {
	r.mu.Lock()
	r.result.Calls = append(r.result.Calls, HostCall{name, request})
	r.mu.Unlock()
	return envelope(r.server.answer(name, request))
}

func levelName(level uint32) string {
	names := []string{"debug", "info", "warning", "error"}
	if int(level) < len(names) {
		return names[level]
	}
	return fmt.Sprintf("level %d", level)
}
