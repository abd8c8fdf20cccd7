package packs

import (
	"fmt"
	"slices"

	"github.com/squall-dev/squall/runtime/automation"
)

// didYouMean returns the end of a message that names the known name nearest to
// name, or "" when none is near.
func didYouMean(name string, known []string) string {
	best := automation.Closest(name, slices.Sorted(slices.Values(known)))
	if best == "" {
		return ""
	}
	return fmt.Sprintf("; did you mean %q?", best)
}
