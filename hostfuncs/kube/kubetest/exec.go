package kubetest

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/streaming/pkg/httpstream"
	"k8s.io/streaming/pkg/httpstream/spdy"
	"k8s.io/streaming/pkg/httpstream/wsstream"
)

// Command is one exec request, with its streams.
type Command struct {
	Context                   context.Context // done when the client is gone (WebSocket) or the server ends
	Namespace, Pod, Container string
	Command                   []string
	Stdin                     io.Reader
	Stdout, Stderr            io.Writer
	// Vanish cuts the connection without a word about how the command ended.
	Vanish bool
}

func (s *Server) exec(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	cmd := &Command{
		Context: r.Context(), Namespace: r.PathValue("namespace"), Pod: r.PathValue("pod"),
		Container: q.Get("container"), Command: q["command"],
	}
	var refused *metav1.Status
	if s.kubelet != nil {
		_, refused = s.kubelet.container(cmd.Namespace, cmd.Pod, cmd.Container)
	}
	switch {
	case refused != nil:
		writeStatus(w, refused)
	case s.Exec == nil:
		writeStatus(w, Failure(http.StatusNotFound, metav1.StatusReasonNotFound, fmt.Sprintf("pods %q not found", cmd.Pod)))
	case transport(r) == "SPDY":
		s.serveSPDY(w, r, q, cmd)
	case s.NoWebSockets:
		http.Error(w, "no WebSockets here", http.StatusForbidden)
	default:
		s.serveWebSocket(w, r, q, cmd)
	}
}

// finish runs the command and says on the error stream how it ended.
func (s *Server) finish(cmd *Command, said io.Writer) {
	code, err := s.Exec(cmd)
	if cmd.Vanish {
		return
	}
	status := &metav1.Status{Status: metav1.StatusSuccess}
	if err != nil {
		status = Failure(http.StatusInternalServerError, metav1.StatusReasonInternalError, "Internal error occurred: "+err.Error())
	} else if code != 0 {
		status = Failure(0, "NonZeroExitCode", fmt.Sprintf("command terminated with exit code %d", code))
		status.Details = &metav1.StatusDetails{Causes: []metav1.StatusCause{{Type: "ExitCode", Message: fmt.Sprint(code)}}}
	}
	_ = json.NewEncoder(said).Encode(status) // the client may be gone
}

// serveWebSocket speaks v5.channel.k8s.io: channels 0 stdin, 1 stdout, 2 stderr,
// 3 the outcome, 4 resizes.
func (s *Server) serveWebSocket(w http.ResponseWriter, r *http.Request, q url.Values, cmd *Command) {
	channel := func(name string, kind wsstream.ChannelType) wsstream.ChannelType {
		if q.Get(name) != "true" {
			return wsstream.IgnoreChannel
		}
		return kind
	}
	conn := wsstream.NewConn(map[string]wsstream.ChannelProtocolConfig{
		"v5.channel.k8s.io": {Binary: true, Channels: []wsstream.ChannelType{
			channel("stdin", wsstream.ReadChannel), channel("stdout", wsstream.WriteChannel),
			channel("stderr", wsstream.WriteChannel), wsstream.WriteChannel, wsstream.ReadChannel,
		}},
	})
	_, streams, err := conn.Open(w, r)
	if err != nil {
		return
	}
	defer conn.Close()
	cmd.Stdin, cmd.Stdout, cmd.Stderr = http.NoBody, streams[1], streams[2]
	if q.Get("stdin") == "true" {
		cmd.Stdin = streams[0]
	}
	s.finish(cmd, streams[3])
}

// serveSPDY speaks version 4 of the protocol: one stream each, named by a header.
func (s *Server) serveSPDY(w http.ResponseWriter, r *http.Request, q url.Values, cmd *Command) {
	if _, err := httpstream.Handshake(r, w, []string{"v4.channel.k8s.io"}); err != nil {
		return
	}
	opened := make(chan httpstream.Stream, 8)
	conn := spdy.NewResponseUpgrader().UpgradeResponse(w, r, func(stream httpstream.Stream, replied <-chan struct{}) error {
		go func() {
			// As a kubelet does: output that overtakes the reply finds a client that waits
			// for that, and reads nothing else.
			<-replied
			opened <- stream
		}()
		return nil
	})
	if conn == nil {
		return
	}
	defer conn.Close()
	streams := map[string]httpstream.Stream{}
	for want := 3 + btoi(q.Get("stdin") == "true"); len(streams) < want; {
		select {
		case stream := <-opened:
			streams[stream.Headers().Get("streamType")] = stream
		case <-conn.CloseChan():
			return
		}
	}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = http.NoBody, streams["stdout"], streams["stderr"]
	if stdin := streams["stdin"]; stdin != nil {
		cmd.Stdin = stdin
	}
	s.finish(cmd, streams["error"])
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}
