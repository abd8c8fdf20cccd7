// Package torture breaks a Squall server in every way that a machine can break it,
// and then checks that it kept its promises: it kills the process, cuts the power,
// fills the disk, flips bits and moves the clock. [Run] does it and reports one
// line a promise. README.md says what is promised and what is not.
//
// A torture that finds nothing proves something only if it could have found it:
// the power cut is repeated with a database that does not wait for its disk, and
// must then find events missing.
package torture

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
)

// Options say what is done, how often, and where.
type Options struct {
	// Seed makes the random choices; the same seed makes the same ones.
	Seed uint64
	// Rounds is how often each kind is repeated, where repeating makes sense; zero
	// means what each kind thinks is enough for a look.
	Rounds int
	// Dir is where the servers' data lies. What kept all its promises is removed.
	Dir string
	// Only names the kinds to do; empty means all but the soak.
	Only []string
	// For is how long the soak lasts.
	For time.Duration
	// Command starts this program so that it calls [Child].
	Command []string
	// Env is added to the environment of Command.
	Env []string
	// Out is where the lines go.
	Out io.Writer
	// Logs is where the servers' logs go; nil discards them.
	Logs io.Writer
}

// kind is one way to break a server.
type kind struct {
	name   string
	rounds int // when nobody says
	do     func(context.Context, *run) error
}

// kinds is the table of contents. One file stands for one kind.
func kinds() []kind {
	return []kind{
		{"kill", 20, kill},
		{"failpoints", 20, failpoints},
		{"power", 20, power},
		{"disk", 1, diskTrouble},
		{"bitflip", 20, bitflip},
		{"clock", 1, clock},
		{"model", 4, model},
		{"soak", 1, soak},
	}
}

// Kinds are the names for Options.Only.
func Kinds() (names []string) {
	for _, k := range kinds() {
		names = append(names, k.name)
	}
	return names
}

func (o Options) validate() (Options, error) {
	var errs []error
	for _, name := range o.Only {
		if !slices.Contains(Kinds(), name) {
			errs = append(errs, automation.Invalid("there is no torture %q", name).WithHint("there are: %s", strings.Join(Kinds(), ", ")))
		}
	}
	if o.Rounds < 0 || o.For < 0 {
		errs = append(errs, automation.Invalid("rounds and time can not be negative"))
	}
	if o.Dir == "" {
		errs = append(errs, automation.Invalid("the torture has no directory").WithHint("name one with --data"))
	}
	if o.Seed == 0 {
		o.Seed = uint64(time.Now().UnixNano())
	}
	if o.For == 0 {
		o.For = time.Minute
	}
	if o.Logs == nil {
		o.Logs = io.Discard
	}
	return o, errors.Join(errs...)
}

// chosen are the kinds to do. The soak takes as long as one likes, so it is asked
// for by name.
func (o Options) chosen() (chosen []kind) {
	for _, k := range kinds() {
		if slices.Contains(o.Only, k.name) || len(o.Only) == 0 && k.name != "soak" {
			chosen = append(chosen, k)
		}
	}
	return chosen
}

// Run tortures and returns the promises. The error tells of what kept it from
// looking, not of broken promises.
func Run(ctx context.Context, options Options) ([]Promise, error) {
	o, err := options.validate()
	if err != nil {
		return nil, err
	}
	if o.Dir, err = filepath.Abs(o.Dir); err != nil {
		return nil, fmt.Errorf("find the directory: %w", err)
	}
	if err := emptyDir(o.Dir); err != nil {
		return nil, err
	}
	fmt.Fprintf(o.Out, "seed %d, data in %s\n", o.Seed, o.Dir)
	var all []Promise
	for _, k := range o.chosen() {
		r := newRun(o, k)
		began := time.Now()
		if err := k.do(ctx, r); err != nil {
			return all, fmt.Errorf("torture %s (seed %d, data kept in %s): %w", k.name, o.Seed, r.dir, err)
		}
		r.print(time.Since(began))
		all = append(all, r.promises...)
		if !r.broken() {
			if err := os.RemoveAll(r.dir); err != nil {
				return all, fmt.Errorf("remove what is no longer needed: %w", err)
			}
		}
	}
	return all, nil
}

// emptyDir makes the directory. One with something in it may be somebody's data.
func emptyDir(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("make the directory of the torture: %w", err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("look at the directory of the torture: %w", err)
	}
	if len(entries) > 0 {
		return automation.Conflict("%s is not empty", dir).WithCode("not_empty").
			WithHint("the torture breaks what lies there: name a new directory with --data")
	}
	return nil
}

// Broken counts the promises that were not kept.
func Broken(all []Promise) (n int) {
	for _, p := range all {
		if !p.Kept() {
			n++
		}
	}
	return n
}
