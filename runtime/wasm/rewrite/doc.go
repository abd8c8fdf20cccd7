// Package rewrite reads WebAssembly modules that nobody vouches for, refuses
// those that would hurt the compiler, and rewrites the rest so that the host
// stays in charge while they run:
//
//   - fuel is charged for every instruction that runs, by straight pieces of code:
//     one unit each, nothing for block, loop, else, end, nop and drop; bulk
//     operations cost a unit more for every 8 bytes or for every table element,
//     memory.grow 2,000 more. Short pieces behind a branch are charged before it,
//     taken or not (flow.go). When it runs out, the guest calls the host at the
//     next function entry, loop head or bulk operation, which stops it or grants
//     more;
//   - nested calls of functions that may recurse are counted (recursion.go), so
//     that deep recursion ends long before the native stack;
//   - filling and copying memory happens in pieces, so that no instruction runs
//     for long;
//   - tables can not grow without end; mutable globals are exported, so that the
//     host can put them back; whatever changes state that can not be put back
//     (tables, segments, globals that hold no number) raises a flag; a start
//     function becomes an export, so that instantiating a module never runs its
//     code;
//   - on request, a program asks the host before it starts and before it reads
//     standard input, so that it can be frozen there and rewound.
//
// The package is pure: bytes in, bytes out. It accepts exactly one encoding of
// every instruction, the shortest of an opcode, so that it and the compiler can
// not read the same bytes differently. It does not type-check: the compiler does
// that, on the rewritten module.
package rewrite

// What a rewritten module exports and imports beyond what it did before. The
// names begin with a prefix that modules may not export themselves.
const (
	// ReservedPrefix begins the names of everything that Rewrite adds.
	ReservedPrefix = "squall:"
	// FuelExport is a mutable i64: fuel left. Below zero the guest calls yield.
	FuelExport = "squall:fuel"
	// DepthExport is a mutable i32: nested calls left. Below zero the guest calls
	// overflow.
	DepthExport = "squall:depth"
	// TouchedExport is a mutable i32 that is not zero once the module has changed
	// what can not be put back. Only modules that can do so have it.
	TouchedExport = "squall:touched"
	// StartExport is the module's start function, if it has one.
	StartExport = "squall:start"
	// MeterModule is where YieldImport and OverflowImport come from, both () -> ().
	MeterModule    = "squall:meter"
	YieldImport    = "yield"
	OverflowImport = "overflow"
	// EnterImport, () -> (), is called before _start, and AwaitImport, () -> i32,
	// before each read of standard input, again and again until it answers 0. Only
	// modules with a checkpoint import them, from MeterModule too.
	EnterImport = "enter"
	AwaitImport = "await"
)
