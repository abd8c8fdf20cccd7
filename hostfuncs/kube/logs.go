package kube

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/squall-dev/squall/hostfuncs"
	"github.com/squall-dev/squall/runtime/automation"
)

// LogsRequest asks for what a container has written.
type LogsRequest struct {
	Context        string                  `json:"context,omitempty" doc:"of the server's kubeconfig; its current one when empty"`
	Namespace      string                  `json:"namespace"`
	Pod            string                  `json:"pod"`
	Container      string                  `json:"container,omitempty" doc:"the Pod's default one when empty"`
	Previous       bool                    `json:"previous,omitempty" doc:"of the container's last life, before it was restarted"`
	SinceSeconds   int64                   `json:"since_seconds,omitempty" doc:"only what is at most that old"`
	SinceTime      *time.Time              `json:"since_time,omitempty" doc:"only what was written later; instead of since_seconds"`
	TailLines      *int64                  `json:"tail_lines,omitempty" doc:"only the last lines"`
	Timestamps     bool                    `json:"timestamps,omitempty" doc:"begins every line with the time at which it was written"`
	Follow         bool                    `json:"follow,omitempty" doc:"goes on until the container ends, max_bytes are read or the time is up, whichever is first"`
	MaxBytes       int64                   `json:"max_bytes,omitempty" doc:"of the log; 1 MiB when 0, all of it for an artifact"`
	Artifact       *hostfuncs.ArtifactSpec `json:"artifact,omitempty" doc:"streams the log into an artifact; it never enters the guest"`
	TimeoutSeconds float64                 `json:"timeout_seconds,omitempty" doc:"60 when 0; of a log that is followed it is no error when the time is up"`
}

// LogsResponse is the log, or the artifact that it became.
type LogsResponse struct {
	Log       string               `json:"log,omitempty"`
	LogBase64 string               `json:"log_base64,omitempty" doc:"instead of log, when that is not UTF-8"`
	Size      int64                `json:"size" doc:"bytes of the log that were read"`
	Truncated bool                 `json:"truncated" doc:"the log is longer than max_bytes; the beginning is here"`
	TimedOut  bool                 `json:"timed_out,omitempty" doc:"the container still wrote when the time for following was up"`
	Artifact  *automation.Artifact `json:"artifact,omitempty"`
}

func (r LogsRequest) describe() string { return fmt.Sprintf("logs of %s/%s", r.Namespace, r.Pod) }

func (r LogsRequest) check(who hostfuncs.Caller) error {
	if err := podNames(r.Namespace, r.Pod); err != nil {
		return err
	}
	switch {
	case r.SinceSeconds < 0 || r.MaxBytes < 0 || r.TailLines != nil && *r.TailLines < 0:
		return automation.Invalid("since_seconds, tail_lines and max_bytes can not be negative")
	case r.SinceSeconds > 0 && r.SinceTime != nil:
		return automation.Invalid("both since_seconds and since_time are given").WithHint("give one of the two")
	case r.Follow && r.Previous:
		return automation.Invalid("follow and previous exclude each other").WithHint("a container's last life has ended")
	}
	if err := r.Artifact.Check(who); err != nil {
		return err
	}
	return r.right().provisional(who)
}

func (r LogsRequest) right() ofPod {
	return podRight(r.Context, verbLogs, r.Namespace, r.Pod, "log", "get")
}

func (r LogsRequest) query(container string) url.Values {
	q := url.Values{}
	set := func(name, value string, given bool) {
		if given {
			q.Set(name, value)
		}
	}
	set("container", container, container != "")
	set("previous", "true", r.Previous)
	set("follow", "true", r.Follow)
	set("timestamps", "true", r.Timestamps)
	set("sinceSeconds", strconv.FormatInt(r.SinceSeconds, 10), r.SinceSeconds > 0)
	if r.SinceTime != nil {
		q.Set("sinceTime", r.SinceTime.UTC().Format(time.RFC3339))
	}
	if r.TailLines != nil {
		q.Set("tailLines", strconv.FormatInt(*r.TailLines, 10))
	}
	return q
}

// Logs reads a container's log.
func (c *Client) Logs(ctx context.Context, who hostfuncs.Caller, req LogsRequest) (r LogsResponse, err error) {
	if err := req.check(who); err != nil {
		return r, err
	}
	reading, cancel, err := begin(ctx, req.TimeoutSeconds, time.Minute)
	if err != nil {
		return r, err
	}
	defer cancel()
	if err := c.enter(reading, who, req.right()); err != nil {
		return r, err
	}
	right := &rbac{resource: "pods/log", verbs: "get", namespace: req.Namespace}
	doing := fmt.Sprintf("read the log of Pod %s/%s", req.Namespace, req.Pod)
	container := req.Container
	err = c.use(reading, req.Context, doing, right, func(k *cluster) error {
		for {
			r, err = k.logs(ctx, reading, who, req, container)
			next, ok := k.chosen(reading, req.Namespace, req.Pod, container, err)
			if !ok {
				return err
			}
			container = next
		}
	})
	return r, err
}

// logs sends the request. What fails after the log has begun is final: half of it
// may be with its reader.
func (k *cluster) logs(ctx, reading context.Context, who hostfuncs.Caller, req LogsRequest, container string) (r LogsResponse, err error) {
	u := k.pod(req.Namespace, req.Pod, "log")
	u.RawQuery = req.query(container).Encode()
	resp, err := k.open(reading, u)
	if err != nil {
		return r, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return r, statusOf(resp)
	}
	limit := req.MaxBytes
	if req.Artifact == nil && (limit == 0 || limit > hostfuncs.MaxReplyBytes) {
		limit = hostfuncs.MaxReplyBytes
	}
	stream := &excerpt{from: resp.Body, left: limit, endless: limit == 0, following: req.Follow, patient: ctx, follow: reading}
	if req.Follow {
		reading = ctx // its end is the stream's end, and not a failure
	}
	got, err := hostfuncs.Receive(reading, who, stream, req.Artifact, 0)
	return LogsResponse{
		Log: got.Text, LogBase64: got.Base64, Size: got.Size, Artifact: got.Artifact,
		Truncated: stream.cut, TimedOut: stream.late,
	}, finally(err)
}

func (k *cluster) open(ctx context.Context, u *url.URL) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept-Encoding", "identity")
	return k.http.Do(req)
}

// excerpt ends a log where the request wants it to end.
type excerpt struct {
	from            io.Reader
	left            int64 // bytes that may still pass
	endless         bool  // left does not count
	following       bool
	patient, follow context.Context // the caller's, and the bounded one

	cut, late bool
}

func (e *excerpt) Read(p []byte) (int, error) {
	if !e.endless {
		if e.left == 0 {
			return 0, e.end()
		}
		p = p[:min(int64(len(p)), e.left)]
	}
	n, err := e.from.Read(p)
	e.left -= int64(n)
	if err == nil || !hostfuncs.Over(e.follow) {
		return n, err
	}
	// A server that is hung up on may end its answer before the connection is gone:
	// what is cut off can look whole.
	if e.following && !hostfuncs.Over(e.patient) {
		e.late = true
		return n, io.EOF
	}
	return n, e.follow.Err()
}

// end looks whether there is more than was asked for.
func (e *excerpt) end() error {
	if e.following {
		e.cut = true // waiting for the next line could take as long as the container lives
		return io.EOF
	}
	one := make([]byte, 1)
	n, err := io.ReadFull(e.from, one)
	if n == 1 {
		e.cut = true
		return io.EOF
	}
	return err
}
