//go:build !wasm

package host

// KubeExec is the host function kube_exec.
func KubeExec(request []byte) []byte { return Call("kube_exec", request) }

// KubeList is the host function kube_list.
func KubeList(request []byte) []byte { return Call("kube_list", request) }

// KubeProxyGet is the host function kube_proxy_get.
func KubeProxyGet(request []byte) []byte { return Call("kube_proxy_get", request) }

// KubeGet is the host function kube_get.
func KubeGet(request []byte) []byte { return Call("kube_get", request) }

// KubeEvents is the host function kube_events.
func KubeEvents(request []byte) []byte { return Call("kube_events", request) }

// KubePodStats is the host function kube_pod_stats.
func KubePodStats(request []byte) []byte { return Call("kube_pod_stats", request) }

// KubeLogs is the host function kube_logs.
func KubeLogs(request []byte) []byte { return Call("kube_logs", request) }

// KubePortForwardGet is the host function kube_port_forward_get.
func KubePortForwardGet(request []byte) []byte { return Call("kube_port_forward_get", request) }

// KubeApply is the host function kube_apply.
func KubeApply(request []byte) []byte { return Call("kube_apply", request) }

// KubePatch is the host function kube_patch.
func KubePatch(request []byte) []byte { return Call("kube_patch", request) }

// KubeDelete is the host function kube_delete.
func KubeDelete(request []byte) []byte { return Call("kube_delete", request) }

// KubeScale is the host function kube_scale.
func KubeScale(request []byte) []byte { return Call("kube_scale", request) }

// KubeRestart is the host function kube_restart.
func KubeRestart(request []byte) []byte { return Call("kube_restart", request) }

// KubeCordon is the host function kube_cordon.
func KubeCordon(request []byte) []byte { return Call("kube_cordon", request) }

// KubeUncordon is the host function kube_uncordon.
func KubeUncordon(request []byte) []byte { return Call("kube_uncordon", request) }

// KubeDrain is the host function kube_drain.
func KubeDrain(request []byte) []byte { return Call("kube_drain", request) }

// KubeDebug is the host function kube_debug.
func KubeDebug(request []byte) []byte { return Call("kube_debug", request) }

// HTTPSend is the host function http_send.
func HTTPSend(request []byte) []byte { return Call("http_send", request) }

// ArtifactCreate is the host function artifact_create.
func ArtifactCreate(request []byte) []byte { return Call("artifact_create", request) }

// ArtifactAppend is the host function artifact_append.
func ArtifactAppend(request []byte) []byte { return Call("artifact_append", request) }

// ArtifactList is the host function artifact_list.
func ArtifactList(request []byte) []byte { return Call("artifact_list", request) }

// ArtifactRead is the host function artifact_read.
func ArtifactRead(request []byte) []byte { return Call("artifact_read", request) }

// ActionRun is the host function action_run.
func ActionRun(request []byte) []byte { return Call("action_run", request) }

// Secret is the host function secret.
func Secret(request []byte) []byte { return Call("secret", request) }

// Config is the host function config.
func Config(request []byte) []byte { return Call("config", request) }

// Context is the host function context.
func Context(request []byte) []byte { return Call("context", request) }
