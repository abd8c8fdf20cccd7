package kube

import (
	"errors"
	"fmt"
	"testing"
)

func TestAnErrorDoesNotTellOfStepsOfTheTransport(t *testing.T) {
	t.Parallel()
	refused := errors.New("connection refused")
	other := fmt.Errorf("dial: %w", refused)
	for err, want := range map[error]error{
		fmt.Errorf("readLoopPeekFailLocked: %w", refused): refused,
		refused: refused, other: other,
	} {
		if got := withoutStep(err); got != want {
			t.Errorf("%v became %v", err, got)
		}
	}
}
