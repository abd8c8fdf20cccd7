package story

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"time"

	"github.com/squall-dev/squall/examples/kubernetes-lab/cluster"
	"github.com/squall-dev/squall/examples/kubernetes-lab/node"
)

// outage is how long the API server can not be reached.
const outage = 10 * time.Second

// deletePod is what a rollout does while an alert is on its way.
func (r *run) deletePod() error {
	if err := r.cluster.Delete(r.ctx, r.path(r.pods[0])); err != nil {
		return err
	}
	return r.cluster.Until(r.ctx, 8*time.Second, "the Pod is gone", func(ctx context.Context) error {
		err := r.cluster.Get(ctx, r.path(r.pods[0]), nil)
		if errors.Is(err, cluster.ErrNotFound) {
			return nil
		}
		return errors.Join(errors.New("it is still there"), err)
	})
}

// restartContainer ends the program, as a failing liveness probe would.
func (r *run) restartContainer() error {
	// The program is gone before it can say how it ended: whether this worked shows
	// below.
	_ = r.cluster.Run(r.ctx, "kubectl", "-n", namespace, "exec", r.pods[0], "--", "kill", "1")
	return r.cluster.Until(r.ctx, 8*time.Second, "the container runs again", func(ctx context.Context) error {
		var p pod
		if err := r.cluster.Get(ctx, r.path(r.pods[0]), &p); err != nil {
			return err
		}
		if s := p.Status.ContainerStatuses; len(s) == 1 && s[0].RestartCount > 0 && s[0].State.Running != nil && p.ready() {
			return nil
		}
		return errors.New("it does not")
	})
}

// unroute takes the API server's address away, and gives it back later.
func (r *run) unroute() error {
	if err := address(r.ctx, "del"); err != nil {
		return err
	}
	return r.later(func() error { return address(context.WithoutCancel(r.ctx), "add") })
}

// freeze stops the API server, and lets it go on later.
func (r *run) freeze() error {
	if err := r.cluster.Freeze(); err != nil {
		return err
	}
	return r.later(r.cluster.Thaw)
}

// later does something after the outage. The run waits for it before it ends.
func (r *run) later(do func() error) error {
	ended := make(chan error, 1)
	r.pending = append(r.pending, ended)
	time.AfterFunc(outage, func() { ended <- do() })
	return nil
}

func address(ctx context.Context, what string) error {
	words := strings.Fields("addr " + what + " " + node.ServiceAddress + "/32 dev lab0")
	if out, err := exec.CommandContext(ctx, "ip", words...).CombinedOutput(); err != nil {
		return fmt.Errorf("ip %s: %w: %s", strings.Join(words, " "), err, out)
	}
	return nil
}
