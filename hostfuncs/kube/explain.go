package kube

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/squall-dev/squall/hostfuncs"
	"github.com/squall-dev/squall/runtime/automation"
)

// rbac is the right that the server's own identity needs for a request.
type rbac struct {
	resource, group string
	verbs           string
	namespace       string // empty: cluster-wide
}

func (r rbac) hint() string {
	kind, where := "Role", " in namespace "+r.namespace
	if r.namespace == "" {
		kind, where = "ClusterRole", ""
	}
	return fmt.Sprintf(`give the server's identity a %s%s with {apiGroups: ["%s"], resources: ["%s"], verbs: [%s]}`,
		kind, where, r.group, r.resource, r.verbs)
}

// refused reports whether the API server does not know who we are.
func refused(err error) bool { return apierrors.IsUnauthorized(err) }

// explain turns what client-go or the API server said into an error of a kind,
// with the next step for people. Errors that have a kind already pass.
func explain(ctx context.Context, err error, doing string, right rbac) error {
	var known *automation.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &known):
		return err
	case hostfuncs.Over(ctx):
		return hostfuncs.Interrupted(ctx, doing)
	}
	if status := apierrors.APIStatus(nil); errors.As(err, &status) {
		return explainStatus(status, doing, right)
	}
	return automation.Unavailable("%s: the API server can not be reached", doing).Because(err).
		WithHint("check the server's address in the kubeconfig and the network between here and there")
}

func explainStatus(err apierrors.APIStatus, doing string, right rbac) error {
	status := err.Status()
	what := fmt.Sprintf("%s: %s", doing, status.Message)
	switch {
	case status.Code == http.StatusUnauthorized:
		return automation.Unavailable("%s: the API server does not accept the credentials", doing).
			WithHint("renew the token or certificate in the kubeconfig; it is read again at the next call")
	case status.Code == http.StatusForbidden:
		return automation.Denied("%s", what).WithHint("%s", right.hint())
	case status.Code == http.StatusNotFound, strings.Contains(status.Message, "container not found"),
		strings.Contains(status.Message, "is not valid for pod"):
		return automation.NotFound("%s", what)
	case strings.Contains(status.Message, "previous terminated container"):
		return automation.NotFound("%s", what).WithHint("the container has not been restarted, or its last life is forgotten")
	case strings.Contains(status.Message, "is waiting to start"):
		return automation.Unavailable("%s", what).WithHint("kube_events tells why; a container that was restarted has a log with previous")
	case status.Code == http.StatusConflict, strings.Contains(status.Message, "cannot exec"):
		return automation.Conflict("%s", what)
	case unreachable(status.Message):
		return automation.Unavailable("%s", what).
			WithHint("see that the process listens on that port of the Pod's address, not on 127.0.0.1 alone")
	case status.Code == http.StatusTooManyRequests, status.Code >= 500:
		return automation.Unavailable("%s", what)
	}
	return automation.Invalid("%s", what)
}
