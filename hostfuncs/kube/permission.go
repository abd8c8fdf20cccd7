package kube

import (
	"fmt"
	"path"
	"strings"
	"time"

	"github.com/squall-dev/squall/hostfuncs"
	"github.com/squall-dev/squall/runtime/automation"
)

// The verbs of a pack's kubernetes capability.
const (
	verbExec        = "exec"
	verbList        = "list"
	verbGet         = "get"
	verbLogs        = "logs"
	verbProxy       = "proxy"
	verbPortForward = "port_forward"
	verbApply       = "apply"
	verbPatch       = "patch"
	verbDelete      = "delete"
	verbScale       = "scale"
	verbRestart     = "restart"
	verbCordon      = "cordon"
	verbDrain       = "drain"
	verbEvents      = "events"
	verbDebug       = "debug"
	verbStats       = "stats"
)

// target is what one request wants to touch.
type target struct {
	context   string // of the kubeconfig; empty: the server's own
	verb      string
	group     string // API group; empty for the core
	resource  string // plural
	namespace string // empty: all of them, or an object that has none
	name      string // empty: objects of any name

	labels    map[string]string // nil: not known, so that no entry with labels allows it
	anyLabels bool              // whatever they are
}

// check is nil, or an error of kind ErrDenied that names the missing line.
func (t target) check(c automation.Capabilities) error {
	if t.allowed(c) {
		return nil
	}
	if t.labels != nil {
		return automation.Denied("the pack may not %s, which does not have the labels that its capability names", t).
			WithHint("see them: kubectl get %s %s --show-labels", t.qualified(), t.name)
	}
	return missing(t)
}

// permit asks what the pack asks for and what the operator grants.
func (t target) permit(who hostfuncs.Caller) error { return who.Permit(t.check) }

func (t target) allowed(c automation.Capabilities) bool {
	for _, entry := range c.Kubernetes {
		if t.coveredBy(entry) {
			return true
		}
	}
	return false
}

func (t target) coveredBy(entry automation.KubernetesCapability) bool {
	return (t.context == "" || anyMatch(entry.Contexts, t.context)) &&
		anyMatch(entry.Verbs, t.verb) &&
		t.resourceIn(entry.Resources) &&
		t.labelsIn(entry.Labels) &&
		(entry.Until.IsZero() || time.Now().Before(entry.Until)) &&
		t.named(entry)
}

// named reports whether an entry allows the target's namespace and name.
func (t target) named(entry automation.KubernetesCapability) bool {
	if len(entry.Pods) > 0 {
		return t.inPods(entry.Pods)
	}
	return within(entry.Namespaces, t.namespace) && (t.name == "" || within(entry.Names, t.name))
}

// inPods looks for the pair "namespace/name". Without a name it is enough that some
// Pod of the namespace is allowed: each is looked at when it is found.
func (t target) inPods(pods []string) bool {
	for _, pair := range pods {
		namespace, name, _ := strings.Cut(pair, "/")
		if t.namespace != "" && anyMatch([]string{namespace}, t.namespace) && (t.name == "" || anyMatch([]string{name}, t.name)) {
			return true
		}
	}
	return false
}

// resourceIn accepts "deployments.apps" for exactly that, and plain
// "deployments" for the resource of Kubernetes itself: never for one of the same
// name that an operator installed in a group of its own.
func (t target) resourceIn(entries []string) bool {
	names := []string{t.resource + "." + t.group}
	if t.group == "" {
		names[0] = t.resource
	} else if ownGroup(t.group) {
		names = append(names, t.resource)
	}
	for _, name := range names {
		if anyMatch(entries, name) {
			return true
		}
	}
	return false
}

// within reports whether a list of the capability allows value. An empty list
// allows every value; only "*" or an empty list allows all of them at once.
func within(entries []string, value string) bool {
	if len(entries) == 0 {
		return true
	}
	if value == "" {
		return anyEqual(entries, "*")
	}
	return anyMatch(entries, value)
}

func anyEqual(entries []string, value string) bool {
	for _, entry := range entries {
		if entry == value {
			return true
		}
	}
	return false
}

// anyMatch reports whether one of the shell patterns matches; a pattern that is
// not well-formed matches nothing.
func anyMatch(patterns []string, value string) bool {
	for _, pattern := range patterns {
		if ok, err := path.Match(pattern, value); err == nil && ok {
			return true
		}
	}
	return false
}

func missing(t target) error {
	return automation.Denied("the pack may not %s", t).
		WithHint("add to pack.yaml under capabilities.kubernetes: %s", t.line())
}

func (t target) String() string {
	what := t.qualified()
	if t.name != "" {
		what += " " + t.name
	}
	switch t.verb {
	case verbExec:
		what = "exec in " + what
	case verbProxy:
		what = "send requests to " + what
	case verbLogs, verbEvents, verbStats:
		what = "read the " + t.verb + " of " + what
	case verbPortForward:
		what = "forward ports of " + what
	default:
		what = t.verb + " " + what
	}
	if t.context != "" {
		what += " of the cluster " + t.context
	}
	if t.namespace != "" {
		return what + " in namespace " + t.namespace
	}
	if t.verb == verbList || t.verb == verbStats && t.name == "" {
		return what + " in all namespaces"
	}
	return what
}

func (t target) qualified() string {
	if t.group == "" {
		return t.resource
	}
	return t.resource + "." + t.group
}

// line is what pack.yaml lacks, ready to paste.
func (t target) line() string {
	more := ""
	if t.namespace != "" {
		more = fmt.Sprintf(", namespaces: [%s]", t.namespace)
	}
	if t.context != "" {
		more += fmt.Sprintf(", contexts: [%s]", t.context)
	}
	return fmt.Sprintf(`- {verbs: [%s], resources: [%s]%s, reason: "..."}`, t.verb, t.qualified(), more)
}
