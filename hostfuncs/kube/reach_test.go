package kube_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/squall-dev/squall/hostfuncs/kube"
	"github.com/squall-dev/squall/hostfuncs/kube/kubetest"
	"github.com/squall-dev/squall/runtime/automation"
)

func TestReachAsksForWhatPacksNeed(t *testing.T) {
	t.Parallel()
	s := kubetest.New(t)
	s.Review = func(q kubetest.Question) bool { return q.On.Verb == "get" }
	wanted := []automation.KubernetesCapability{
		{Verbs: []string{"exec", "get"}, Resources: []string{"pods"}, Namespaces: []string{"shop"}},
		{Verbs: []string{"exec"}, Pods: []string{"{{ trigger.pod }}"}, Resources: []string{"pods"}},
		{Verbs: []string{"restart", "scale"}, Resources: []string{"deployments", "*"}, Namespaces: []string{"dm-*"}},
		{Verbs: []string{"cordon"}, Resources: []string{"nodes"}},
	}
	got, err := newClient(t, s).Reach(t.Context(), wanted)
	if err != nil || got.Version != "v1.0.0-kubetest" || got.Asked != len(s.Questions()) {
		t.Fatalf("%+v, %v", got, err)
	}
	want := strings.Fields("get,pods/exec,shop/ create,pods/exec,shop/ get,pods,shop/ get,pods/exec,/ create,pods/exec,/ " +
		"get,deployments.apps,/ patch,deployments.apps,/ get,deployments/scale.apps,/ patch,deployments/scale.apps,/ get,nodes,/ patch,nodes,/")
	for i := range want {
		want[i] = strings.ReplaceAll(want[i], ",", " ")
	}
	if asked := s.Questions(); !slices.Equal(asked, want) {
		t.Errorf("asked\n%q, want\n%q", asked, want)
	}
	if missing := "create pods/exec in namespace shop"; len(got.Missing) != 5 || got.Missing[0] != missing {
		t.Errorf("missing %q, want %q first", got.Missing, missing)
	}
}

func TestReachWithoutACluster(t *testing.T) {
	t.Parallel()
	c, err := kube.New(kube.Options{Kubeconfig: "/nowhere"})
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.Reach(t.Context(), nil)
	wantError(t, err, automation.ErrUnavailable, "", "")
}
