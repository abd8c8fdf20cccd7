package kube

import (
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/squall-dev/squall/hostfuncs"
	"github.com/squall-dev/squall/runtime/automation"
)

// Funcs announces the family's functions.
func (c *Client) Funcs() []hostfuncs.Func {
	return []hostfuncs.Func{
		hostfuncs.Spec[ExecRequest, ExecResponse]{
			Name: "kube_exec", Doc: "Runs a command in a container of a Pod.", Granted: granted(verbExec),
			Describe: ExecRequest.describe, Change: ExecRequest.change, Preview: c.previewExec, Do: c.Exec,
		}.Func(),
		hostfuncs.New("kube_list", "Lists objects of one kind.",
			granted(verbList), ListRequest.describe, c.List),
		hostfuncs.New("kube_get", "Reads one object.",
			granted(verbGet), GetRequest.describe, c.Get),
		hostfuncs.New("kube_events", "Reads what the cluster has noted about one object.",
			granted(verbEvents), EventsRequest.describe, c.Events),
		hostfuncs.New("kube_pod_stats", "Reads what memory the containers of Pods use and may use.",
			granted(verbStats), PodStatsRequest.describe, c.PodStats),
		hostfuncs.New("kube_logs", "Reads the log of a container.",
			granted(verbLogs), LogsRequest.describe, c.Logs),
		hostfuncs.New("kube_proxy_get", "Sends a GET request to a port of a Pod, through the API server.",
			granted(verbProxy), ProxyRequest.describe, c.ProxyGet),
		hostfuncs.New("kube_port_forward_get", "Sends a GET request to a port inside a Pod, also to one that listens on 127.0.0.1 alone.",
			granted(verbPortForward), PortForwardRequest.describe, c.PortForwardGet),
		hostfuncs.Spec[ApplyRequest, Changed]{
			Name: "kube_apply", Doc: "Makes an object be as described, by server-side apply.", Granted: granted(verbApply),
			Describe: ApplyRequest.describe, Change: ApplyRequest.change, Preview: c.previewApply, Do: c.Apply,
		}.Func(),
		hostfuncs.Spec[PatchRequest, Changed]{
			Name: "kube_patch", Doc: "Changes parts of an object.", Granted: granted(verbPatch),
			Describe: PatchRequest.describe, Change: PatchRequest.change, Preview: c.previewPatch, Do: c.Patch,
		}.Func(),
		hostfuncs.Spec[DeleteRequest, DeleteResponse]{
			Name: "kube_delete", Doc: "Deletes one object.", Granted: granted(verbDelete),
			Describe: DeleteRequest.describe, Change: DeleteRequest.change, Preview: c.previewDelete, Do: c.Delete,
		}.Func(),
		hostfuncs.Spec[ScaleRequest, ScaleResponse]{
			Name: "kube_scale", Doc: "Sets the number of replicas.", Granted: granted(verbScale),
			Describe: ScaleRequest.describe, Change: ScaleRequest.change, Preview: c.previewScale, Do: c.Scale,
		}.Func(),
		hostfuncs.Spec[RestartRequest, RestartResponse]{
			Name: "kube_restart", Doc: "Replaces the Pods of a Deployment, StatefulSet or DaemonSet.", Granted: granted(verbRestart),
			Describe: RestartRequest.describe, Change: RestartRequest.change, Preview: c.previewRestart, Do: c.Restart,
		}.Func(),
		hostfuncs.Spec[CordonRequest, CordonResponse]{
			Name: "kube_cordon", Doc: "Keeps further Pods off a node.", Granted: granted(verbCordon),
			Describe: CordonRequest.describe, Change: CordonRequest.change, Preview: c.previewCordon, Do: c.Cordon,
		}.Func(),
		hostfuncs.Spec[CordonRequest, CordonResponse]{
			Name: "kube_uncordon", Doc: "Lets Pods onto a node again.", Granted: granted(verbCordon),
			Describe: CordonRequest.describeUn, Change: CordonRequest.change, Preview: c.previewUncordon, Do: c.Uncordon,
		}.Func(),
		hostfuncs.Spec[DrainRequest, DrainResponse]{
			Name: "kube_drain", Doc: "Moves the Pods off a node, within their disruption budgets.", Granted: granted(verbDrain),
			Describe: DrainRequest.describe, Change: DrainRequest.change, Preview: c.previewDrain, Do: c.Drain,
		}.Func(),
		hostfuncs.Spec[DebugRequest, DebugResponse]{
			Name: "kube_debug", Doc: "Adds an ephemeral container to a Pod.", Granted: granted(verbDebug),
			Describe: DebugRequest.describe, Change: DebugRequest.change, Preview: c.previewDebug, Do: c.Debug,
		}.Func(),
	}
}

// granted returns what decides whether a pack may use the functions of a verb.
func granted(verb string) func(automation.Capabilities) error {
	return func(c automation.Capabilities) error {
		for _, entry := range c.Kubernetes {
			if anyMatch(entry.Verbs, verb) {
				return nil
			}
		}
		return missing(target{verb: verb, group: example(verb).Group, resource: example(verb).Resource})
	}
}

// example is a resource that the verb is about, for the line that is missing.
func example(verb string) schema.GroupResource {
	switch verb {
	case verbCordon, verbDrain:
		return schema.GroupResource{Resource: "nodes"}
	case verbApply, verbPatch, verbScale, verbRestart:
		return schema.GroupResource{Group: "apps", Resource: "deployments"}
	}
	return schema.GroupResource{Resource: "pods"}
}
