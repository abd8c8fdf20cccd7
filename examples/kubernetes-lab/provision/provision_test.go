package provision

import (
	"os"
	"strings"
	"testing"
)

func TestTheVersionIsTheOneOfTheModule(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	if want := "k8s.io/kubernetes " + kubernetesVersion + "\n"; !strings.Contains(string(text), want) {
		t.Errorf("go.mod does not require %q", want)
	}
}

func TestTheVersionOfArgoCDIsTheOneOfItsModule(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../argocd/go.mod")
	if err != nil {
		t.Fatal(err)
	}
	if want := "github.com/argoproj/argo-cd/v3 " + argoVersion + "\n"; !strings.Contains(string(text), want) {
		t.Errorf("go.mod does not require %q", want)
	}
}

func TestProgressSetsPackagesApartFromMessages(t *testing.T) {
	t.Parallel()
	var told strings.Builder
	s := Source{Out: &told}
	other := s.progress(strings.NewReader("k8s.io/api/core/v1\n# k8s.io/x\n./x.go:1: no such thing\nstrings\n"))
	if other != "# k8s.io/x\n./x.go:1: no such thing\n" {
		t.Errorf("other = %q", other)
	}
}
