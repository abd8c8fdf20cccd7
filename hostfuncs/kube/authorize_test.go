package kube_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/squall-dev/squall/hostfuncs"
	"github.com/squall-dev/squall/hostfuncs/kube"
	"github.com/squall-dev/squall/hostfuncs/kube/kubetest"
	"github.com/squall-dev/squall/runtime/automation"
)

// labelledShop has Pods and Deployments of two applications.
func labelledShop(t *testing.T) *kubetest.Server {
	s := kubetest.New(t)
	mine, theirs := kubetest.Deployment("ns", "mine"), kubetest.Deployment("ns", "theirs")
	label(mine, "web")
	label(theirs, "db")
	s.Objects = map[string][]map[string]any{
		"pods": {kubetest.Pod("ns", "mine", map[string]any{"app": "web"}), kubetest.Pod("ns", "theirs", map[string]any{"app": "db"}),
			kubetest.Pod("ns", "bare", nil)},
		"deployments": {mine, theirs},
	}
	s.Exec = func(*kubetest.Command) (int, error) { return 0, nil }
	s.Log = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("line\n")) })
	s.Proxy = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("answer")) })
	return s
}

func label(object map[string]any, app string) {
	metadata, _ := object["metadata"].(map[string]any)
	metadata["labels"] = map[string]any{"app": app}
}

// asks calls a function as a guest does and returns the kind of its error.
func asks(t *testing.T, c *kube.Client, who hostfuncs.Caller, name, request string) (kind, message string) {
	t.Helper()
	set, err := hostfuncs.NewSet(c.Funcs())
	if err != nil {
		t.Fatal(err)
	}
	_, record := set[name].Call(t.Context(), who, []byte(request))
	return record.Error, record.Message
}

// requests of every way to reach one object, NAME in place of its name.
func reaches() map[string]string {
	const ref = `"namespace":"ns","name":"NAME"`
	return map[string]string{
		"kube_exec":      `{"namespace":"ns","pod":"NAME","command":["true"]}`,
		"kube_logs":      `{"namespace":"ns","pod":"NAME"}`,
		"kube_proxy_get": `{"namespace":"ns","pod":"NAME","port":80,"path":"/"}`,
		"kube_get":       `{"resource":"pods",` + ref + `}`,
		"kube_patch":     `{"resource":"deployments",` + ref + `,"patch":{"spec":{"replicas":1}}}`,
		"kube_scale":     `{"resource":"deployments",` + ref + `,"replicas":3}`,
		"kube_restart":   `{"resource":"deployments",` + ref + `}`,
		"kube_apply":     `{"object":{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"namespace":"ns","name":"NAME","labels":{"app":"web"}}},"force":true}`,
		"kube_delete":    `{"resource":"pods",` + ref + `}`,
	}
}

func TestLabelsDecideWhereTheyAreNamed(t *testing.T) {
	t.Parallel()
	for name, request := range reaches() {
		for _, dry := range []bool{true, false} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				c := newClient(t, labelledShop(t))
				who := unbounded()
				who.DryRun = dry
				who.Grants.Kubernetes[0].Labels = map[string]string{"app": "w*"}
				for object, want := range map[string]string{"theirs": "denied", "mine": ""} {
					kind, message := asks(t, c, who, name, strings.ReplaceAll(request, "NAME", object))
					if kind != want || want != "" && !strings.Contains(message, "labels") {
						t.Errorf("%s, dry run %v: %q, %s, want %q", object, dry, kind, message, want)
					}
				}
			})
		}
	}
}

func TestLabelsThatDoNotFit(t *testing.T) {
	t.Parallel()
	s := labelledShop(t)
	c := newClient(t, s)
	who := unbounded()
	who.Grants.Kubernetes[0].Labels = map[string]string{"app": "web"}
	apply := func(name, labels string) string {
		return `{"object":{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"namespace":"ns","name":"` + name + `","labels":` + labels + `}}}`
	}
	for _, tt := range []struct{ name, function, request, kind string }{
		{"a Pod without labels", "kube_exec", `{"namespace":"ns","pod":"bare","command":["true"]}`, "denied"},
		{"a Pod that is not there", "kube_exec", `{"namespace":"ns","pod":"gone","command":["true"]}`, "not_found"},
		{"a new object that has them", "kube_apply", apply("new", `{"app":"web"}`), ""},
		{"a new object that has others", "kube_apply", apply("newer", `{"app":"db"}`), "denied"},
		{"an object that would lose them", "kube_apply", apply("mine", `{"app":"db"}`), "denied"},
	} {
		if kind, message := asks(t, c, who, tt.function, tt.request); kind != tt.kind {
			t.Errorf("%s: %q, %s, want %q", tt.name, kind, message, tt.kind)
		}
	}
	got, err := c.List(t.Context(), who, kube.ListRequest{Resource: "pods", Fields: []string{"metadata.name"}})
	if text, _ := json.Marshal(got.Items); err != nil || string(text) != `[{"metadata":{"name":"mine"}}]` {
		t.Errorf("the list has %s, %v", text, err)
	}
	// Another entry without labels allows it as ever, and nobody looks at the labels.
	who.Grants.Kubernetes = append(who.Grants.Kubernetes, caller(nil).Grants.Kubernetes...)
	before := s.Count("GET /api/v1/namespaces/ns/pods/theirs")
	if kind, message := asks(t, c, who, "kube_exec", `{"namespace":"ns","pod":"theirs","command":["true"]}`); kind != "" {
		t.Errorf("allowed by another entry: %s", message)
	}
	if s.Count("GET /api/v1/namespaces/ns/pods/theirs") != before {
		t.Error("the labels were read although they do not matter")
	}
	// What the operator grants counts as well.
	ceiling := who.Grants
	ceiling.Kubernetes = ceiling.Kubernetes[:1]
	who.Ceiling = &ceiling
	if kind, _ := asks(t, c, who, "kube_exec", `{"namespace":"ns","pod":"theirs","command":["true"]}`); kind != "denied" {
		t.Errorf("the operator's labels: %q", kind)
	}
	s.Refuse = func(r *http.Request) *metav1.Status {
		if r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, "/pods/mine") {
			return kubetest.Failure(403, metav1.StatusReasonForbidden, "no")
		}
		return nil
	}
	if kind, message := asks(t, c, who, "kube_exec", `{"namespace":"ns","pod":"mine","command":["true"]}`); kind != "denied" || !strings.Contains(message, "can not be read") {
		t.Errorf("labels that can not be read: %q, %s", kind, message)
	}
}

