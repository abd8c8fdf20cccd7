//go:build !wasm

package host

// KubeExec is the host function kube_exec.
func KubeExec(request []byte) []byte { return Call("kube_exec", request) }

// KubeList is the host function kube_list.
func KubeList(request []byte) []byte { return Call("kube_list", request) }

// KubeProxyGet is the host function kube_proxy_get.
func KubeProxyGet(request []byte) []byte { return Call("kube_proxy_get", request) }

// HTTPSend is the host function http_send.
func HTTPSend(request []byte) []byte { return Call("http_send", request) }

// ArtifactCreate is the host function artifact_create.
func ArtifactCreate(request []byte) []byte { return Call("artifact_create", request) }

// Config is the host function config.
func Config(request []byte) []byte { return Call("config", request) }

// Context is the host function context.
func Context(request []byte) []byte { return Call("context", request) }
