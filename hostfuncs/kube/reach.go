package kube

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/squall-dev/squall/runtime/automation"
)

// Reached is what the server's own identity finds of its cluster.
type Reached struct {
	Version string // of the API server
	// Asked is about how many rights the API server was asked, Missing are those that it
	// does not give: "create pods/exec in namespace shop".
	Asked   int
	Missing []string
}

// maxRights bounds how many rights are asked about.
const maxRights = 100

// Reach asks the API server for its version, and whether it gives the server's identity
// what packs with these capabilities need. Of a pattern of namespaces it is asked about
// all of them.
func (c *Client) Reach(ctx context.Context, wanted []automation.KubernetesCapability) (out Reached, err error) {
	ctx, cancel, err := begin(ctx, 0, 10*time.Second)
	if err != nil {
		return out, err
	}
	defer cancel()
	err = c.use(ctx, "", "ask for the version", &rbac{resource: "selfsubjectaccessreviews", group: "authorization.k8s.io", verbs: "create"},
		func(k *cluster) error {
			out = Reached{}
			if out.Version, err = k.version(ctx); err != nil {
				return err
			}
			for _, a := range rights(wanted) {
				allowed, err := k.mayItself(ctx, a)
				if err != nil {
					return err
				}
				if out.Asked++; !allowed {
					out.Missing = append(out.Missing, a.verbs[0]+" "+a.String())
				}
			}
			return nil
		})
	return out, err
}

func (k *cluster) version(ctx context.Context) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, k.base.JoinPath("version").String(), nil)
	if err != nil {
		return "", err
	}
	resp, err := k.http.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return "", statusOf(resp)
	}
	var v struct {
		GitVersion string `json:"gitVersion"`
	}
	if err := json.NewDecoder(io.LimitReader(resp.Body, 1<<20)).Decode(&v); err != nil {
		return "", fmt.Errorf("read the version: %w", err)
	}
	return v.GitVersion, nil
}

func (k *cluster) mayItself(ctx context.Context, a access) (bool, error) {
	reviews := schema.GroupVersionResource{Group: "authorization.k8s.io", Version: "v1", Resource: "selfsubjectaccessreviews"}
	question := a.question(Owner{}, a.verbs[0])
	question.SetKind("SelfSubjectAccessReview")
	spec, _ := question.Object["spec"].(map[string]any)
	delete(spec, "user")
	delete(spec, "groups")
	answer, err := k.objects.Resource(reviews).Create(ctx, question, metav1.CreateOptions{})
	if err != nil {
		return false, err
	}
	allowed, _, _ := unstructured.NestedBool(answer.Object, "status", "allowed")
	return allowed, nil
}

// needs are what the verbs of a capability need in the cluster, as "verb resource"; an
// empty resource is that of the capability, one that begins with a slash is a part of it.
func needs() map[string][]string {
	return map[string][]string{
		verbExec: {"get pods/exec", "create pods/exec"}, verbLogs: {"get pods/log"}, verbProxy: {"get pods/proxy"},
		verbPortForward: {"get pods/portforward", "create pods/portforward"}, verbList: {"list "}, verbGet: {"get "}, verbPatch: {"get ", "patch "},
		verbDelete: {"get ", "delete "}, verbApply: {"get ", "create ", "patch "}, verbRestart: {"get ", "patch "},
		verbScale: {"get /scale", "patch /scale"}, verbCordon: {"get nodes", "patch nodes"},
		verbDrain:  {"get nodes", "patch nodes", "list pods", "create pods/eviction"},
		verbEvents: {"list events"}, verbDebug: {"get pods", "patch pods/ephemeralcontainers"}, verbStats: {"list pods"},
	}
}

// rights are what capabilities need, each once. What only a pattern of resources says is
// left out: nobody can be asked about it.
func rights(wanted []automation.KubernetesCapability) (all []access) {
	seen := map[string]bool{}
	for _, c := range wanted {
		for _, verb := range c.Verbs {
			for _, need := range needs()[verb] {
				for _, a := range accesses(c, need) {
					if key := a.verbs[0] + " " + a.group + " " + a.String(); !seen[key] && len(all) < maxRights {
						seen[key] = true
						all = append(all, a)
					}
				}
			}
		}
	}
	return all
}

func accesses(c automation.KubernetesCapability, need string) (all []access) {
	verb, resource, _ := strings.Cut(need, " ")
	resources := []string{resource}
	if resource == "" || resource[0] == '/' {
		resources = nil
		for _, r := range c.Resources {
			resources = append(resources, r+resource)
		}
	}
	for _, r := range resources {
		if strings.ContainsAny(r, "*?[") {
			continue
		}
		plural, sub, _ := strings.Cut(r, "/")
		plural, group, _ := strings.Cut(plural, ".")
		if sub != "" {
			plural += "/" + sub
		}
		if group == "" {
			group = usualGroup(plural)
		}
		for _, namespace := range namespaces(c, plural) {
			all = append(all, access{verbs: []string{verb}, group: group, resource: plural, namespace: namespace})
		}
	}
	return all
}

// usualGroup is the group of the resources that capabilities name without one.
func usualGroup(resource string) string {
	switch plural, _, _ := strings.Cut(resource, "/"); plural {
	case "deployments", "statefulsets", "daemonsets", "replicasets":
		return "apps"
	case "jobs", "cronjobs":
		return "batch"
	}
	return ""
}

// namespaces are those that an entry names; all of them, "", when it names a pattern or
// none.
func namespaces(c automation.KubernetesCapability, resource string) []string {
	if resource == "nodes" {
		return []string{""}
	}
	named := slices.Clone(c.Namespaces)
	for _, pair := range c.Pods {
		namespace, _, _ := strings.Cut(pair, "/")
		named = append(named, namespace)
	}
	if len(named) == 0 || slices.ContainsFunc(named, func(n string) bool { return strings.ContainsAny(n, "*?[{") }) {
		return []string{""}
	}
	return named
}
