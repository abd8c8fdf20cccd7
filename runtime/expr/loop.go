package expr

import "github.com/squall-dev/squall/runtime/automation"

// loop is what a template calls loop: where it is in the list.
type loop struct {
	items   []any
	at      int
	depth   int
	last    []any // what changed was asked about
	changed bool  // whether it was asked at all
}

// String stands for the loop itself, which has no value.
func (*loop) String() string { return "a loop" }

func newLoop(items []any, outer *frame) *loop {
	l := &loop{items: items}
	if v, ok := outer.find("loop"); ok {
		if around, ok := v.(*loop); ok {
			l.depth = around.depth + 1
		}
	}
	return l
}

// member is undefined before the first item, after the last one, and for names
// that loops do not have.
func (l *loop) member(name string) any {
	n := len(l.items)
	switch name {
	case "index":
		return int64(l.at + 1)
	case "index0":
		return int64(l.at)
	case "revindex":
		return int64(n - l.at)
	case "revindex0":
		return int64(n - l.at - 1)
	case "first":
		return l.at == 0
	case "last":
		return l.at == n-1
	case "length":
		return int64(n)
	case "depth":
		return int64(l.depth + 1)
	case "depth0":
		return int64(l.depth)
	case "previtem":
		if l.at > 0 {
			return l.items[l.at-1]
		}
	case "nextitem":
		if l.at < n-1 {
			return l.items[l.at+1]
		}
	}
	return undefined{message: "loop has no " + name + " here"}
}

// call offers cycle and changed.
func (l *loop) call(name string, a *arguments) (any, error) {
	switch name {
	case "cycle":
		if len(a.positional) == 0 {
			return nil, automation.Invalid("cycle needs values")
		}
		return a.positional[l.at%len(a.positional)], nil
	case "changed":
		changed := !l.changed || !Equal(l.last, a.positional)
		l.last, l.changed = a.positional, true
		return changed, nil
	}
	return nil, automation.Invalid("loop has no method %s", name)
}
