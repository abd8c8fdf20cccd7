package wasm

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
)

const mega = 1 << 20

// sectionAttacks are modules whose sections other than the code are too large, or
// lie.
func sectionAttacks() []generatedAttack {
	g := func(name, expect string, p func() parts) generatedAttack {
		return generatedAttack{name, expect, false, func() [][]byte { return one(p().module()) }}
	}
	slow := func(name, expect string, p func() parts) generatedAttack {
		a := g(name, expect, p)
		a.slow = true
		return a
	}
	return []generatedAttack{
		g("locals-4-billion", `refused "function 0 has 4294967295 locals, the limit is 10000"`, func() parts { return actionWith(1, append(uleb(1<<32-1), 0x7f), ret) }),
		g("locals-2^28", `refused "function 0 has 268435456 locals"`, func() parts { return actionWith(1, append(uleb(1<<28), 0x7b), ret) }),
		g("locals-that-wrap", `refused "locals"`, func() parts { return actionWith(2, times(2, append(uleb(1<<31), 0x7e)...), ret) }),
		g("locals-in-groups-that-lie", `refused "truncated"`, func() parts { return actionWith(1<<32-1, []byte{1, 0x7f}, nil) }),
		g("locals-in-empty-groups", `run ok null`, func() parts { return actionWith(500_000, times(500_000, 0, 0x7f), ret) }),
		g("locals-at-the-limit", `run ok null`, func() parts { return actionWith(1, append(uleb(10_000), 0x7b), ret) }),

		g("types-that-lie", `refused "truncated"`, func() parts { return action(ret).with(1, append(uleb(100_000), 0x60, 0, 1, 0x7f)) }),
		g("types-too-many", `refused "types, the limit is 100000"`, func() parts { return action(ret).with(1, vec(100_001, times(100_001, 0x60, 0, 1, 0x7f))) }),
		g("parameters-too-many", `refused "parameters in one function type, the limit is 1000"`, func() parts {
			return action(ret).with(1, vec(2, slices.Concat([]byte{0x60, 0, 1, 0x7f, 0x60}, vec(1001, times(1001, 0x7f)), []byte{0})))
		}),
		g("results-too-many", `refused "results in one function type, the limit is 16"`, func() parts {
			return action(ret).with(1, vec(2, slices.Concat([]byte{0x60, 0, 1, 0x7f, 0x60, 0}, vec(17, times(17, 0x7f)))))
		}),
		slow("types-of-2-mib", "refused \"parameters\"", func() parts {
			return action(ret).with(1, vec(2_000, append([]byte{0x60, 0, 1, 0x7f}, each(1_999, wideType)...)))
		}),

		g("globals-10-million", `refused "globals, the limit is 100000"`, func() parts { return action(ret).with(6, vec(10_000_000, times(10_000_000, 0x7f, 1, 0x41, 0, 0x0b))) }),
		slow("globals-at-the-limit", "run ok null\nrun ok null", func() parts { return action(ret).with(6, vec(100_000, times(100_000, 0x7f, 1, 0x41, 0, 0x0b))) }),
		g("global-that-is-computed-for-long", `run ok null`, func() parts {
			return action(ret).with(6, vec(1, slices.Concat([]byte{0x7f, 0, 0x41, 1}, times(mega, 0x41, 1, 0x6a), []byte{0x0b})))
		}),

		g("exports-too-many", `refused "exports, the limit is 100000"`, func() parts { return action(ret).with(7, vec(100_001, each(100_001, numberedExport))) }),
		slow("exports-at-the-limit", `"x99999" ok null`, func() parts { return action(ret).with(7, vec(100_000, each(100_000, numberedExport))) }),
		slow("exports-with-names-of-a-mib", `"x0" ok null`, func() parts {
			return action(ret).with(7, vec(51, append(numberedExport(0), each(50, func(i int) []byte { return append(text(strings.Repeat(fmt.Sprint(i%10), mega+i)), 0, 0) })...)))
		}),
		g("export-with-a-reserved-name-of-a-mib", "refused \"are reserved\"", func() parts {
			return action(ret).with(7, vec(1, append(text("squall:"+strings.Repeat("\x00", mega)), 0, 0)))
		}),
		g("export-with-an-invalid-name", `refused "not valid"`, func() parts { return action(ret).with(7, vec(1, append(text("run\xff\xfe"), 0, 0))) }),
		g("export-of-nothing", `refused "there is no function 99"`, func() parts { return action(ret).with(7, vec(1, append(text("run"), 0, 99))) }),

		slow("imports-too-many", "refused \"not there\"", func() parts {
			return importing(50_000, func(i int) []byte { return slices.Concat(text("env"), text(fmt.Sprint("nothing", i)), []byte{0, 0}) })
		}),
		g("imports-with-names-of-a-mib", "refused \"not there\"", func() parts {
			return importing(20, func(i int) []byte {
				return slices.Concat(text(strings.Repeat("e", mega)), text(strings.Repeat("\xff", mega)), []byte{0, 0})
			})
		}),
		slow("imports-at-the-limit", `run ok null`, func() parts {
			return importing(99_990, func(int) []byte { return slices.Concat(text("squall"), text("input_len"), []byte{0, 0}) })
		}),

		slow("data-of-100-mb", `refused "the module has 100000" "bytes, the limit is"`, func() parts {
			return action(ret).with(11, vec(1, append([]byte{1}, sized(make([]byte, 100_000_000))...)))
		}),
		slow("data-of-60-mib", `run ok null`, func() parts { return action(ret).with(11, vec(1, append([]byte{1}, sized(make([]byte, 60*mega))...))) }),
		g("data-segments-too-many", `refused "data segments, the limit is 100000"`, func() parts { return action(ret).with(11, vec(100_001, times(100_001, 1, 0))) }),
		slow("data-segments-at-the-limit", `run ok null`, func() parts { return action(ret).with(11, vec(100_000, times(100_000, 0, 0x41, 0, 0x0b, 0))) }),
		g("data-count-that-lies", `refused "not valid"`, func() parts { return action(ret).with(12, uleb(1<<32-1)).with(11, vec(1, []byte{1, 0})) }),

		g("elements-too-many", `refused "elements in one segment, the limit is 100000"`, func() parts {
			return action(ret).with(4, []byte{1, 0x70, 0, 1}).with(9, vec(1, append([]byte{0, 0x41, 0, 0x0b}, vec(100_001, times(100_001, 0))...)))
		}),
		slow("element-segments-at-the-limit", `run ok null`, func() parts {
			return action(ret).with(4, []byte{1, 0x70, 0, 1}).with(9, vec(100_000, times(100_000, 0, 0x41, 0, 0x0b, 1, 0)))
		}),
		slow("elements-2-million", "refused \"elements\"", func() parts {
			segment := append([]byte{0, 0x41, 0, 0x0b}, vec(100_000, times(100_000, 0))...)
			return action(ret).with(4, append([]byte{1, 0x70, 0}, uleb(100_000)...)).with(9, vec(20, times(20, segment...)))
		}),

		slow("custom-section-of-60-mib", `run ok null`, func() parts { return action(ret).with(0, append(text("x"), make([]byte, 60*mega)...)) }),
		g("custom-section-without-a-name", `refused "truncated"`, func() parts { return action(ret).with(0, []byte{0xff, 0xff, 0x03, 'x'}) }),
		g("custom-section-with-an-invalid-name", `run ok null`, func() parts { return action(ret).with(0, text("\xff\xfe\x00")) }),
		g("names-that-lie", `run ok null`, func() parts { return action(ret).with(0, append(text("name"), 1, 0xff, 0xff, 0xff, 0xff, 0x0f, 1, 0)) }),
		g("names-out-of-order", `run ok null`, func() parts { return action(ret).with(0, append(text("name"), 1, 7, 2, 9, 1, 'a', 0, 1, 'b')) }),
		g("names-that-are-not-text", "run trap \"unreachable\"", func() parts { return action([]byte{0}).with(0, append(text("name"), 1, 6, 1, 0, 3, 0xff, 0xfe, '\n')) }),
		g("name-of-a-mib-in-a-trace", `run trap "unreachable"`, func() parts {
			names := slices.Concat([]byte{1, 0}, text(strings.Repeat("\x1b[31m\n", mega/6)))
			return action([]byte{0}).with(0, slices.Concat(text("name"), []byte{1}, sized(names)))
		}),
	}
}

// wideType is a function type of 1,000 parameters, different for each i.
func wideType(i int) []byte {
	params := times(1000, 0x7f)
	for bit := range 20 {
		params[bit] -= byte(i >> bit & 1)
	}
	return slices.Concat([]byte{0x60}, sized(params), []byte{0})
}

func numberedExport(i int) []byte { return append(text(fmt.Sprint("x", i)), 0, 0) }

// importing is an action behind n imported functions.
func importing(n int, item func(int) []byte) parts {
	return action(ret).with(2, vec(n, each(n, item))).with(7, vec(1, binary.AppendUvarint(append(text("run"), 0), uint64(n))))
}
