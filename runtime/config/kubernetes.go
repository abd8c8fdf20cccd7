package config

import (
	"fmt"
	"path"
	"slices"

	"github.com/squall-dev/squall/runtime/automation"
)

// Kubernetes says how to reach the cluster. With neither kubeconfig nor context,
// $KUBECONFIG, ~/.kube/config and the Pod's own service account are tried, in this order.
type Kubernetes struct {
	Kubeconfig string `yaml:"kubeconfig"`
	Context    string `yaml:"context"`
	// Owners say in whose name executions act in the cluster; the first that fits
	// counts. Others act in the server's own.
	Owners []KubernetesOwner `yaml:"owners"`
}

// KubernetesOwner is an identity of the cluster that owns rules, or what people start.
type KubernetesOwner struct {
	Rules  []string `yaml:"rules"` // shell patterns: "labs_sre.*"
	Users  []string `yaml:"users"` // of those who start executions themselves
	User   string   `yaml:"user"`  // of the cluster
	Groups []string `yaml:"groups"`
}

// OwnerOf finds the owner of an execution that a rule led to, or else a person.
func (k Kubernetes) OwnerOf(rule, user string) (KubernetesOwner, bool) {
	i := slices.IndexFunc(k.Owners, func(o KubernetesOwner) bool {
		if rule != "" {
			return anyMatches(o.Rules, rule)
		}
		return user != "" && anyMatches(o.Users, user)
	})
	if i < 0 {
		return KubernetesOwner{}, false
	}
	return k.Owners[i], true
}

func anyMatches(patterns []string, value string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		ok, err := path.Match(pattern, value)
		return err == nil && ok
	})
}

func (k Kubernetes) check() (errs []error) {
	for i, o := range k.Owners {
		where := fmt.Sprintf("kubernetes.owners[%d]", i)
		if o.User == "" {
			errs = append(errs, automation.Invalid("%s has no user, such as system:serviceaccount:shop:oncall", where))
		}
		if len(o.Rules)+len(o.Users) == 0 {
			errs = append(errs, automation.Invalid("%s owns nothing: give it rules or users", where))
		}
		for _, pattern := range slices.Concat(o.Rules, o.Users) {
			if _, err := path.Match(pattern, ""); err != nil {
				errs = append(errs, automation.Invalid("%s: %q is not a pattern", where, pattern))
			}
		}
	}
	return errs
}
