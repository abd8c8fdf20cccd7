package expr

import "iter"

// sliceBounds is [start:stop:step]; a nil bound is not written.
type sliceBounds struct {
	start, stop, step *int
}

// indexes yields the positions that the slice selects from a list of length n.
func (b sliceBounds) indexes(n int) iter.Seq[int] {
	step := 1
	if b.step != nil {
		step = *b.step
	}
	first, last := 0, n
	if step < 0 {
		first, last = n-1, -1
	}
	if b.start != nil {
		first = clampBound(*b.start, n, step)
	}
	if b.stop != nil {
		last = clampBound(*b.stop, n, step)
	}
	return func(yield func(int) bool) {
		for i := first; (step > 0 && i < last) || (step < 0 && i > last); i += step {
			if !yield(i) || abs(step) > n {
				return
			}
		}
	}
}

func clampBound(i, n, step int) int {
	if i < 0 {
		i += n
	}
	if step < 0 {
		return min(max(i, -1), n-1)
	}
	return min(max(i, 0), n)
}

func abs(i int) int {
	if i < 0 {
		return -i
	}
	return i
}
