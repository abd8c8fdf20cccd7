package kubetest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Kubelet makes Pods processes of this machine: what is executed in them is started
// beside them, logs are what they write, and their ports are those of 127.0.0.1. It is
// for what is about processes, such as exit codes and the end of stdin; Pods do not
// see their own files or network, and images are not looked at.
type Kubelet struct {
	server *Server
	ctx    context.Context // ends with the test
	ended  sync.WaitGroup  // of all processes

	mu   sync.Mutex
	pods map[string]*running // by namespace/name
}

// running is the one container of a Pod, main.
type running struct {
	cmd *exec.Cmd
	log journal
}

// Kubelet gives the server one. It must come before the first request.
func (s *Server) Kubelet(t testing.TB) *Kubelet {
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	k := &Kubelet{server: s, ctx: ctx, pods: map[string]*running{}}
	s.kubelet, s.Exec, s.Log = k, k.exec, http.HandlerFunc(k.logs)
	s.Forward = func(_, port string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "tcp", "127.0.0.1:"+port)
	}
	s.Proxy = http.HandlerFunc(k.proxy)
	t.Cleanup(func() {
		cancel()
		k.ended.Wait()
	})
	return k
}

// Start starts a Pod with one container, main, which runs the command with these and
// this process' variables.
func (k *Kubelet) Start(namespace, name string, env []string, command ...string) error {
	pod := Pod(namespace, name, nil)
	pod["metadata"].(map[string]any)["uid"] = "uid-of-" + name
	k.server.Change("pods", "ADDED", pod)
	c := &running{cmd: exec.CommandContext(k.ctx, command[0], command[1:]...)}
	c.log.news = make(chan struct{})
	c.cmd.Env, c.cmd.Stdout, c.cmd.Stderr = append(os.Environ(), env...), &c.log, &c.log
	if err := c.cmd.Start(); err != nil {
		return fmt.Errorf("start Pod %s/%s: %w", namespace, name, err)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.pods[namespace+"/"+name] = c
	k.ended.Go(func() {
		_ = c.cmd.Wait() // how it ends is nobody's business
		c.log.end()
	})
	return nil
}

// container finds one, or says as an API server why there is none.
func (k *Kubelet) container(namespace, pod, name string) (*running, *metav1.Status) {
	k.mu.Lock()
	defer k.mu.Unlock()
	c := k.pods[namespace+"/"+pod]
	switch {
	case c == nil:
		return nil, Failure(http.StatusNotFound, metav1.StatusReasonNotFound, fmt.Sprintf("pods %q not found", pod))
	case name != "" && name != "main":
		return nil, Failure(http.StatusBadRequest, metav1.StatusReasonBadRequest, fmt.Sprintf("container %s is not valid for pod %s", name, pod))
	}
	return c, nil
}

// exec runs a command without a shell. Its input ends when the client's does; a command
// that ends without having read all of it does not wait for that.
func (k *Kubelet) exec(c *Command) (exitCode int, err error) {
	ctx, cancel := context.WithCancel(c.Context)
	defer cancel()
	defer context.AfterFunc(k.ctx, cancel)()
	cmd := exec.CommandContext(ctx, c.Command[0], c.Command[1:]...)
	cmd.Stdout, cmd.Stderr = c.Stdout, c.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return 0, err
	}
	if err := cmd.Start(); err != nil {
		return 0, err // such as: executable file not found in $PATH
	}
	go func() { // ends with the stream, which ends with the command
		_, _ = io.Copy(stdin, c.Stdin) // the command may not want it
		_ = stdin.Close()
	}()
	return outcome(cmd.Wait())
}

// outcome tells a command's exit code as a container runtime does.
func outcome(err error) (exitCode int, _ error) {
	exit := (*exec.ExitError)(nil)
	if !errors.As(err, &exit) {
		return 0, err
	}
	if status, ok := exit.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return 128 + int(status.Signal()), nil
	}
	return exit.ExitCode(), nil
}

// logs knows follow; what else can be asked for is refused.
func (k *Kubelet) logs(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	c, refused := k.container(r.PathValue("namespace"), r.PathValue("pod"), q.Get("container"))
	for key := range q {
		if refused == nil && key != "container" && key != "follow" {
			refused = Failure(http.StatusBadRequest, metav1.StatusReasonBadRequest, "this kubelet does not know "+key)
		}
	}
	if refused != nil {
		writeStatus(w, refused)
		return
	}
	w.Header().Set("Content-Type", "text/plain")
	for read, more := 0, true; more; {
		var text []byte
		var news <-chan struct{}
		text, news, more = c.log.after(read)
		read, more = read+len(text), more && q.Get("follow") == "true"
		_, _ = w.Write(text) // the client may be gone
		_ = http.NewResponseController(w).Flush()
		if !more {
			return
		}
		select {
		case <-news:
		case <-r.Context().Done():
			return
		}
	}
}

func (k *Kubelet) proxy(w http.ResponseWriter, r *http.Request) {
	_, port, _ := strings.Cut(r.Header.Get("X-Pod"), ":")
	p := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: "127.0.0.1:" + port})
	p.ErrorHandler = func(w http.ResponseWriter, _ *http.Request, err error) {
		writeStatus(w, Failure(http.StatusServiceUnavailable, metav1.StatusReasonServiceUnavailable, "error trying to reach service: "+err.Error()))
	}
	r.Header.Del("Authorization")
	p.ServeHTTP(w, r)
}

// journal is what a process has written so far.
type journal struct {
	mu   sync.Mutex
	text []byte
	done bool
	news chan struct{} // closed at every change
}

func (j *journal) Write(p []byte) (int, error) {
	j.change(func() { j.text = append(j.text, p...) })
	return len(p), nil
}

func (j *journal) end() { j.change(func() { j.done = true }) }

func (j *journal) change(do func()) {
	j.mu.Lock()
	defer j.mu.Unlock()
	do()
	close(j.news)
	j.news = make(chan struct{})
}

// after returns what was written after so many bytes, and whether there may be more.
func (j *journal) after(n int) (text []byte, news <-chan struct{}, more bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text[n:len(j.text):len(j.text)], j.news, !j.done
}
