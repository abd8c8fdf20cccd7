package main

import (
	"errors"
	"fmt"
	"strings"

	squall "github.com/squall-dev/squall/sdk/go"
)

// byProxy fetches the profile through the cluster's API server. It needs nothing
// in the Pod, but the program must listen on more than the loopback address.
func (t target) byProxy() way {
	return t.bySend("proxy", squall.KubeProxyGet)
}

// byPortForward also reaches a program that listens on the loopback address alone.
func (t target) byPortForward() way {
	return t.bySend("port-forward", squall.KubePortForwardGet)
}

func (t target) bySend(via string, send func(squall.KubeProxyGetRequest) (squall.KubeProxyGetReply, error)) way {
	path, query, _ := strings.Cut(t.Path, "?")
	return way{via: via, name: fmt.Sprintf("%s to port %d", via, t.Port), try: func() (*squall.Artifact, error) {
		reply, err := send(squall.KubeProxyGetRequest{
			Namespace:      t.Namespace,
			Pod:            t.Pod,
			Port:           t.Port,
			Path:           path,
			Query:          query,
			Artifact:       t.keep(),
			TimeoutSeconds: guessSeconds,
		})
		if err != nil {
			return nil, err
		}
		if reply.Status != 200 {
			return nil, errors.New(saying(fmt.Sprintf("the Pod answered with status %d", reply.Status), reply.Body))
		}
		return kept(reply.Artifact)
	}}
}
