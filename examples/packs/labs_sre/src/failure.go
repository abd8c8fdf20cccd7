package main

import (
	"errors"
	"fmt"
	"strings"

	squall "github.com/squall-dev/squall/sdk/go"
)

// errCommand is a command that ran and said no.
var errCommand = errors.New("the command failed")

// final tells whether no other way is worth trying: the caller's own command has
// answered, or somebody cancels the execution.
func final(err error) bool {
	return errors.Is(err, errCommand) || errors.Is(err, squall.ErrCanceled)
}

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

// Unwrap gives the latest reason first: the last way is the one that needs least
// of the Pod, so its hint is the one to follow.
func (f failures) Unwrap() []error {
	var errs []error
	for i := len(f) - 1; i >= 0; i-- {
		errs = append(errs, f[i].err)
	}
	return errs
}
