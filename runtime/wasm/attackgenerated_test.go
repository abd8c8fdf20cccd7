package wasm

import (
	"slices"
	"strings"
	"testing"
)

// generatedAttacks are those that are not written by hand. Their expectations are
// lines as in testdata/attacks.
func generatedAttacks(t *testing.T) (all []attack) {
	t.Helper()
	for _, group := range [][]generatedAttack{brokenAttacks(), functionAttacks(), sectionAttacks(), stackAttacks()} {
		for _, g := range group {
			a := attack{name: g.name, build: g.build, generated: true, slow: g.slow, peak: peakOfLoads}
			for line := range strings.SplitSeq(g.expect, "\n") {
				if why, ok := strings.CutPrefix(line, "fails until "); ok {
					a.failsUntil = why
				} else {
					a.expect = append(a.expect, parseExpectation(t, line))
				}
			}
			all = append(all, a)
		}
	}
	return all
}

type generatedAttack struct {
	name, expect string
	slow         bool
	build        func() [][]byte
}

func brokenAttacks() []generatedAttack {
	return []generatedAttack{
		{"file-of-another-kind", `refused "refused"`, false, notModules},
		{"component", `refused "this is a component"`, false, func() [][]byte { return one([]byte("\x00asm\x0d\x00\x01\x00\x00\x01\x00")) }},
		{"truncated-anywhere", `refused`, false, truncated},
		{"lies-anywhere", `any`, true, lies},
		{"numbers-overlong", `refused`, false, overlong},
		{"sections-in-disorder", `refused`, false, disorder},
		{"struct-type", `refused "type form 0x5f"`, false, func() [][]byte { return one(action(ret).with(1, []byte{2, 0x60, 0, 1, 0x7f, 0x5f, 0}).module()) }},
	}
}

// ifs writes n conditions with nothing in them.
func ifs(n int) []byte { return append(times(n, 0x41, 1, 0x04, 0x40, 0x0b), ret...) }

// nested writes n blocks in each other.
func nested(n int) []byte { return slices.Concat(times(n, 0x02, 0x40), times(n, 0x0b), ret) }

// chain writes br_ifs out of one block.
func chain(n int) []byte {
	return slices.Concat([]byte{0x02, 0x40}, times(n, 0x41, 0, 0x0d, 0), []byte{0x0b}, ret)
}

// table writes a br_table with n targets.
func table(n int) []byte {
	return slices.Concat([]byte{0x02, 0x40, 0x41, 0, 0x0e}, uleb(n), times(n+1, 0), []byte{0x0b}, ret)
}

// pile loads n values, so that all are alive, and adds them up.
func pile(n int) []byte {
	return slices.Concat(times(n, 0x41, 0, 0x28, 2, 0), times(n-1, 0x6a), []byte{0x1a}, ret)
}

// fill repeats code up to the limit of a function's size.
func fill(code ...byte) []byte { return append(times((1<<20-100)/len(code), code...), ret...) }

func functionAttacks() []generatedAttack {
	refuse := func(name, want string, code []byte) generatedAttack {
		return generatedAttack{name, `refused ` + want, false, func() [][]byte { return one(action(code).module()) }}
	}
	largest := func(name string, code ...byte) generatedAttack {
		return generatedAttack{"largest-function-of-" + name, `run ok null`, true, func() [][]byte { return one(action(fill(code...)).module()) }}
	}
	accept := func(name string, code []byte) generatedAttack {
		return generatedAttack{name, `run ok null`, true, func() [][]byte { return one(action(code).module()) }}
	}
	return []generatedAttack{
		refuse("nesting-20000", `"function 0 has 2001 nested blocks, the limit is 2000"`, nested(20_000)),
		refuse("nesting-200000", `"function 0 has 2001 nested blocks, the limit is 2000"`, nested(200_000)),
		refuse("branches-50000", `"function 0" "branches, the limit is 30000"`, chain(50_000)),
		refuse("branch-table-of-a-million", `"function 0" "branches, the limit is 30000"`, table(1_000_000)),
		refuse("branch-table-that-lies", `"function 0" "branches, the limit is 30000"`, slices.Concat([]byte{0x41, 0, 0x0e}, []byte{0xff, 0xff, 0xff, 0xff, 0x0f}, ret)),
		refuse("function-of-4-mib", `"function 0" "bytes of code, the limit is 1048576"`, append(times(2<<20, 0x01, 0x01), ret...)),
		accept("nesting-at-the-limit", nested(1_990)),
		accept("branches-at-the-limit", chain(14_990)),
		accept("branch-table-at-the-limit", table(29_990)),
		accept("ifs-at-the-limit", ifs(9_990)),
		accept("loops-at-the-limit", append(times(3_700, 0x03, 0x40, 0x0b), ret...)),
		accept("bulk-at-the-limit", append(times(4_200, 0x41, 0, 0x41, 0, 0x41, 0, 0xfc, 11, 0), ret...)),
		accept("grow-at-the-limit", append(times(4_200, 0x41, 0, 0x40, 0, 0x1a), ret...)),
		accept("pile-of-values", pile(100_000)),
		largest("nothing", 0x01),
		largest("constants", 0x41, 0, 0x1a),
		largest("divisions", 0x41, 1, 0x41, 1, 0x6d, 0x1a),
		largest("vectors", 0x41, 0, 0xfd, 0x0f, 0x41, 0, 0xfd, 0x0f, 0xfd, 0x6e, 0x1a),
		{"largest-function-of-calls", `run ok null`, true, func() [][]byte { return one(twoFunctions(fill(0x10, 1), nil).module()) }},
		{"indirect-calls-50000", "refused \"branches, the limit is 30000\"", true, func() [][]byte {
			return one(twoFunctions(append(times(50_000, 0x41, 0, 0x11, 1, 0), ret...), nil).with(4, []byte{1, 0x70, 0, 1}).with(9, []byte{1, 0, 0x41, 0, 0x0b, 1, 1}).module())
		}},
		{"functions-of-20-mib", `run ok null`, true, func() [][]byte {
			return one(manyFunctions(2_000, append(times(1_500, 0x41, 1, 0x41, 2, 0x6a, 0x1a, 0x01), ret...)).module())
		}},
		{"functions-100000", `run ok null`, true, func() [][]byte { return one(manyFunctions(99_990, ret).module()) }},
		{"functions-100001", `refused "functions, the limit is 100000"`, false, func() [][]byte { return one(manyFunctions(100_001, ret).module()) }},
	}
}

// twoFunctions has an action and a function without parameters and results.
func twoFunctions(first, second []byte) parts {
	p := action(nil)
	p[1] = []byte{2, 0x60, 0, 1, 0x7f, 0x60, 0, 0}
	p[3] = []byte{2, 0, 1}
	p[10] = vec(2, append(body(0, nil, first), body(0, nil, second)...))
	return p
}

// manyFunctions has n actions with the same code, one of which is exported.
func manyFunctions(n int, code []byte) parts {
	return action(nil).with(3, vec(n, times(n, 0))).with(10, vec(n, times(n, body(0, nil, code)...)))
}
