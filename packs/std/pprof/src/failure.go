package main

import (
	"errors"
	"fmt"
	"strings"

	squall "github.com/squall-dev/squall/sdk/go"
)

// final tells whether nothing else is worth trying: somebody cancels the execution.
func final(err error) bool { return errors.Is(err, squall.ErrCanceled) }

// failures is every way that was tried, and why it did not work.
type failures []failure

type failure struct {
	ways []string
	err  error
}

// add records a way. Ways that failed for the same reason share it.
func (f *failures) add(way string, err error) {
	if n := len(*f); n > 0 && (*f)[n-1].err.Error() == err.Error() {
		(*f)[n-1].ways = append((*f)[n-1].ways, way)
		return
	}
	*f = append(*f, failure{[]string{way}, err})
}

func (f failures) Error() string {
	var parts []string
	for _, one := range f {
		parts = append(parts, fmt.Sprintf("%s: %s", strings.Join(one.ways, ", "), firstLine(one.err.Error())))
	}
	return strings.Join(parts, "; ")
}

// Unwrap gives the reasons, so that one of them can be looked for.
func (f failures) Unwrap() []error {
	var errs []error
	for _, one := range f {
		errs = append(errs, one.err)
	}
	return errs
}

// firstLine shortens what a program or server said to what fits into a message.
func firstLine(s string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(s), "\n")
	if r := []rune(line); len(r) > 200 {
		return string(r[:200]) + "…"
	}
	return line
}

// saying adds to what happened the first line of what was said about it, if anything.
func saying(what, said string) string {
	if said = firstLine(said); said != "" {
		return what + ": " + said
	}
	return what
}

func size(bytes int64) string { return fmt.Sprintf("%.1f MiB", float64(bytes)/mib) }
