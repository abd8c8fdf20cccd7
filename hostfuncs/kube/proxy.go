package kube

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode"

	"github.com/squall-dev/squall/hostfuncs"
	"github.com/squall-dev/squall/runtime/automation"
)

// ProxyRequest asks for a GET request to a port of a Pod.
type ProxyRequest struct {
	Context        string                  `json:"context,omitempty" doc:"of the server's kubeconfig; its current one when empty"`
	Namespace      string                  `json:"namespace"`
	Pod            string                  `json:"pod"`
	Port           int                     `json:"port"`
	Scheme         string                  `json:"scheme,omitempty" doc:"http or https; http when empty"`
	Path           string                  `json:"path,omitempty" doc:"such as /debug/pprof/heap; / when empty"`
	Query          string                  `json:"query,omitempty" doc:"such as gc=1"`
	Artifact       *hostfuncs.ArtifactSpec `json:"artifact,omitempty" doc:"streams the body into an artifact when the status is 2xx; it never enters the guest"`
	TimeoutSeconds float64                 `json:"timeout_seconds,omitempty" doc:"60 when 0"`
}

// ProxyResponse is what the Pod answered, whatever its status.
type ProxyResponse struct {
	Status      int                  `json:"status"`
	ContentType string               `json:"content_type"`
	Body        string               `json:"body,omitempty"`
	BodyBase64  string               `json:"body_base64,omitempty" doc:"instead of body, when that is not UTF-8"`
	Size        int64                `json:"size" doc:"bytes of the body that were read"`
	Truncated   bool                 `json:"truncated" doc:"the body was longer than 1 MiB; the beginning is here"`
	Artifact    *automation.Artifact `json:"artifact,omitempty"`
}

func (r ProxyRequest) describe() string {
	return fmt.Sprintf("GET %s/%s:%d%s", r.Namespace, r.Pod, r.Port, r.Path)
}

func (r ProxyRequest) check(who hostfuncs.Caller, verb string) error {
	if err := podNames(r.Namespace, r.Pod); err != nil {
		return err
	}
	if r.Port < 1 || r.Port > 65535 {
		return automation.Invalid("port is %d", r.Port).WithHint("give the container's port, 1 to 65535")
	}
	if r.Scheme != "" && r.Scheme != "http" && r.Scheme != "https" {
		return automation.Invalid("scheme is %q", r.Scheme).WithHint("use http or https")
	}
	if err := r.Artifact.Check(who); err != nil {
		return err
	}
	return r.right(verb).provisional(who)
}

func (r ProxyRequest) right(verb string) ofPod {
	if verb == verbPortForward {
		return podRight(r.Context, verb, r.Namespace, r.Pod, "portforward", "create")
	}
	return podRight(r.Context, verb, r.Namespace, r.Pod, "proxy", "get")
}

// ProxyGet sends a GET request to a port of a Pod and waits for the answer. The
// process must listen on the Pod's address: what listens on 127.0.0.1 alone can
// not be reached this way.
func (c *Client) ProxyGet(ctx context.Context, who hostfuncs.Caller, req ProxyRequest) (r ProxyResponse, err error) {
	if err := req.check(who, verbProxy); err != nil {
		return r, err
	}
	suffix, query, err := req.address()
	if err != nil {
		return r, err
	}
	ctx, cancel, err := begin(ctx, req.TimeoutSeconds, time.Minute)
	if err != nil {
		return r, err
	}
	defer cancel()
	if err := c.enter(ctx, who, req.right(verbProxy)); err != nil {
		return r, err
	}
	right := &rbac{resource: "pods/proxy", verbs: "get", namespace: req.Namespace}
	doing := fmt.Sprintf("GET port %d of Pod %s/%s", req.Port, req.Namespace, req.Pod)
	err = c.use(ctx, req.Context, doing, right, func(k *cluster) error {
		u := k.pod(req.Namespace, req.host(), "proxy")
		u.Path, u.RawPath = u.Path+suffix.Path, u.EscapedPath()+suffix.EscapedPath()
		u.RawQuery = query
		r, err = k.get(ctx, who, u, req.Artifact)
		return err
	})
	return r, err
}

