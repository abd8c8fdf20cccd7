// Package budget holds guests back from changing too much: operators say how often
// what may be changed, a breaker pauses what keeps failing, and a switch stops
// every change at once. Calls that only read are never asked about.
//
// It decides in memory, at each changing host call. What was changed before a
// restart is told to it by [Guard.Recall], so that a restart gives nobody a fresh
// budget.
package budget

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
)

// Budget is how many changes of a kind may be made in a time, by all packs together.
// Lists hold names or shell patterns; an empty one means all.
type Budget struct {
	Name       string
	Verbs      []string // of Kubernetes, HTTP methods, or those of other host functions
	Packs      []string
	Clusters   []string // contexts of the kubeconfig
	Namespaces []string
	Hosts      []string
	Targets    []string // "pods/dm-demo-app/*"
	By         string   // counted apart for each: all (default), namespace, cluster, host, target, pack
	Limit      int
	Per        time.Duration
}

// Breaker pauses changes of one kind to one cluster or host when they keep failing.
// The zero value never does.
type Breaker struct {
	Failures int
	Within   time.Duration
	Pause    time.Duration
}

// Call is one change that a guest wants to make.
type Call struct {
	Pack      string
	Action    automation.Ref
	Execution string
	Change    automation.HostChange
	At        time.Time
}

// mostLimit bounds what a budget remembers.
const mostLimit = 100_000

// Validate tells all that is wrong with a list of budgets.
func Validate(all []Budget, b Breaker) error {
	var errs []error
	seen := map[string]bool{}
	for n, budget := range all {
		if err := budget.validate(); err != nil {
			errs = append(errs, fmt.Errorf("budget %d (%q): %w", n+1, budget.Name, err))
		}
		if seen[budget.Name] {
			errs = append(errs, fmt.Errorf("budget %d: there is one named %q already", n+1, budget.Name))
		}
		seen[budget.Name] = true
	}
	if b != (Breaker{}) && (b.Failures < 1 || b.Within <= 0 || b.Pause <= 0) {
		errs = append(errs, errors.New("breaker: failures, within and pause are needed together, each greater than 0"))
	}
	return errors.Join(errs...)
}

func (b Budget) validate() error {
	var errs []error
	if b.Name == "" {
		errs = append(errs, errors.New("name is missing"))
	}
	if b.Limit < 0 || b.Limit > mostLimit {
		errs = append(errs, fmt.Errorf("limit is %d; it may be from 0 (never) to %d", b.Limit, mostLimit))
	}
	if b.Per <= 0 {
		errs = append(errs, errors.New("per is missing: a duration such as 10m"))
	}
	if !slices.Contains(dimensions(), b.By) && b.By != "" {
		errs = append(errs, fmt.Errorf("by is %q; it may be %s", b.By, strings.Join(dimensions(), ", ")))
	}
	for _, list := range [][]string{b.Verbs, b.Packs, b.Clusters, b.Namespaces, b.Hosts, b.Targets} {
		for _, pattern := range list {
			if _, err := path.Match(pattern, ""); err != nil {
				errs = append(errs, fmt.Errorf("%q is not a pattern", pattern))
			}
		}
	}
	return errors.Join(errs...)
}

func dimensions() []string { return []string{"all", "namespace", "cluster", "host", "target", "pack"} }

// covers reports whether the budget counts a call.
func (b Budget) covers(c Call) bool {
	return matches(b.Verbs, c.Change.Verb) && matches(b.Packs, c.Pack) && matches(b.Clusters, c.Change.Cluster) &&
		matches(b.Namespaces, c.Change.Namespace) && matches(b.Hosts, c.Change.Host) && matches(b.Targets, c.Change.Target)
}

func matches(patterns []string, value string) bool {
	if len(patterns) == 0 {
		return true
	}
	return slices.ContainsFunc(patterns, func(p string) bool {
		ok, err := path.Match(p, value)
		return err == nil && ok
	})
}

// key is what the budget counts a call under.
func (b Budget) key(c Call) string {
	switch b.By {
	case "namespace":
		return c.Change.Cluster + "/" + c.Change.Namespace
	case "cluster":
		return c.Change.Cluster
	case "host":
		return c.Change.Host
	case "target":
		return c.Change.Cluster + "/" + c.Change.Target
	case "pack":
		return c.Pack
	}
	return ""
}

// window are the times of the changes that count now, oldest first, one list a key.
type window map[string][]time.Time

// used drops what no longer counts and returns how many are left.
func (w window) used(key string, since time.Time) int {
	times := w[key]
	n := 0
	for n < len(times) && !times[n].After(since) {
		n++
	}
	if times = times[n:]; len(times) == 0 {
		delete(w, key)
		return 0
	}
	w[key] = times
	return len(times)
}
