package kube_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"k8s.io/client-go/tools/clientcmd"

	"github.com/squall-dev/squall/hostfuncs/kube"
	"github.com/squall-dev/squall/runtime/automation"
)

// labVariable names the kubeconfig of a cluster that the tests may do anything with:
// they drain its nodes. The lab of examples/kubernetes-lab sets it.
const labVariable = "SQUALL_LAB_KUBECONFIG"

// The lab's images.
const (
	leakyImage = "localhost/leaky:lab"      // a server with profiles, and a shell
	bareImage  = "localhost/leaky-bare:lab" // the same without a shell
	toolsImage = "localhost/tools:lab"
)

// lab is a namespace of a real cluster.
type lab struct {
	*testing.T
	*kube.Client
	kubeconfig string
	namespace  string
}

// inLab skips the test where there is no real cluster. The namespace goes with the test.
func inLab(t *testing.T, namespace string) lab {
	t.Helper()
	kubeconfig := os.Getenv(labVariable)
	if kubeconfig == "" {
		t.Skipf("%s is not set: make lab-kube runs this test against a real API server", labVariable)
	}
	l := lab{T: t, kubeconfig: kubeconfig, namespace: namespace, Client: clientOf(t, kubeconfig)}
	l.apply(fmt.Sprintf("apiVersion: v1\nkind: Namespace\nmetadata: {name: %s}", namespace))
	t.Cleanup(func() {
		ctx := context.WithoutCancel(t.Context()) // which has ended by now
		_, err := l.Delete(ctx, unbounded(), kube.DeleteRequest{ObjectRef: kube.ObjectRef{Resource: "namespaces", Name: namespace}})
		if err != nil {
			t.Error(err)
		}
	})
	l.until("the namespace takes Pods", func() error {
		_, err := l.Get(t.Context(), unbounded(), kube.GetRequest{ObjectRef: l.ref("serviceaccounts", "default")})
		return err
	})
	return l
}

func clientOf(t *testing.T, kubeconfig string) *kube.Client {
	t.Helper()
	c, err := kube.New(kube.Options{Kubeconfig: kubeconfig})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// as is the lab for somebody with no other rights than those of the rules, in YAML.
func (l lab) as(user, rules string) *kube.Client {
	l.Helper()
	l.apply(fmt.Sprintf("apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {name: %s, namespace: %s}\nrules: %s", user, l.namespace, rules))
	l.apply(fmt.Sprintf(`
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: %[1]s, namespace: %[2]s}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: %[1]s}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: %[1]s}]`, user, l.namespace))
	config, err := clientcmd.LoadFromFile(l.kubeconfig)
	if err != nil {
		l.Fatal(err)
	}
	for _, auth := range config.AuthInfos {
		auth.Impersonate = user
	}
	file := filepath.Join(l.TempDir(), "kubeconfig")
	if err := clientcmd.WriteToFile(*config, file); err != nil {
		l.Fatal(err)
	}
	return clientOf(l.T, file)
}

func (l lab) ref(resource, name string) kube.ObjectRef {
	return kube.ObjectRef{Resource: resource, Namespace: l.namespace, Name: name}
}

func (l lab) apply(manifest string) kube.Changed {
	l.Helper()
	got, err := l.Apply(l.Context(), unbounded(), kube.ApplyRequest{Manifest: manifest})
	if err != nil {
		l.Fatal(err)
	}
	return got
}

// pod starts a Pod and waits until it is ready.
func (l lab) pod(name, image, args string) {
	l.Helper()
	l.apply(fmt.Sprintf(`
apiVersion: v1
kind: Pod
metadata: {name: %s, namespace: %s, labels: {app: %[1]s}}
spec:
  terminationGracePeriodSeconds: 1
  automountServiceAccountToken: false
  containers: [{name: app, image: %[3]q, imagePullPolicy: Never, args: %[4]s}]`, name, l.namespace, image, args))
	l.ready("pods", name, func(o object) bool {
		for _, c := range o.Status.Conditions {
			if c.Type == "Ready" {
				return c.Status == "True"
			}
		}
		return false
	})
}

// idle is what keeps the image with profiles from leaking much.
const idle = `["-rate", "0.01"]`

// object is what the tests read of any object.
type object struct {
	Metadata struct {
		UID         string
		Annotations map[string]string
		Labels      map[string]string
	}
	Spec struct {
		Replicas      int
		Unschedulable bool
		Template      struct {
			Metadata struct{ Annotations map[string]string }
		}
	}
	Status struct {
		Conditions         []struct{ Type, Status string }
		ReadyReplicas      int
		UpdatedReplicas    int
		ObservedGeneration int64
	}
	Data map[string]string
}

func (l lab) get(resource, name string) (o object, err error) {
	l.Helper()
	got, err := l.Get(l.Context(), unbounded(), kube.GetRequest{ObjectRef: l.ref(resource, name)})
	if err == nil {
		err = json.Unmarshal(got.Object, &o)
	}
	return o, err
}

func (l lab) ready(resource, name string, done func(object) bool) {
	l.Helper()
	l.until(resource+"/"+name+" is ready", func() error {
		o, err := l.get(resource, name)
		if err == nil && !done(o) {
			err = errors.New("it is not")
		}
		return err
	})
}

// until asks until something has come about, for a minute.
func (l lab) until(what string, done func() error) {
	l.Helper()
	late := time.NewTimer(time.Minute)
	defer late.Stop()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		err := done()
		if err == nil {
			return
		}
		select {
		case <-late.C:
			l.Fatalf("wait until %s: %v", what, err)
		case <-tick.C:
		}
	}
}

// wantNo checks that somebody was refused, and is told what is missing.
func wantNo(t *testing.T, err error, resource string) {
	t.Helper()
	wantError(t, err, automation.ErrDenied, "forbidden", resource)
}

// errNotYet makes [lab.until] ask again.
var errNotYet = errors.New("not yet")

func word(n int) string { return strings.Repeat("x", n) }
