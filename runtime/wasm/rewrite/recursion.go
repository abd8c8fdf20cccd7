package rewrite

// Counting nested calls costs each call some time. Functions that can not be part
// of a recursion appear at most once on a stack, all of them together, so they need
// no counting as long as what they take on the way down is bounded. Which ones
// those are is a question of strongly connected components of the call graph
// (Tarjan, "Depth-first search and linear graph algorithms", 1972), in which an
// indirect call may lead to every function of its type that is in a table or
// referred to.

// uncountedWeight is how much may lie on a stack uncounted, in the unit of the
// depth. Deep chains of functions that never recurse are counted beyond it.
const uncountedWeight = 500

// callGraph says who may call whom. Its nodes are the module's own functions and,
// behind them, the types that are called indirectly.
type callGraph struct {
	module *module
	calls  [][]uint32 // by function: nodes
	taken  []bool     // by function: its reference is somewhere
	seen   []int      // by node: the last function that calls it, plus one
}

func newCallGraph(m *module) *callGraph {
	own := len(m.funcs)
	return &callGraph{module: m, taken: make([]bool, own), seen: make([]int, own+len(m.types))}
}

// note remembers a call or a reference in the function that is read right now.
func (g *callGraph) note(in instruction) {
	switch in.op {
	case opCall:
		if at := int(in.fn) - len(g.module.imports); at >= 0 {
			g.add(uint32(at))
		}
	case opRefFunc:
		g.take(in.fn)
	case opCallIndirect:
		g.add(uint32(len(g.module.funcs)) + g.module.sameType(uint32(in.blockType)))
	}
}

func (g *callGraph) take(fn uint32) {
	if at := int(fn) - len(g.module.imports); at >= 0 && at < len(g.taken) {
		g.taken[at] = true
	}
}

// add adds an edge of the function that is read, once.
func (g *callGraph) add(node uint32) {
	last := len(g.calls) - 1
	if g.seen[node] != last+1 {
		g.seen[node] = last + 1
		g.calls[last] = append(g.calls[last], node)
	}
}

// sameType returns the first type that is the same as another: functions of both
// can be called through either.
func (m *module) sameType(t uint32) uint32 {
	if m.firstType == nil {
		m.firstType = make([]uint32, len(m.types))
		first := map[string]uint32{}
		for i, f := range m.types {
			key := string(f.Params) + "\x00" + string(f.Results)
			if _, known := first[key]; !known {
				first[key] = uint32(i)
			}
			m.firstType[i] = first[key]
		}
	}
	return m.firstType[t]
}

// counted decides for every function whether its calls are counted.
func (g *callGraph) counted() []bool {
	t := &tarjan{graph: g, byType: g.targets()}
	nodes := len(g.seen)
	t.index, t.low = make([]int32, nodes), make([]int32, nodes)
	t.onStack, t.recursive, t.height = make([]bool, nodes), make([]bool, nodes), make([]int, nodes)
	for n := range nodes {
		if t.index[n] == 0 {
			t.walk(uint32(n))
		}
	}
	return t.recursive[:len(g.module.funcs)]
}

// targets lists, by type, the functions that an indirect call may lead to.
func (g *callGraph) targets() [][]uint32 {
	all := make([][]uint32, len(g.module.types))
	for fn, taken := range g.taken {
		if taken {
			t := g.module.sameType(g.module.funcs[fn])
			all[t] = append(all[t], uint32(fn))
		}
	}
	return all
}

func (g *callGraph) weight(node uint32) int {
	if int(node) >= len(g.module.bodies) {
		return 0
	}
	return 1 + g.module.bodies[node].locals/localsPerDepth
}

// tarjan finds the components. It keeps its own stack, because a call graph may be
// as deep as a module has functions.
type tarjan struct {
	graph      *callGraph
	byType     [][]uint32
	index, low []int32 // from 1; 0 is not seen
	onStack    []bool
	recursive  []bool
	height     []int // weight that may lie uncounted from this node down
	stack      []uint32
	next       int32
}

type visit struct {
	node uint32
	at   int // how many of its edges were followed
}

func (t *tarjan) edges(node uint32) []uint32 {
	own := len(t.graph.module.funcs)
	if int(node) >= own {
		return t.byType[int(node)-own]
	}
	return t.graph.calls[node]
}

func (t *tarjan) open(node uint32) visit {
	t.next++
	t.index[node], t.low[node] = t.next, t.next
	t.stack, t.onStack[node] = append(t.stack, node), true
	return visit{node: node}
}

func (t *tarjan) walk(root uint32) {
	for path := []visit{t.open(root)}; len(path) > 0; {
		v := &path[len(path)-1]
		edges := t.edges(v.node)
		if v.at < len(edges) {
			to := edges[v.at]
			v.at++
			switch {
			case t.index[to] == 0:
				path = append(path, t.open(to))
			case t.onStack[to]:
				t.low[v.node] = min(t.low[v.node], t.index[to])
				t.recursive[v.node] = t.recursive[v.node] || to == v.node
			}
			continue
		}
		node := v.node
		path = path[:len(path)-1]
		if len(path) > 0 {
			above := path[len(path)-1].node
			t.low[above] = min(t.low[above], t.low[node])
		}
		if t.low[node] == t.index[node] {
			t.close(node)
		}
	}
}

// close takes a whole component off the stack. All that it may call is decided.
func (t *tarjan) close(root uint32) {
	at := len(t.stack) - 1
	for t.stack[at] != root {
		at--
	}
	component := t.stack[at:]
	t.stack = t.stack[:at]
	height := 0
	for _, node := range component {
		t.onStack[node] = false
		t.recursive[node] = t.recursive[node] || len(component) > 1
		for _, to := range t.edges(node) {
			height = max(height, t.height[to])
		}
	}
	if !t.recursive[root] {
		if height += t.graph.weight(root); height > uncountedWeight {
			t.recursive[root] = true
			height -= t.graph.weight(root)
		}
	}
	for _, node := range component {
		t.height[node] = height
	}
}
