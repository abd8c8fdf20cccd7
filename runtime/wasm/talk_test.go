package wasm

import (
	"testing"

	"github.com/squall-dev/squall/runtime/automation"
)

// What a program said before it was parked is output of the run too, and bounded.
func TestWhatAParkedProgramSaidIsBounded(t *testing.T) {
	t.Parallel()
	for name, e := range engines(t) {
		m := load(t, e, "talk")
		for limit, want := range map[int64]automation.FailureCode{99: automation.CodeOutputLimit, 100: ""} {
			for range 2 {
				if res := call(t, m, Call{Export: "x", Limits: automation.Limits{Output: limit}}); res.Code != want {
					t.Errorf("%s, limit %d: %q %s", name, limit, res.Code, res.Message)
				}
			}
		}
	}
}
