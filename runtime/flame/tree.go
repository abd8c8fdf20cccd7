package flame

import (
	"cmp"
	"slices"
	"strconv"

	"github.com/google/pprof/profile"
)

func hex(address uint64) string { return strconv.FormatUint(address, 16) }

// tree adds up samples.
type tree struct {
	strings   interned
	functions []Function
	known     map[functionKey]int
	byID      map[*profile.Function]int
	byAddress map[*profile.Location]int

	nodes    []node
	children map[edge]int
	full     bool // deeper frames were added to the last that had room

	total   [sides]int64
	samples [sides]int
	added   int // samples of both sides
	top     []sums
	seen    []int // by function: the last sample that held it
	path    []int // functions of the sample at hand, outermost first
}

// side is of which profile a value is.
type side int

const (
	now    side = iota // the one that is drawn
	before             // the one that it is compared with, if any
	sides
)

// sums are values of a function, in all frames or in one.
type sums struct{ self, total [sides]int64 }

func (s sums) larger() int64 { return max(s.total[now], s.total[before]) }

func (s sums) delta() Delta {
	return Delta{s.self[now] - s.self[before], s.total[now] - s.total[before]}
}

type node struct {
	parent, function int
	sums
}

// edge is a parent and a function in one word: this map is the hot spot. Both
// numbers are far below 32 bits, by maxNodes and maxRecords.
type edge uint64

func newEdge(parent, function int) edge { return edge(parent+1)<<32 | edge(function) }

// functionKey tells functions apart: a profile may list one under several ids.
type functionKey struct {
	name, file int
	line       int64
}

func newTree() *tree {
	return &tree{
		strings: interned{index: map[string]int{}}, known: map[functionKey]int{}, children: map[edge]int{},
		byID: map[*profile.Function]int{}, byAddress: map[*profile.Location]int{},
	}
}

// add takes one sample in: its value belongs to the innermost frame itself and to
// every frame above it in sum.
func (t *tree) add(s *profile.Sample, value int64, of side) {
	if value == 0 {
		return
	}
	t.added++
	t.samples[of]++
	t.total[of] += value
	t.readPath(s)
	at := -1
	for _, function := range t.path {
		next := t.child(at, function)
		if next < 0 {
			break
		}
		at = next
		t.nodes[at].total[of] += value
	}
	t.nodes[at].self[of] += value
	t.count(value, of)
}

// readPath sets path to the functions of a sample. Profiles list the innermost
// first, at both levels: locations, and the functions inlined at one.
func (t *tree) readPath(s *profile.Sample) {
	t.path = t.path[:0]
	for _, l := range slices.Backward(s.Location) {
		if len(l.Line) == 0 {
			t.path = append(t.path, t.unnamed(l))
		}
		for _, line := range slices.Backward(l.Line) {
			t.path = append(t.path, t.function(line.Function))
		}
	}
	if len(t.path) == 0 { // a sample without a stack still counts
		t.path = append(t.path, t.intern("unknown", "", 0))
	}
}

// child returns the frame of a function under a frame; -1 when the tree is full.
func (t *tree) child(parent, function int) int {
	at := newEdge(parent, function)
	if i, ok := t.children[at]; ok {
		return i
	}
	if len(t.nodes) >= maxNodes && parent >= 0 { // roots are few and must exist
		t.full = true
		return -1
	}
	t.nodes = append(t.nodes, node{parent: parent, function: function})
	t.children[at] = len(t.nodes) - 1
	return len(t.nodes) - 1
}

// count adds a sample to the table of functions.
func (t *tree) count(value int64, of side) {
	for _, function := range t.path {
		if t.seen[function] != t.added {
			t.seen[function] = t.added
			t.top[function].total[of] += value
		}
	}
	t.top[t.path[len(t.path)-1]].self[of] += value
}

func (t *tree) function(f *profile.Function) int {
	i, ok := t.byID[f]
	if !ok {
		i = t.intern(f.Name, f.Filename, f.StartLine)
		t.byID[f] = i
	}
	return i
}

func (t *tree) unnamed(l *profile.Location) int {
	i, ok := t.byAddress[l]
	if !ok {
		i = t.intern(nameOf(l), "", 0)
		t.byAddress[l] = i
	}
	return i
}

func (t *tree) intern(name, file string, line int64) int {
	key := functionKey{t.strings.add(name), t.strings.add(file), line}
	if i, ok := t.known[key]; ok {
		return i
	}
	i := len(t.functions)
	t.known[key] = i
	t.functions = append(t.functions, Function{
		Name: key.name, File: key.file, Package: t.strings.add(packageOf(name)), Line: line,
	})
	t.top = append(t.top, sums{})
	t.seen = append(t.seen, 0)
	return i
}

