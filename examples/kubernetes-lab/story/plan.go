// Package story tells, in a real cluster, what Squall is for: a service leaks, an alert
// fires, and the heap dump is there before the kernel kills the service. It takes times
// where they are made: from Squall's API, the API server's audit log and the Pod's
// status.
package story

import (
	"errors"
	"flag"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/squall-dev/squall/examples/kubernetes-lab/provision"
)

// Plan says what to tell, and how often.
type Plan struct {
	Runs      int
	Variants  []string
	Rates     []float64 // MiB a second, in turns
	Limit     int       // of the leaking Pods, in MiB
	Report    string    // a file for the rows as JSON; none when empty
	Manifests string    // folder of the lab's manifests
	ArgoCD    provision.ArgoCD
}

// Flags are those of lab story.
func Flags(f *flag.FlagSet) *Plan {
	p := &Plan{Variants: []string{"shell"}, Rates: []float64{4}}
	f.IntVar(&p.Runs, "runs", 1, "of each variant with each rate")
	f.IntVar(&p.Limit, "limit", 128, "memory limit of the leaking Pods, in MiB")
	f.StringVar(&p.Report, "report", "", "file for every row as JSON")
	f.Func("rates", "MiB leaked a second, such as 2,4,8 (default 4)", func(text string) error {
		p.Rates = nil
		for word := range strings.SplitSeq(text, ",") {
			rate, err := strconv.ParseFloat(word, 64)
			if err != nil || rate <= 0 || rate > 64 {
				return fmt.Errorf("%q is not a number above 0, at most 64", word)
			}
			p.Rates = append(p.Rates, rate)
		}
		return nil
	})
	f.Func("variants", "names with commas, or all (default shell)\n"+describeVariants(), func(text string) error {
		p.Variants = strings.Split(text, ",")
		if text == "all" {
			p.Variants = names()
		}
		return nil
	})
	return p
}

// Wants tells whether a variant is among what is to be told.
func (p *Plan) Wants(variant string) bool { return slices.Contains(p.Variants, variant) }

// Check refuses what can not be told.
func (p *Plan) Check() error {
	var problems []error
	if p.Runs < 1 || p.Runs > 1000 {
		problems = append(problems, fmt.Errorf("--runs %d is not from 1 to 1000", p.Runs))
	}
	if p.Limit < 64 || p.Limit > 2048 {
		problems = append(problems, fmt.Errorf("--limit %d is not from 64 to 2048", p.Limit))
	}
	for _, name := range p.Variants {
		if !slices.Contains(names(), name) {
			problems = append(problems, fmt.Errorf("there is no variant %q; there are %s", name, strings.Join(names(), ", ")))
		}
	}
	return errors.Join(problems...)
}
