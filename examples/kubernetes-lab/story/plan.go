// Package story tells, in a real cluster, what Squall is for: a service leaks, an alert
// fires, and the heap dump is there before the kernel kills the service.
package story

import (
	"context"
	"flag"

	"github.com/squall-dev/squall/examples/kubernetes-lab/cluster"
)

type Plan struct{ Manifests string }

func Flags(f *flag.FlagSet) *Plan { return &Plan{} }
func (p *Plan) Check() error      { return nil }
func Tell(ctx context.Context, c *cluster.Cluster, p Plan) error { return nil }
