package daemon

import (
	"context"
	"net/http"

	"github.com/squall-dev/squall/runtime/disk"
	"github.com/squall-dev/squall/runtime/runner"
)

// tortured tells a torture when an action is about to run and when it has run.
// Without one the runner stays what it is.
func tortured(points disk.Points, r runner.Runner) runner.Runner {
	if points == nil {
		return r
	}
	return pointedRunner{r, points}
}

type pointedRunner struct {
	runner.Runner
	points disk.Points
}

func (p pointedRunner) Run(ctx context.Context, job runner.Job) (runner.Result, error) {
	p.points.At("before run")
	defer p.points.At("after run")
	return p.Runner.Run(ctx, job)
}

// answers tells a torture when a request is about to be answered and when the
// answer was handed to the connection.
func answers(points disk.Points, h http.Handler) http.Handler {
	if points == nil {
		return h
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost {
			h.ServeHTTP(w, r)
			return
		}
		h.ServeHTTP(&pointedWriter{w, points}, r)
		_ = http.NewResponseController(w).Flush() // so that the sender has it
		points.At("after answer")
	})
}

type pointedWriter struct {
	http.ResponseWriter
	points disk.Points
}

func (p *pointedWriter) WriteHeader(status int) {
	p.points.At("before answer")
	p.ResponseWriter.WriteHeader(status)
}

// Unwrap lets the standard library find what else the writer can do.
func (p *pointedWriter) Unwrap() http.ResponseWriter { return p.ResponseWriter }
