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

//go:wasmimport squall:host kube_get
func kubeGet(request unsafe.Pointer, size uint32) uint32

//go:wasmimport squall:host kube_events
func kubeEvents(request unsafe.Pointer, size uint32) uint32

//go:wasmimport squall:host kube_pod_stats
func kubePodStats(request unsafe.Pointer, size uint32) uint32

//go:wasmimport squall:host kube_logs
func kubeLogs(request unsafe.Pointer, size uint32) uint32

//go:wasmimport squall:host kube_port_forward_get
func kubePortForwardGet(request unsafe.Pointer, size uint32) uint32

//go:wasmimport squall:host kube_apply
func kubeApply(request unsafe.Pointer, size uint32) uint32

//go:wasmimport squall:host kube_patch
func kubePatch(request unsafe.Pointer, size uint32) uint32

//go:wasmimport squall:host kube_delete
func kubeDelete(request unsafe.Pointer, size uint32) uint32

//go:wasmimport squall:host kube_scale
func kubeScale(request unsafe.Pointer, size uint32) uint32

//go:wasmimport squall:host kube_restart
func kubeRestart(request unsafe.Pointer, size uint32) uint32

//go:wasmimport squall:host kube_cordon
func kubeCordon(request unsafe.Pointer, size uint32) uint32

//go:wasmimport squall:host kube_uncordon
func kubeUncordon(request unsafe.Pointer, size uint32) uint32

//go:wasmimport squall:host kube_drain
func kubeDrain(request unsafe.Pointer, size uint32) uint32

//go:wasmimport squall:host kube_debug
func kubeDebug(request unsafe.Pointer, size uint32) uint32

//go:wasmimport squall:host http_send
func httpSend(request unsafe.Pointer, size uint32) uint32

//go:wasmimport squall:host artifact_create
func artifactCreate(request unsafe.Pointer, size uint32) uint32

//go:wasmimport squall:host artifact_append
func artifactAppend(request unsafe.Pointer, size uint32) uint32

//go:wasmimport squall:host artifact_list
func artifactList(request unsafe.Pointer, size uint32) uint32

//go:wasmimport squall:host artifact_read
func artifactRead(request unsafe.Pointer, size uint32) uint32

//go:wasmimport squall:host action_run
func actionRun(request unsafe.Pointer, size uint32) uint32

//go:wasmimport squall:host secret
func secret(request unsafe.Pointer, size uint32) uint32

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

// KubeGet is the host function kube_get.
func KubeGet(request []byte) []byte {
	return envelope(kubeGet(start(request), size(request)))
}

// KubeEvents is the host function kube_events.
func KubeEvents(request []byte) []byte {
	return envelope(kubeEvents(start(request), size(request)))
}

// KubePodStats is the host function kube_pod_stats.
func KubePodStats(request []byte) []byte {
	return envelope(kubePodStats(start(request), size(request)))
}

// KubeLogs is the host function kube_logs.
func KubeLogs(request []byte) []byte {
	return envelope(kubeLogs(start(request), size(request)))
}

// KubePortForwardGet is the host function kube_port_forward_get.
func KubePortForwardGet(request []byte) []byte {
	return envelope(kubePortForwardGet(start(request), size(request)))
}

// KubeApply is the host function kube_apply.
func KubeApply(request []byte) []byte {
	return envelope(kubeApply(start(request), size(request)))
}

// KubePatch is the host function kube_patch.
func KubePatch(request []byte) []byte {
	return envelope(kubePatch(start(request), size(request)))
}

// KubeDelete is the host function kube_delete.
func KubeDelete(request []byte) []byte {
	return envelope(kubeDelete(start(request), size(request)))
}

// KubeScale is the host function kube_scale.
func KubeScale(request []byte) []byte {
	return envelope(kubeScale(start(request), size(request)))
}

// KubeRestart is the host function kube_restart.
func KubeRestart(request []byte) []byte {
	return envelope(kubeRestart(start(request), size(request)))
}

// KubeCordon is the host function kube_cordon.
func KubeCordon(request []byte) []byte {
	return envelope(kubeCordon(start(request), size(request)))
}

// KubeUncordon is the host function kube_uncordon.
func KubeUncordon(request []byte) []byte {
	return envelope(kubeUncordon(start(request), size(request)))
}

// KubeDrain is the host function kube_drain.
func KubeDrain(request []byte) []byte {
	return envelope(kubeDrain(start(request), size(request)))
}

// KubeDebug is the host function kube_debug.
func KubeDebug(request []byte) []byte {
	return envelope(kubeDebug(start(request), size(request)))
}

// HTTPSend is the host function http_send.
func HTTPSend(request []byte) []byte { return envelope(httpSend(start(request), size(request))) }

// ArtifactCreate is the host function artifact_create.
func ArtifactCreate(request []byte) []byte {
	return envelope(artifactCreate(start(request), size(request)))
}

// ArtifactAppend is the host function artifact_append.
func ArtifactAppend(request []byte) []byte {
	return envelope(artifactAppend(start(request), size(request)))
}

// ArtifactList is the host function artifact_list.
func ArtifactList(request []byte) []byte {
	return envelope(artifactList(start(request), size(request)))
}

// ArtifactRead is the host function artifact_read.
func ArtifactRead(request []byte) []byte {
	return envelope(artifactRead(start(request), size(request)))
}

// ActionRun is the host function action_run.
func ActionRun(request []byte) []byte {
	return envelope(actionRun(start(request), size(request)))
}

// Secret is the host function secret.
func Secret(request []byte) []byte { return envelope(secret(start(request), size(request))) }

// Config is the host function config.
func Config(request []byte) []byte { return envelope(config(start(request), size(request))) }

// Context is the host function context.
func Context(request []byte) []byte { return envelope(context(start(request), size(request))) }
