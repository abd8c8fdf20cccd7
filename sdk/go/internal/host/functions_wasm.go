//go:build wasm

package host

import "unsafe"

// Every host function is an import of its own, and the linker drops those that
// no code reaches: a module's imports are the list of what it can ask for.

//go:wasmimport squall:host kube_exec
func kubeExec(request unsafe.Pointer, size uint32) uint32

//go:wasmimport squall:host kube_list
func kubeList(request unsafe.Pointer, size uint32) uint32

//go:wasmimport squall:host kube_proxy_get
func kubeProxyGet(request unsafe.Pointer, size uint32) uint32

//go:wasmimport squall:host http_send
func httpSend(request unsafe.Pointer, size uint32) uint32

//go:wasmimport squall:host artifact_create
func artifactCreate(request unsafe.Pointer, size uint32) uint32

//go:wasmimport squall:host config
func config(request unsafe.Pointer, size uint32) uint32

//go:wasmimport squall:host context
func context(request unsafe.Pointer, size uint32) uint32

// KubeExec is the host function kube_exec.
func KubeExec(request []byte) []byte { return envelope(kubeExec(start(request), size(request))) }

// KubeList is the host function kube_list.
func KubeList(request []byte) []byte { return envelope(kubeList(start(request), size(request))) }

// KubeProxyGet is the host function kube_proxy_get.
func KubeProxyGet(request []byte) []byte {
	return envelope(kubeProxyGet(start(request), size(request)))
}

// HTTPSend is the host function http_send.
func HTTPSend(request []byte) []byte { return envelope(httpSend(start(request), size(request))) }

// ArtifactCreate is the host function artifact_create.
func ArtifactCreate(request []byte) []byte {
	return envelope(artifactCreate(start(request), size(request)))
}

// Config is the host function config.
func Config(request []byte) []byte { return envelope(config(start(request), size(request))) }

// Context is the host function context.
func Context(request []byte) []byte { return envelope(context(start(request), size(request))) }
