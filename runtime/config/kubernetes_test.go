package config

import "testing"

func TestTheOwnerOfAnExecution(t *testing.T) {
	t.Parallel()
	k := Kubernetes{Owners: []KubernetesOwner{
		{Rules: []string{"shop.restart*"}, User: "oncall"},
		{Rules: []string{"shop.*"}, Users: []string{"mira"}, User: "shop"},
	}}
	for _, tt := range []struct {
		name, rule, user, want string
	}{
		{"the first that fits", "shop.restart_web", "", "oncall"},
		{"a later one", "shop.dump", "", "shop"},
		{"a rule that nobody owns", "labs.dump", "", ""},
		{"a person", "", "mira", "shop"},
		{"another person", "", "ada", ""},
		{"the rule counts where there is one, not who started what it led to", "labs.dump", "mira", ""},
		{"a sensor", "", "", ""},
	} {
		if got, ok := k.OwnerOf(tt.rule, tt.user); got.User != tt.want || ok != (tt.want != "") {
			t.Errorf("%s: %q, %v, want %q", tt.name, got.User, ok, tt.want)
		}
	}
}
