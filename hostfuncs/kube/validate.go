package kube

import (
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/squall-dev/squall/runtime/automation"
)

// podNames checks what becomes part of a URL: nothing but a name may reach it,
// else a request for one Pod could be turned into one for anything else.
func podNames(namespace, pod string) error {
	if namespace == "" {
		return automation.Invalid("namespace is missing").WithHint("name the Pod's namespace")
	}
	if pod == "" {
		return automation.Invalid("pod is missing").WithHint("name the Pod; kube_list finds it")
	}
	if err := namespaceName(namespace); err != nil {
		return err
	}
	if problems := validation.IsDNS1123Subdomain(pod); len(problems) > 0 {
		return automation.Invalid("%q can not name a Pod: %s", pod, strings.Join(problems, "; "))
	}
	return nil
}

func namespaceName(namespace string) error {
	if problems := validation.IsDNS1123Label(namespace); len(problems) > 0 {
		return automation.Invalid("%q can not name a namespace: %s", namespace, strings.Join(problems, "; "))
	}
	return nil
}
