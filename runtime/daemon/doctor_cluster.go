package daemon

import (
	"context"
	"fmt"
	"strings"

	"github.com/squall-dev/squall/runtime/automation"
)

// clusterReached looks whether the cluster answers, and gives the server's identity
// what the packs need. Without a pack that asks for a cluster there need be none.
func (d *doctor) clusterReached() finding {
	var wanted []automation.KubernetesCapability
	for _, p := range d.packs() {
		wanted = append(wanted, p.Capabilities.Kubernetes...)
	}
	if len(wanted) == 0 {
		return ok("no pack asks for a cluster")
	}
	got, err := d.reach(context.Background(), wanted)
	if err != nil {
		return warning(err.Error(), automation.HintOf(err))
	}
	if len(got.Missing) > 0 {
		return warning(fmt.Sprintf("%s answers; packs ask for what the server itself may not: %s", got.Version, strings.Join(first(got.Missing, 5), ", ")),
			"give its identity these rights, or do without what needs them")
	}
	return ok(fmt.Sprintf("%s answers, and gives all of %d rights that packs need", got.Version, got.Asked))
}

// first are the first of many, and how many more there are.
func first(all []string, most int) []string {
	if len(all) <= most {
		return all
	}
	return append(all[:most:most], fmt.Sprintf("and %d more", len(all)-most))
}
