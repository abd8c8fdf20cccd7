package rewrite

// Limits bound what a module may contain. They lie several times above what the
// largest real modules have (interpreters of Python and Ruby, Go programs) and
// below what the compiler takes seconds or gigabytes for.
type Limits struct {
	Size        int    // bytes of the module
	Body        int    // bytes of one function
	Locals      int    // of one function
	Nesting     int    // of blocks in one function
	Branches    int    // blocks, branch targets, segments and metered operations in one function
	Merges      int64  // locals times branches of one function
	Functions   int    // imported and defined
	Types       int    // of functions
	TypeValues  int    // parameters and results of all types; the runtime remembers types for ever
	Params      int    // of one function
	Results     int    // of one function or block: a call or a branch gives the compiler as many values
	Globals     int    // defined
	Exports     int    // of all kinds
	Segments    int    // of data, and of elements
	Tables      int    // defined
	Elements    int    // bytes of the elements of all segments, written as short as possible
	TableSize   uint32 // elements of one table, now and ever
	MemoryPages uint32 // of 64 KiB that the module may have from the start
}

// DefaultLimits are the limits for modules from outside.
func DefaultLimits() Limits {
	return Limits{
		Size:        64 << 20,
		Body:        1 << 20,
		Locals:      10_000,
		Nesting:     2_000,
		Branches:    30_000,
		Merges:      4_000_000,
		Functions:   100_000,
		Types:       100_000,
		TypeValues:  200_000,
		Params:      1_000,
		Results:     16,
		Globals:     100_000,
		Exports:     100_000,
		Segments:    100_000,
		Tables:      16,
		Elements:    1 << 20,
		TableSize:   100_000,
		MemoryPages: 65_536,
	}
}
