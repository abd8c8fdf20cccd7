package story

import (
	"fmt"
	"strings"

	"github.com/squall-dev/squall/examples/kubernetes-lab/provision"
)

// variant is one way in which the story can go.
type variant struct {
	name, about string
	image       string
	pprof       string  // address of the profiles in the Pod
	rate        float64 // instead of the plan's, where the story needs time
	alerts      int     // in one webhook; 1 when 0
	webhook     string  // whose rule is to act; pprof when empty
	// between is what happens after the alert has been sent, before Squall hears of it.
	between func(*run) error
	// tell is how a run goes that does not begin with a webhook.
	tell func(*run) ([]row, error)
	// slow is a monitoring, and a kubelet, that are set up as usual.
	slow bool
	// want is by which way the dump must have come; empty when there may be none.
	want string
	// failing tells that no dump can be had, and what the failure must say.
	failing string
}

func variants() []variant {
	const anywhere, loopback = ":6060", "127.0.0.1:6060"
	return []variant{
		{name: "shell", about: "an image with a shell and wget", image: provision.LeakyImage, pprof: loopback, want: "exec"},
		{name: "bare", about: "an image with nothing but the program", image: provision.BareImage, pprof: anywhere, want: "proxy"},
		{name: "loopback", about: "the same, with profiles on 127.0.0.1 alone", image: provision.BareImage, pprof: loopback, want: "port-forward"},
		{name: "blind", about: "the same, without profiles: an ephemeral container looks at /proc", image: provision.BareImage, webhook: "inspect", want: "inspect"},
		{name: "twelve", about: "twelve alerts in one webhook", image: provision.LeakyImage, pprof: loopback, alerts: 12, rate: 2, webhook: "pprof-each", want: "exec"},
		{name: "deleted", about: "the Pod is deleted before Squall hears of the alert", image: provision.LeakyImage, pprof: loopback, between: (*run).deletePod, failing: "not found"},
		{name: "restarted", about: "its container is restarted in between", image: provision.LeakyImage, pprof: loopback, between: (*run).restartContainer, want: "exec"},
		{name: "outage", about: "the API server has no route for 10 s", image: provision.LeakyImage, pprof: loopback, rate: 2, between: (*run).unroute, want: "exec"},
		{name: "freeze", about: "the API server accepts connections and stays silent for 10 s", image: provision.LeakyImage, pprof: loopback, rate: 2, between: (*run).freeze, want: "exec"},
		{name: "race", about: "monitoring and kubelet are set up as usual: the sensor sees the leak, the alert comes too late", image: provision.BareImage, pprof: anywhere, rate: 1, tell: (*run).race, slow: true, want: "proxy"},
		{name: "watch", about: "the API server crashes twice under a watch on Pods, which change before, in the gap and after", image: provision.BareImage, rate: 1, tell: (*run).watch},
		{name: "swap", about: "kubectl apply exchanges a rule in the ConfigMap that Squall has mounted, once for one that is broken", rate: 1, tell: (*run).swap},
		{name: "pack", about: "a whole pack with its Wasm comes into service from a ConfigMap, a broken and a new version after it", rate: 1, tell: (*run).mountPack},
		{name: "argocd", about: "Argo CD's resource definitions look at the shipped manifests for it; Argo CD does not run", rate: 1, tell: (*run).argoCD},
		{name: "gitops", about: "Argo CD deploys Squall from Git, brings a changed rule into service and undoes drift; it is built once, for ten minutes", rate: 1, tell: (*run).gitops},
	}
}

func names() []string {
	var all []string
	for _, v := range variants() {
		all = append(all, v.name)
	}
	return all
}

func describeVariants() string {
	var lines []string
	for _, v := range variants() {
		lines = append(lines, fmt.Sprintf("  %-10s %s", v.name, v.about))
	}
	return strings.Join(lines, "\n")
}

func variantOf(name string) variant {
	for _, v := range variants() {
		if v.name == name {
			return v
		}
	}
	return variant{} // Plan.Check has refused it
}
