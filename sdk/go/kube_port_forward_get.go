package squall

import "github.com/squall-dev/squall/sdk/go/internal/host"

// KubePortForwardGet fetches a path from a port inside a Pod. Unlike [KubeProxyGet] it also
// reaches a process that listens on 127.0.0.1 alone.
//
// The pack needs a kubernetes capability with the verb port_forward.
func KubePortForwardGet(r KubeProxyGetRequest) (reply KubeProxyGetReply, err error) {
	err = ask("kube_port_forward_get", host.KubePortForwardGet, r, &reply)
	return reply, err
}