// draw writes the tree into the graph.
func (t *tree) draw(f *Flame) {
	f.Total, f.Samples = t.total[now], t.samples[now]
	f.Functions = append([]Function{}, t.functions...)
	f.Top = largest(t.top, f.Base != nil)
	f.FrameCount = len(t.nodes)
	kept := t.keep(maxFrames)
	f.Truncated = t.full || len(kept) < len(t.nodes)
	order := t.preorder(kept)
	f.Frames = t.frames(order)
	if f.Base != nil {
		f.Deltas = t.deltas(order)
	}
	f.Strings = append([]string{}, t.strings.list...)
}

// largest is the table of functions: the largest first or, when two profiles are
// compared, those that have grown most.
func largest(all []sums, compared bool) []Top {
	top := []Top{}
	for function, s := range all {
		t := Top{Function: function, Self: s.self[now], Total: s.total[now]}
		if compared {
			t.SelfDelta, t.TotalDelta = s.delta()[0], s.delta()[1]
		}
		if t != (Top{Function: function}) {
			top = append(top, t)
		}
	}
	slices.SortFunc(top, func(a, b Top) int {
		return cmp.Or(cmp.Compare(b.SelfDelta, a.SelfDelta), cmp.Compare(b.TotalDelta, a.TotalDelta),
			cmp.Compare(b.Self, a.Self), cmp.Compare(b.Total, a.Total), cmp.Compare(a.Function, b.Function))
	})
	return slices.Clip(top[:min(len(top), maxTop)])
}

// keep returns the n largest frames, largest first, none without its parent.
//
// A parent is as large as its children together and is older than they are, so
// it comes first in this order. Only values below zero, as in the difference of
// two profiles, break that; then a child whose parent is gone goes too.
func (t *tree) keep(n int) []int {
	order := make([]int, len(t.nodes))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(t.nodes[b].larger(), t.nodes[a].larger()), cmp.Compare(a, b))
	})
	if len(order) <= n {
		return order
	}
	order = order[:n]
	in := make([]bool, len(t.nodes))
	for _, i := range order {
		in[i] = true
	}
	for i := range t.nodes { // parents are older: one pass settles all
		if parent := t.nodes[i].parent; parent >= 0 && !in[parent] {
			in[i] = false
		}
	}
	return slices.DeleteFunc(order, func(i int) bool { return !in[i] })
}

// preorder lists frames so that a parent stands before its children and the
// larger sibling before the smaller. It keeps its own stack: a profile may be
// deeper than ours.
func (t *tree) preorder(kept []int) []int {
	first := make([]int, len(t.nodes)+1) // of the children of a node; the last place is for roots
	next := make([]int, len(t.nodes))    // sibling
	for i := range first {
		first[i] = -1
	}
	for _, i := range kept { // largest first, so that the list of siblings ends with it
		place := t.place(t.nodes[i].parent)
		next[i], first[place] = first[place], i
	}
	order := make([]int, 0, len(kept))
	stack := appendSiblings(nil, first[len(t.nodes)], next)
	for len(stack) > 0 {
		i := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		order = append(order, i)
		stack = appendSiblings(stack, first[i], next)
	}
	return order
}

// frames writes nodes, in preorder, as the graph has them.
func (t *tree) frames(order []int) []Frame {
	frames := make([]Frame, 0, len(order))
	position := make([]int64, len(t.nodes)+1)
	position[len(t.nodes)] = -1
	for _, i := range order {
		n := t.nodes[i]
		position[i] = int64(len(frames))
		frames = append(frames, Frame{position[t.place(n.parent)], int64(n.function), n.self[now], n.total[now]})
	}
	return frames
}

// place is where a parent stands in tables that have one more row, for none.
func (t *tree) place(parent int) int {
	if parent < 0 {
		return len(t.nodes)
	}
	return parent
}

// appendSiblings puts siblings on the stack, the smallest first, so that the
// largest is taken first.
func appendSiblings(stack []int, i int, next []int) []int {
	for ; i >= 0; i = next[i] {
		stack = append(stack, i)
	}
	return stack
}

// interned is a list of strings in which each stands once.
type interned struct {
	list  []string
	index map[string]int
}

func (n *interned) add(s string) int {
	if i, ok := n.index[s]; ok {
		return i
	}
	n.index[s] = len(n.list)
	n.list = append(n.list, s)
	return len(n.list) - 1
}
