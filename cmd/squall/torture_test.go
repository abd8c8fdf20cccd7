package main

import (
	"testing"

	"github.com/squall-dev/squall/runtime/torture"
)

func TestABrokenPromiseIsExitCodeOne(t *testing.T) {
	t.Parallel()
	kept, broken := torture.Promise{Checked: 3}, torture.Promise{Checked: 3, Count: 1, Broken: []string{"it is gone"}}
	if err := brokenPromises([]torture.Promise{kept}); err != nil {
		t.Error(err)
	}
	if got := exitOf(brokenPromises([]torture.Promise{kept, broken})); got != exitUnexpected {
		t.Errorf("exit code %d", got)
	}
}