// In an owner's name nothing is possible that the owner could not do.
func TestTheClusterIsAskedAboutTheOwner(t *testing.T) {
	t.Parallel()
	asked := map[string][]string{
		"kube_exec":      {"mira create pods/exec ns/mine"},
		"kube_logs":      {"mira get pods/log ns/mine"},
		"kube_proxy_get": {"mira get pods/proxy ns/mine"},
		"kube_get":       {"mira get pods ns/mine"},
		"kube_patch":     {"mira get deployments.apps ns/mine", "mira patch deployments.apps ns/mine"},
		"kube_scale":     {"mira get deployments/scale.apps ns/mine", "mira patch deployments/scale.apps ns/mine"},
		"kube_restart":   {"mira get deployments.apps ns/mine", "mira patch deployments.apps ns/mine"},
		"kube_apply":     {"mira get deployments.apps ns/mine", "mira create deployments.apps ns/mine", "mira patch deployments.apps ns/mine"},
		"kube_delete":    {"mira get pods ns/mine", "mira delete pods ns/mine"},
		"kube_list":      {"mira list pods ns/"},
	}
	all := reaches()
	all["kube_list"] = `{"resource":"pods","namespace":"ns"}`
	for name, request := range all {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := labelledShop(t)
			s.Review = func(kubetest.Question) bool { return true }
			c := ownedClient(t, s, nil)
			request := strings.ReplaceAll(request, "NAME", "mine")
			if kind, message := asks(t, c, unbounded(), name, request); kind != "" {
				t.Errorf("%q, %s", kind, message)
			}
			if got := strings.Join(s.Questions(), "; "); got != strings.Join(asked[name], "; ") {
				t.Errorf("asked %s, want %s", got, asked[name])
			}
			s.Review = nil
			before := len(s.Sent())
			if kind, message := asks(t, c, unbounded(), name, request); kind != "denied" || !strings.Contains(message, "mira, in whose name this runs") {
				t.Errorf("refused: %q, %s", kind, message)
			}
			if sent := s.Sent()[before:]; len(sent) != 1 || !strings.HasSuffix(sent[0].Request, "subjectaccessreviews") {
				t.Errorf("after the refusal %v was sent", sent)
			}
		})
	}
}

func ownedClient(t *testing.T, s *kubetest.Server, lost error) *kube.Client {
	t.Helper()
	c, err := kube.New(kube.Options{Kubeconfig: s.Kubeconfig, Backoff: 1, Owner: func(context.Context, hostfuncs.Caller) (kube.Owner, bool, error) {
		return kube.Owner{User: "mira", Groups: []string{"sre"}}, true, lost
	}})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestWithoutAnAnswerAboutTheOwnerNothingHappens(t *testing.T) {
	t.Parallel()
	exec := strings.ReplaceAll(reaches()["kube_exec"], "NAME", "mine")
	get := strings.ReplaceAll(reaches()["kube_get"], "NAME", "mine")
	s := labelledShop(t)
	lost := ownedClient(t, s, errors.New("the store is gone"))
	for function, request := range map[string]string{"kube_exec": exec, "kube_get": get} {
		if kind, _ := asks(t, lost, unbounded(), function, request); kind == "" {
			t.Errorf("%s: allowed in nobody's name", function)
		}
	}
	s.Refuse = func(r *http.Request) *metav1.Status {
		if strings.HasSuffix(r.URL.Path, "subjectaccessreviews") {
			return kubetest.Failure(403, metav1.StatusReasonForbidden, "no")
		}
		return nil
	}
	_, err := ownedClient(t, s, nil).Exec(t.Context(), unbounded(), kube.ExecRequest{Namespace: "ns", Pod: "mine", Command: []string{"true"}})
	wantError(t, err, automation.ErrDenied, "may not ask what mira may do", "subjectaccessreviews")
}
