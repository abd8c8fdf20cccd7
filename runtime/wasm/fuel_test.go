package wasm

import (
	"slices"
	"testing"

	"github.com/squall-dev/squall/runtime/automation"
)

// Fuel is the number of instructions that were executed, counted here by hand:
// one each, nothing for block, loop, else, end, nop and drop, and what the table
// in package rewrite adds for bulk operations. Pieces of code of at most 32
// instructions are paid for by what leads to them, whichever way is taken then.
func TestFuelIsWhatWasExecuted(t *testing.T) {
	t.Parallel()
	const (
		block, loop, if_, else_, end  = 0x02, 0x03, 0x04, 0x05, 0x0b
		br, brIf, brTable, ret, call_ = 0x0c, 0x0d, 0x0e, 0x0f, 0x10
		i32const, drop, nop, void     = 0x41, 0x1a, 0x01, 0x40
		get, set, tee, add, i32       = 0x20, 0x21, 0x22, 0x6a, 0x7f
	)
	noise := func(n int) (code []byte) { // n instructions that matter to nobody, and n that are free
		for range n {
			code = append(code, i32const, 1, drop)
		}
		return code
	}
	code := func(parts ...any) (code []byte) {
		for _, p := range parts {
			switch p := p.(type) {
			case int:
				code = append(code, byte(p))
			case []byte:
				code = append(code, p...)
			}
		}
		return code
	}
	const none = 0
	for _, tt := range []struct {
		name string
		body []byte
		want int64
	}{
		{"one instruction", code(none, i32const, 0, end), 1},
		{"what is free", code(none, nop, nop, block, void, loop, void, nop, end, end, i32const, 0, end), 1},
		{"the branch that is taken", code(none, i32const, 1, if_, void, noise(35), else_, noise(40), end, i32const, 0, end), 2 + 35 + 1},
		{"the branch that is not taken", code(none, i32const, 0, if_, void, noise(40), else_, noise(36), end, i32const, 0, end), 2 + 36 + 1},
		{"no branch at all", code(none, i32const, 0, if_, void, noise(40), end, i32const, 0, end), 2 + 1},
		{"a short branch is paid for, taken or not", code(none, i32const, 0, if_, void, noise(20), end, i32const, 0, end), 2 + 20 + 1},
		{"of two short ones, the dearer", code(none, i32const, 0, if_, void, noise(20), else_, noise(5), end, i32const, 0, end), 2 + 20 + 1},
		{"a jump over code", code(none, block, void, noise(3), br, 0, noise(20), end, i32const, 0, end), 3 + 1 + 1},
		{"a jump on a condition", code(none, block, void, i32const, 1, brIf, 0, noise(40), end, i32const, 0, end), 2 + 1},
		{"no jump on a condition", code(none, block, void, i32const, 0, brIf, 0, noise(37), end, i32const, 0, end), 2 + 1 + 37 + 1},
		{"a return before the end", code(none, i32const, 0, ret, noise(20), end), 2},
		{"a return out of a call's function", code(none, block, void, i32const, 0, ret, call_, 0, drop, end, i32const, 0, end), 2},
		{"a call of the host", code(none, call_, 0, drop, i32const, 0, end), 2 + importFee},
		// Ten turns of local.get, const, add, local.tee, const, compare, br_if.
		{"a loop", code(1, 1, i32, loop, void, get, 0, i32const, 1, add, tee, 0, i32const, 10, 0x49, brIf, 0, end, i32const, 0, end), 10 * (7 + 1)},
		// A state machine as compilers of jumps make it: the head is passed five
		// times, the long state never entered.
		{"a state machine", code(1, 1, i32,
			loop, void, block, void, block, void, block, void,
			get, 0, i32const, 4, 0x49, brTable, 2, 0, 1, 2, // done, one more turn, never
			end, i32const, 0, ret,
			end, get, 0, i32const, 1, add, set, 0, br, 1,
			end, noise(40), br, 0,
			end, i32const, 0, end), 5 * (4 + 5)},
		{"filling memory", code(none, i32const, 0, i32const, 1, i32const, 0xc0, 0x06, 0xfc, 11, 0, i32const, 0, end), 4 + 832/8 + 1},
		{"growing memory", code(none, i32const, 0, 0x40, 0, drop, i32const, 0, end), 2 + 2000 + 1},
	} {
		for kind, e := range engines(t) {
			t.Run(kind+"/"+tt.name, func(t *testing.T) {
				m, err := e.Load(t.Context(), "count", build([]string{"squall.input_len"}, ":i", tt.body))
				if err != nil {
					t.Fatal(err)
				}
				for range 2 { // the instance that is used again counts from zero
					res := call(t, m, Call{Export: "run", Limits: automation.Limits{Fuel: 100_000}})
					if res.Code != "" || res.Usage.Fuel != tt.want {
						t.Errorf("fuel %d, want %d (%s)", res.Usage.Fuel, tt.want, res.Message)
					}
				}
			})
		}
	}
}

// A limit that is just enough is enough, wherever the guest was asked to wait.
func TestALimitThatIsJustEnough(t *testing.T) {
	t.Parallel()
	const bytes = 8 << 20 // whose cost is more than a quantum, in pieces that do not divide it
	fill := slices.Concat([]byte{0x41, 0, 0x41, 1, 0x41}, sleb(bytes), []byte{0xfc, 11, 0}, ret)
	code := action(fill).with(5, append([]byte{1, 0}, uleb(bytes/pageSize)...)).module()
	for kind, e := range engines(t) {
		m, err := e.Load(t.Context(), "fill", code)
		if err != nil {
			t.Fatal(err)
		}
		const cost = 5 + bytes/8
		for limit, want := range map[int64]automation.FailureCode{2 * cost: "", cost: "", cost - 1: automation.CodeOutOfFuel} {
			res := call(t, m, Call{Export: "run", Limits: automation.Limits{Fuel: limit}})
			if res.Code != want || res.Usage.Fuel != cost {
				t.Errorf("%s: of %d, %d are used, %q, want %d and %q", kind, limit, res.Usage.Fuel, res.Code, cost, want)
			}
		}
	}
}
