package packs

import (
	"slices"
	"testing"

	"github.com/squall-dev/squall/hostfuncs/kube"
	"github.com/squall-dev/squall/runtime/automation"
)

// A verb that no pack can write would be a function that no pack can call; one
// that no function knows would be a right that people believe in.
func TestTheVerbsOfAManifestAreThoseOfTheFunctions(t *testing.T) {
	t.Parallel()
	c, err := kube.New(kube.Options{})
	if err != nil {
		t.Fatal(err)
	}
	with := func(verbs ...string) automation.Capabilities {
		return automation.Capabilities{Kubernetes: []automation.KubernetesCapability{{Verbs: verbs, Resources: []string{"*"}}}}
	}
	used := map[string]bool{}
	for _, f := range c.Funcs() {
		i := slices.IndexFunc(kubernetesVerbs(), func(verb string) bool { return f.Granted(with(verb)) == nil })
		if i < 0 {
			t.Errorf("no verb of a manifest allows %s", f.Name)
			continue
		}
		used[kubernetesVerbs()[i]] = true
	}
	for _, verb := range kubernetesVerbs() {
		if !used[verb] {
			t.Errorf("the verb %s allows nothing", verb)
		}
	}
}