// host is the Pod with its port, as the API server's proxy wants it.
func (r ProxyRequest) host() string {
	if r.Scheme == "https" {
		return fmt.Sprintf("https:%s:%d", r.Pod, r.Port)
	}
	return fmt.Sprintf("%s:%d", r.Pod, r.Port)
}

// address checks path and query. A path that climbs ("..", in whatever encoding)
// could leave the Pod and become another request to the API server, made with
// the server's credentials.
func (r ProxyRequest) address() (suffix *url.URL, query string, err error) {
	raw := "/" + strings.TrimPrefix(r.Path, "/")
	if strings.ContainsAny(raw, "?#") {
		return nil, "", automation.Invalid("path %q has a query", r.Path).WithHint("put what follows the ? into query")
	}
	for plain := raw; ; {
		if climbs(plain) {
			return nil, "", automation.Invalid("path %q is not plain", r.Path).
				WithHint(`leave out ".", "..", backslashes and control characters`)
		}
		further, err := url.PathUnescape(plain)
		if err != nil {
			return nil, "", automation.Invalid("path %q is not escaped correctly", r.Path).Because(err)
		}
		if further == plain {
			break
		}
		plain = further
	}
	values, err := url.ParseQuery(r.Query)
	if err != nil {
		return nil, "", automation.Invalid("query %q can not be read", r.Query).Because(err)
	}
	decoded, _ := url.PathUnescape(raw) // tried above
	return &url.URL{Path: decoded, RawPath: raw}, values.Encode(), nil
}

func climbs(p string) bool {
	if strings.Contains(p, `\`) || strings.ContainsFunc(p, unicode.IsControl) {
		return true
	}
	for segment := range strings.SplitSeq(p, "/") {
		segment, _, _ = strings.Cut(segment, ";") // some servers cut parameters off first
		if segment == "." || segment == ".." {
			return true
		}
	}
	return false
}

func (k *cluster) get(ctx context.Context, who hostfuncs.Caller, u *url.URL, spec *hostfuncs.ArtifactSpec) (ProxyResponse, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return ProxyResponse{}, err
	}
	req.Header.Set("Accept-Encoding", "identity") // the Pod's bytes, as they are
	resp, err := k.http.Do(req)
	if err != nil {
		return ProxyResponse{}, err
	}
	defer resp.Body.Close()
	if resp.StatusCode >= http.StatusBadRequest {
		if err := refusal(resp); err != nil {
			return ProxyResponse{}, err
		}
	}
	return answerOf(ctx, who, resp, spec)
}

// answerOf reads what the Pod answered.
func answerOf(ctx context.Context, who hostfuncs.Caller, resp *http.Response, spec *hostfuncs.ArtifactSpec) (ProxyResponse, error) {
	if resp.StatusCode/100 != 2 {
		spec = nil // a page that explains an error is not the file that was asked for
	}
	got, err := hostfuncs.Receive(ctx, who, resp.Body, spec, 0)
	return ProxyResponse{
		Status:      resp.StatusCode,
		ContentType: resp.Header.Get("Content-Type"),
		Body:        got.Text, BodyBase64: got.Base64,
		Size: got.Size, Truncated: got.Truncated, Artifact: got.Artifact,
	}, err
}

// refusal tells an error of the API server from one of the Pod: nil for the
// latter, whose body is left to be read.
func refusal(resp *http.Response) error {
	beginning, err := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
	if err != nil {
		return err
	}
	status, isStatus := parseStatus(beginning)
	if isStatus || unreachable(string(beginning)) {
		resp.Body = io.NopCloser(bytes.NewReader(beginning))
		if isStatus && unreachable(status.Message) || !isStatus {
			// The Pod's word, although with the status of a server that is overloaded:
			// waiting a second would not make it listen.
			return final{statusOf(resp)}
		}
		return statusOf(resp)
	}
	resp.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(beginning), resp.Body), resp.Body}
	return nil
}

// unreachable recognises what the API server says when nobody listens.
func unreachable(message string) bool {
	const words = "rror trying to reach service"
	return strings.HasPrefix(message, "E"+words) || strings.HasPrefix(message, "e"+words)
}
