package kubetest

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"

	"github.com/go-logr/logr"
	gwebsocket "github.com/gorilla/websocket"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	oldhttpstream "k8s.io/apimachinery/pkg/util/httpstream"
	oldspdy "k8s.io/apimachinery/pkg/util/httpstream/spdy"
	"k8s.io/client-go/tools/portforward"
)

func (s *Server) log(w http.ResponseWriter, r *http.Request) {
	if s.Log == nil {
		writeStatus(w, Failure(http.StatusNotFound, metav1.StatusReasonNotFound, fmt.Sprintf("pods %q not found", r.PathValue("pod"))))
		return
	}
	r.Header.Set("X-Pod", r.PathValue("pod"))
	s.Log.ServeHTTP(w, r)
}

// portForward speaks portforward.k8s.io: SPDY, which a WebSocket may carry.
func (s *Server) portForward(w http.ResponseWriter, r *http.Request) {
	streams := make(chan oldhttpstream.Stream, 8)
	take := func(stream oldhttpstream.Stream, _ <-chan struct{}) error {
		streams <- stream
		return nil
	}
	switch {
	case s.Forward == nil:
		writeStatus(w, Failure(http.StatusNotFound, metav1.StatusReasonNotFound, fmt.Sprintf("pods %q not found", r.PathValue("pod"))))
	case transport(r) == "SPDY":
		if _, err := oldhttpstream.Handshake(r, w, []string{"portforward.k8s.io"}); err != nil {
			return
		}
		if conn := oldspdy.NewResponseUpgrader().UpgradeResponse(w, r, take); conn != nil {
			s.serveForward(r.PathValue("pod"), conn, streams)
		}
	case s.NoWebSockets:
		http.Error(w, "no WebSockets here", http.StatusForbidden)
	default:
		upgrader := gwebsocket.Upgrader{Subprotocols: []string{"SPDY/3.1+portforward.k8s.io"}}
		socket, err := upgrader.Upgrade(w, r, nil)
		if err != nil {
			return
		}
		conn, err := oldspdy.NewServerConnection(portforward.NewTunnelingConnectionWithLogger(logr.Discard(), socket), take)
		if err == nil {
			s.serveForward(r.PathValue("pod"), conn, streams)
		}
	}
}

// serveForward does a kubelet's part: it copies bytes between the data stream and
// a port, and says on the error stream what went wrong.
func (s *Server) serveForward(pod string, conn oldhttpstream.Connection, opened <-chan oldhttpstream.Stream) {
	defer conn.Close()
	streams := map[string]oldhttpstream.Stream{}
	for len(streams) < 2 {
		select {
		case stream := <-opened:
			streams[stream.Headers().Get("streamType")] = stream
		case <-conn.CloseChan():
			return
		}
	}
	data, complaints := streams["data"], streams["error"]
	port := data.Headers().Get("port")
	to, err := s.Forward(pod, port)
	if err != nil {
		fmt.Fprintf(complaints, "error forwarding port %s to pod 1f2e, uid : failed to execute portforward in network namespace %q: "+
			"failed to connect to localhost:%s inside namespace %q, IPv4: %v", port, pod, port, pod, err)
		_ = complaints.Close()
		_ = data.Close()
	} else {
		pump(data, to)
		_ = complaints.Close()
	}
	<-conn.CloseChan()
}

func pump(data oldhttpstream.Stream, to net.Conn) {
	var both sync.WaitGroup
	both.Go(func() {
		_, _ = io.Copy(to, data) // either side may hang up
		_ = to.Close()
	})
	both.Go(func() {
		_, _ = io.Copy(data, to)
		_ = data.Close()
	})
	both.Wait()
}
