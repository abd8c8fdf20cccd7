package kube_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/squall-dev/squall/hostfuncs/hostfuncstest"
	"github.com/squall-dev/squall/hostfuncs/kube"
	"github.com/squall-dev/squall/runtime/automation"
)

func (l lab) deployment(name string, replicas int) {
	l.Helper()
	l.apply(fmt.Sprintf(`
apiVersion: apps/v1
kind: Deployment
metadata: {name: %s, namespace: %s}
spec:
  replicas: %d
  selector: {matchLabels: {app: %[1]s}}
  template:
    metadata: {labels: {app: %[1]s}}
    spec:
      terminationGracePeriodSeconds: 1
      automountServiceAccountToken: false
      containers: [{name: app, image: %[4]q, imagePullPolicy: Never, args: %[5]s}]`, name, l.namespace, replicas, bareImage, idle))
	l.running(name, replicas)
}

func (l lab) running(deployment string, replicas int) {
	l.Helper()
	l.ready("deployments", deployment, func(o object) bool { return o.Status.ReadyReplicas == replicas })
}

func TestLabReading(t *testing.T) {
	t.Parallel()
	l := inLab(t, "lab-reading")
	l.pod("talker", toolsImage, `["-c", "echo first; echo second; exec sleep 1000"]`)
	t.Run("objects are listed by a label, with the fields asked for", func(t *testing.T) {
		got, err := l.List(t.Context(), unbounded(), kube.ListRequest{
			Resource: "po", Namespace: l.namespace, LabelSelector: "app=talker", Fields: []string{"metadata.name", "spec.nodeName"},
		})
		if err != nil || got.Count != 1 {
			t.Fatalf("%+v, %v", got, err)
		}
		if want := `{"metadata":{"name":"talker"},"spec":{"nodeName":"lab-node"}}`; string(got.Items[0]) != want {
			t.Errorf("item %s, want %s", got.Items[0], want)
		}
	})
	t.Run("kinds are found by discovery", func(t *testing.T) {
		got, err := l.List(t.Context(), unbounded(), kube.ListRequest{Kind: "Deployment.apps"})
		if err != nil {
			t.Errorf("%+v, %v", got, err)
		}
	})
	t.Run("a kind that the cluster lacks is said to be missing", func(t *testing.T) {
		_, err := l.List(t.Context(), unbounded(), kube.ListRequest{Resource: "unicorns"})
		wantError(t, err, automation.ErrNotFound, "unicorns", "")
	})
	t.Run("an object that is not there is said to be missing", func(t *testing.T) {
		_, err := l.get("pods", "nobody")
		wantError(t, err, automation.ErrNotFound, "nobody", "")
	})
	t.Run("logs are read", func(t *testing.T) {
		got, err := l.Logs(t.Context(), unbounded(), kube.LogsRequest{Namespace: l.namespace, Pod: "talker", TailLines: new(int64(1))})
		if err != nil || got.Log != "second\n" {
			t.Errorf("%+v, %v", got, err)
		}
	})
	t.Run("logs become artifacts", func(t *testing.T) {
		who := unbounded()
		who.Artifacts = &hostfuncstest.Sink{}
		got, err := l.Logs(t.Context(), who, kube.LogsRequest{Namespace: l.namespace, Pod: "talker", Artifact: artifact("talk.txt")})
		if err != nil || got.Artifact == nil || got.Artifact.Size != int64(len("first\nsecond\n")) {
			t.Errorf("%+v, %v", got, err)
		}
	})
	t.Run("logs of a life that was not there are said to be missing", func(t *testing.T) {
		_, err := l.Logs(t.Context(), unbounded(), kube.LogsRequest{Namespace: l.namespace, Pod: "talker", Previous: true})
		wantError(t, err, automation.ErrNotFound, "previous terminated container", "restarted")
	})
	t.Run("events tell how the Pod came about", func(t *testing.T) {
		l.until("the Pod's events are there", func() error {
			got, err := l.Events(t.Context(), unbounded(), kube.EventsRequest{ObjectRef: l.ref("pods", "talker")})
			for _, e := range got.Events {
				if e.Reason == "Started" {
					return nil
				}
			}
			return fmt.Errorf("%+v, %w", got, err)
		})
	})
	t.Run("who may not read is refused", func(t *testing.T) {
		c := l.as("nobody", "[]")
		_, err := c.List(t.Context(), unbounded(), kube.ListRequest{Resource: "pods", Namespace: l.namespace})
		wantNo(t, err, "pods")
		_, err = c.Logs(t.Context(), unbounded(), kube.LogsRequest{Namespace: l.namespace, Pod: "talker"})
		wantNo(t, err, "pods/log")
	})
}

