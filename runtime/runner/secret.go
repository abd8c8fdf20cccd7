package runner

import (
	"context"
	"encoding/json"

	"github.com/squall-dev/squall/hostfuncs"
	"github.com/squall-dev/squall/runtime/automation"
)

// discreet is a job whose log lines and names of artifacts hold no secrets.
func (w *Wasm) discreet(job Job) Job {
	if w.vault == nil {
		return job
	}
	if log := job.Log; log != nil {
		job.Log = func(level automation.LogLevel, text string) { log(level, w.vault.ScrubText(text)) }
	}
	if job.Artifacts != nil {
		job.Artifacts = discreetSink{job.Artifacts, w.vault}
	}
	return job
}

// discreetSink takes secrets out of what artifacts are called. Their content is the
// pack's: it may be a heap dump of gigabytes, in any form.
type discreetSink struct {
	hostfuncs.ArtifactSink
	vault vault
}

func (s discreetSink) Create(ctx context.Context, name, mediaType string, maxBytes int64) (hostfuncs.ArtifactWriter, error) {
	return s.ArtifactSink.Create(ctx, s.vault.ScrubText(name), s.vault.ScrubText(mediaType), maxBytes)
}

// scrubbed is a result without secrets. An output that is no JSON any more, because a
// secret was part of its form, is kept as text.
func (w *Wasm) scrubbed(r Result) Result {
	if w.vault == nil {
		return r
	}
	r.Message, r.Trace = w.vault.ScrubText(r.Message), w.vault.ScrubText(r.Trace)
	if len(r.Output) == 0 {
		return r
	}
	if r.Output = w.vault.Scrub(r.Output); !json.Valid(r.Output) {
		text, err := json.Marshal(string(r.Output))
		if err != nil {
			text = []byte("null")
		}
		r.Output = text
	}
	return r
}

// hiding is a vault that knows of further values for one job.
type hiding struct {
	vault
	hide func(string) string
}

func (h hiding) ScrubText(text string) string {
	if h.vault != nil {
		text = h.vault.ScrubText(text)
	}
	return h.hide(text)
}

func (h hiding) Scrub(b []byte) []byte {
	if len(b) == 0 {
		return b
	}
	return []byte(h.ScrubText(string(b)))
}

func (h hiding) Secret(name string) (string, bool) {
	if h.vault == nil {
		return "", false
	}
	return h.vault.Secret(name)
}
