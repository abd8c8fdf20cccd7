package runner

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/wasm"
)

// lent is a module that answers what it is told to, and counts what is given back.
type lent struct {
	result   wasm.Result
	err      error
	released int
}

func (l *lent) Call(context.Context, wasm.Call) (wasm.Result, error) { return l.result, l.err }

func (l *lent) Acquire(automation.Ref) (Lease, error) {
	return Lease{Module: l, Pack: "p", Release: func() { l.released++ }}, nil
}

func TestFailuresSayWhatToDo(t *testing.T) {
	t.Parallel()
	fault := errors.New("a fault")
	for _, tt := range []struct {
		name          string
		module        *lent
		code          automation.FailureCode
		message, hint string
		err           error
	}{
		{"a success", &lent{}, "", "", "", nil},
		{"too many host calls", &lent{result: wasm.Result{Code: automation.CodeHostCallLimit}}, automation.CodeHostCallLimit, "", "limits.host_calls in pack.yaml of p", nil},
		{"too much memory", &lent{result: wasm.Result{Code: automation.CodeMemoryLimit}}, automation.CodeMemoryLimit, "", "limits.memory", nil},
		{"a crash", &lent{result: wasm.Result{Code: automation.CodeTrap, Message: "crashed"}}, automation.CodeTrap, "crashed", "", nil},
		{"no memory for another guest", &lent{err: automation.Unavailable("in use").WithHint("later")}, automation.CodeInternal, "in use", "later", nil},
		{"a fault of the platform", &lent{err: fault}, "", "", "", fault},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r, err := NewWasm(tt.module, nil, nil).Run(t.Context(), Job{})
			if !errors.Is(err, tt.err) || r.Code != tt.code || r.Message != tt.message || !strings.Contains(r.Hint, tt.hint) || (tt.hint == "") != (r.Hint == "") {
				t.Errorf("%+v, %v", r, err)
			}
			if tt.module.released != 1 {
				t.Errorf("the lease was given back %d times", tt.module.released)
			}
		})
	}
}