func TestLabWriting(t *testing.T) {
	t.Parallel()
	l := inLab(t, "lab-writing")
	config := l.ref("configmaps", "settings")
	text := "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings, namespace: lab-writing}\ndata: {color: %s}"
	t.Run("apply makes an object and changes it", func(t *testing.T) {
		first := l.apply(fmt.Sprintf(text, "red"))
		second := l.apply(fmt.Sprintf(text, "blue"))
		o, err := l.get("configmaps", "settings")
		if err != nil || o.Data["color"] != "blue" || first.UID != second.UID || first.ResourceVersion == second.ResourceVersion {
			t.Errorf("%+v, then %+v; %+v, %v", first, second, o, err)
		}
	})
	t.Run("a dry run shows what would change, and changes nothing", func(t *testing.T) {
		request, err := json.Marshal(kube.ApplyRequest{Manifest: fmt.Sprintf(text, "green")})
		if err != nil {
			t.Fatal(err)
		}
		_, record := call(t, l.Client, "kube_apply", true, string(request))
		if record.Change == nil || !strings.Contains(record.Change.Diff, "green") {
			t.Errorf("record %+v", record)
		}
		if o, err := l.get("configmaps", "settings"); err != nil || o.Data["color"] != "blue" {
			t.Errorf("%+v, %v", o, err)
		}
	})
	for _, tt := range []struct{ kind, patch, want string }{
		{"merge", `{"data":{"color":"white"}}`, "white"},
		{"strategic", `{"data":{"color":"grey"}}`, "grey"},
		{"json", `[{"op":"replace","path":"/data/color","value":"black"}]`, "black"},
	} {
		t.Run("patch of type "+tt.kind, func(t *testing.T) {
			_, err := l.Patch(t.Context(), unbounded(), kube.PatchRequest{ObjectRef: config, Type: tt.kind, Patch: json.RawMessage(tt.patch)})
			if o, getErr := l.get("configmaps", "settings"); err != nil || getErr != nil || o.Data["color"] != tt.want {
				t.Errorf("%+v, %v, %v", o, err, getErr)
			}
		})
	}
	t.Run("a field that another has set is not taken without force", func(t *testing.T) {
		_, err := l.Apply(t.Context(), unbounded(), kube.ApplyRequest{Manifest: fmt.Sprintf(text, "pink")})
		if err != nil { // our own patches count as ours or not, by the server's book
			wantError(t, err, automation.ErrConflict, "conflict", "force")
		}
		if _, err := l.Apply(t.Context(), unbounded(), kube.ApplyRequest{Manifest: fmt.Sprintf(text, "pink"), Force: true}); err != nil {
			t.Error(err)
		}
	})
	t.Run("delete asks for the right object", func(t *testing.T) {
		_, err := l.Delete(t.Context(), unbounded(), kube.DeleteRequest{ObjectRef: config, UID: "00000000-0000-0000-0000-000000000000"})
		wantError(t, err, automation.ErrConflict, "", "")
		got, err := l.Delete(t.Context(), unbounded(), kube.DeleteRequest{ObjectRef: config})
		if err != nil || !got.Found {
			t.Errorf("%+v, %v", got, err)
		}
		got, err = l.Delete(t.Context(), unbounded(), kube.DeleteRequest{ObjectRef: config, IgnoreNotFound: true})
		if err != nil || got.Found {
			t.Errorf("a second time: %+v, %v", got, err)
		}
	})
	t.Run("who may not write is refused", func(t *testing.T) {
		c := l.as("reader", `[{apiGroups: ["", apps], resources: ["*"], verbs: [get, list]}]`)
		_, err := c.Apply(t.Context(), unbounded(), kube.ApplyRequest{Manifest: fmt.Sprintf(text, "red")})
		wantNo(t, err, "configmaps")
	})
}

func TestLabDeployments(t *testing.T) {
	t.Parallel()
	l := inLab(t, "lab-deployments")
	l.deployment("web", 1)
	web := l.ref("deployments", "web")
	t.Run("scale sets the number of replicas", func(t *testing.T) {
		got, err := l.Scale(t.Context(), unbounded(), kube.ScaleRequest{ObjectRef: web, Replicas: new(int64(2)), From: new(int64(1))})
		if err != nil || got.From != 1 || got.Replicas != 2 {
			t.Fatalf("%+v, %v", got, err)
		}
		l.running("web", 2)
	})
	t.Run("scale from another number is refused", func(t *testing.T) {
		_, err := l.Scale(t.Context(), unbounded(), kube.ScaleRequest{ObjectRef: web, Replicas: new(int64(3)), From: new(int64(1))})
		wantError(t, err, automation.ErrConflict, "", "")
	})
	t.Run("restart replaces the Pods", func(t *testing.T) {
		before := l.uids("web")
		got, err := l.Restart(t.Context(), unbounded(), kube.RestartRequest{ObjectRef: web})
		if err != nil {
			t.Fatal(err)
		}
		l.ready("deployments", "web", func(o object) bool {
			return o.Status.ObservedGeneration >= got.Generation && o.Status.UpdatedReplicas == 2 && o.Status.ReadyReplicas == 2
		})
		l.until("the old Pods are gone", func() error {
			for uid := range l.uids("web") {
				if before[uid] {
					return fmt.Errorf("Pod %s is there", uid)
				}
			}
			return nil
		})
	})
	t.Run("who may not scale is refused", func(t *testing.T) {
		c := l.as("reader", `[{apiGroups: [apps], resources: [deployments], verbs: [get, list]}]`)
		_, err := c.Scale(t.Context(), unbounded(), kube.ScaleRequest{ObjectRef: web, Replicas: new(int64(1))})
		wantNo(t, err, "scale")
	})
}

// uids are the Pods of a Deployment.
func (l lab) uids(app string) map[string]bool {
	l.Helper()
	got, err := l.List(l.Context(), unbounded(), kube.ListRequest{Resource: "pods", Namespace: l.namespace, LabelSelector: "app=" + app})
	if err != nil {
		l.Fatal(err)
	}
	found := map[string]bool{}
	for _, item := range got.Items {
		var o object
		if err := json.Unmarshal(item, &o); err != nil {
			l.Fatal(err)
		}
		found[o.Metadata.UID] = true
	}
	return found
}
