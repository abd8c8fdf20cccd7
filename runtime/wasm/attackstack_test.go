package wasm

import "slices"

// stackAttacks recurse with frames as large as can be: what stands in a frame is
// not only what was declared.
func stackAttacks() []generatedAttack {
	g := func(name, expect string, p func() parts) generatedAttack {
		return generatedAttack{name, expect, true, func() [][]byte { return one(p().module()) }}
	}
	return []generatedAttack{
		g("recursion-with-locals", `run stack_limit "nested"`, func() parts { return actionWith(1, append(uleb(1000), 0x7e), keepLocals(1000)) }),
		g("recursion-with-the-most-locals", `run stack_limit "nested"`, func() parts { return actionWith(1, append(uleb(9_990), 0x7e), keepLocals(9_990)) }),
		g("recursion-with-operands", `run stack_limit "nested"`, func() parts {
			return action(slices.Concat(times(5_000, 0x41, 0, 0x28, 2, 0), []byte{0x10, 0}, times(5_000, 0x6a)))
		}),
		g("recursion-with-vectors", `run stack_limit "nested"`, func() parts {
			return action(slices.Concat(times(2_000, 0x41, 0, 0xfd, 0, 4, 0), []byte{0x10, 0, 0x1a}, times(1_999, 0xfd, 0x6e), []byte{0xfd, 0x1b, 0}))
		}),
		g("recursion-with-parameters", `run stack_limit "nested"`, recursionWithParameters),
		g("calls-that-fan-out", "run timeout\nrun fuel=1000000 out_of_fuel", func() parts { return fanOut(60) }),
	}
}

// keepLocals loads every local, recurses, and uses them all afterwards.
func keepLocals(n int) []byte {
	loads := each(n, func(i int) []byte { return slices.Concat([]byte{0x41, 0, 0x29, 3, 0, 0x21}, uleb(i)) })
	uses := each(n, func(i int) []byte { return slices.Concat([]byte{0x20}, uleb(i), []byte{0xa7, 0x6a}) })
	return slices.Concat(loads, []byte{0x10, 0}, uses)
}

// recursionWithParameters hands 1,000 parameters from call to call.
func recursionWithParameters() parts {
	pass := each(1000, func(i int) []byte { return slices.Concat([]byte{0x20}, uleb(999-i)) })
	p := action(nil)
	p[1] = vec(2, slices.Concat([]byte{0x60, 0, 1, 0x7f, 0x60}, sized(times(1000, 0x7e)), []byte{1, 0x7f}))
	p[3] = []byte{2, 0, 1}
	p[10] = vec(2, slices.Concat(body(0, nil, slices.Concat(times(1000, 0x42, 7), []byte{0x10, 1})),
		body(0, nil, slices.Concat(pass, []byte{0x10, 1, 0x20, 0, 0xa7, 0x6a}))))
	return p
}

// fanOut is a row of functions, each of which calls the next one twice: 2^n calls,
// n deep, without a loop.
func fanOut(n int) parts {
	bodies := each(n, func(i int) []byte { return body(0, nil, []byte{0x10, byte(i + 1), 0x10, byte(i + 1), 0x6a}) })
	return action(nil).with(3, vec(n+1, times(n+1, 0))).with(10, vec(n+1, append(bodies, body(0, nil, ret)...)))
}
