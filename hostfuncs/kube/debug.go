package kube

import (
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/rand"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/squall-dev/squall/hostfuncs"
	"github.com/squall-dev/squall/runtime/automation"
)

// DebugRequest asks for one more container in a Pod that runs, such as one with
// the tools that the Pod's image lacks. It can not be taken out again before the
// Pod ends.
type DebugRequest struct {
	Context        string            `json:"context,omitempty" doc:"of the server's kubeconfig; its current one when empty"`
	Namespace      string            `json:"namespace"`
	Pod            string            `json:"pod"`
	Image          string            `json:"image"`
	Container      string            `json:"container,omitempty" doc:"its name; one is made up when empty"`
	Target         string            `json:"target,omitempty" doc:"the container whose processes it sees"`
	Command        []string          `json:"command,omitempty" doc:"the image's own when empty"`
	Args           []string          `json:"args,omitempty"`
	Env            map[string]string `json:"env,omitempty"`
	TimeoutSeconds float64           `json:"timeout_seconds,omitempty" doc:"how long to wait until it has started; 60 when 0"`
}

// DebugResponse tells the container's name, for kube_exec and kube_logs, and its
// state. That it has not started in time is a result: the reason says why.
type DebugResponse struct {
	Container string `json:"container"`
	State     string `json:"state" doc:"waiting, running or terminated"`
	Reason    string `json:"reason,omitempty" doc:"such as ErrImagePull or Completed"`
	Message   string `json:"message,omitempty"`
	ExitCode  int64  `json:"exit_code" doc:"when it has terminated"`
}

func (r DebugRequest) ref() ObjectRef {
	return ObjectRef{Context: r.Context, Resource: "pods", Namespace: r.Namespace, Name: r.Pod}
}

func (r DebugRequest) describe() string {
	return "debug " + r.Namespace + "/" + r.Pod + " with " + r.Image
}

func (r DebugRequest) change() *automation.HostChange { return r.ref().change(verbDebug) }

func (r DebugRequest) check() error {
	if err := podNames(r.Namespace, r.Pod); err != nil {
		return err
	}
	if r.Image == "" {
		return automation.Invalid("image is missing").WithHint("name an image with the tools that are needed, such as busybox:1.37")
	}
	for _, name := range []string{r.Container, r.Target} {
		if problems := validation.IsDNS1123Label(name); name != "" && len(problems) > 0 {
			return automation.Invalid("%q can not name a container: %s", name, strings.Join(problems, "; "))
		}
	}
	return nil
}

// prepare checks the request and gives the container a name, once: a request that
// is sent again asks for the same container.
func (r DebugRequest) prepare() (DebugRequest, error) {
	r.Container = cmp.Or(r.Container, "squall-"+rand.String(5))
	return r, r.check()
}

func (r DebugRequest) write() write {
	return write{
		task: task{ref: r.ref(), verb: verbDebug, rights: "get, patch", sub: "ephemeralcontainers"},
		do: func(ctx context.Context, f found, m mode) (*unstructured.Unstructured, error) {
			patch, err := json.Marshal(map[string]any{"spec": map[string]any{"ephemeralContainers": []any{r.container()}}})
			if err != nil {
				return nil, err
			}
			return f.objects.Patch(ctx, r.Pod, types.StrategicMergePatchType, patch, m.patch(), "ephemeralcontainers")
		},
	}
}

// container is what is added: with the rights of an ordinary container, no more.
func (r DebugRequest) container() map[string]any {
	c := map[string]any{"name": r.Container, "image": r.Image}
	if r.Target != "" {
		c["targetContainerName"] = r.Target
	}
	if len(r.Command) > 0 {
		c["command"] = r.Command
	}
	if len(r.Args) > 0 {
		c["args"] = r.Args
	}
	var env []any
	for _, name := range slices.Sorted(maps.Keys(r.Env)) {
		env = append(env, map[string]any{"name": name, "value": r.Env[name]})
	}
	if env != nil {
		c["env"] = env
	}
	return c
}

// Debug adds an ephemeral container to a Pod and waits until it has started.
func (c *Client) Debug(ctx context.Context, who hostfuncs.Caller, req DebugRequest) (DebugResponse, error) {
	req, err := req.prepare()
	if err != nil {
		return DebugResponse{}, err
	}
	bounded, cancel, err := begin(ctx, req.TimeoutSeconds, time.Minute)
	if err != nil {
		return DebugResponse{}, err
	}
	defer cancel()
	if _, err := c.perform(ctx, who, req.write()); err != nil {
		return DebugResponse{}, err
	}
	return c.started(ctx, bounded, who, req)
}

func (c *Client) previewDebug(ctx context.Context, who hostfuncs.Caller, req DebugRequest) (DebugResponse, string, error) {
	req, err := req.prepare()
	if err != nil {
		return DebugResponse{}, "", err
	}
	_, diff, err := c.rehearse(ctx, who, req.write())
	return DebugResponse{Container: req.Container, State: "waiting"}, diff, err
}

// started looks at the Pod until the container runs or has ended, or the time is
// up.
func (c *Client) started(ctx, bounded context.Context, who hostfuncs.Caller, req DebugRequest) (r DebugResponse, err error) {
	t := req.write().task
	t.sub, t.rights = "", "get"
	// With an image that the node has, the container starts within half a second.
	for pause := c.options.Poll / 10; ; pause = min(2*pause, c.options.Poll) {
		err = c.on(ctx, who, t, func(ctx context.Context, _ *cluster, f found) error {
			pod, err := f.objects.Get(ctx, req.Pod, metav1.GetOptions{})
			if err == nil {
				r = stateOf(pod, req.Container)
			}
			return err
		})
		if err != nil || r.State != "waiting" {
			return r, err
		}
		if !wait(bounded, pause) {
			if ctx.Err() != nil {
				return r, hostfuncs.Interrupted(ctx, "wait for the container")
			}
			return r, nil
		}
	}
}

func stateOf(pod *unstructured.Unstructured, container string) DebugResponse {
	r := DebugResponse{Container: container, State: "waiting"}
	all, _, _ := unstructured.NestedSlice(pod.Object, "status", "ephemeralContainerStatuses")
	for _, one := range all {
		status, _ := one.(map[string]any)
		if status["name"] != container {
			continue
		}
		for _, state := range []string{"waiting", "running", "terminated"} {
			now, ok, _ := unstructured.NestedMap(status, "state", state)
			if !ok {
				continue
			}
			r.State, r.Reason, r.Message = state, textAt(now, "reason"), textAt(now, "message")
			r.ExitCode, _, _ = unstructured.NestedInt64(now, "exitCode")
		}
	}
	return r
}
