package rewrite

import "testing"

// A function that goes straight to the head of a loop pays there, and looks there.
func TestTheHeadOfALoopPaysForAnEntryThatLeadsToItAlone(t *testing.T) {
	t.Parallel()
	m := &module{}
	w := &meter{module: m}
	loop := []byte{opLoop, voidBlock, opLocalGet, 0, opBrIf, 0, opEnd, opEnd}
	long := []byte{}
	for range entryCost + 1 {
		long = append(long, opLocalGet, 0, opLocalSet, 0)
	}
	for _, tt := range []struct {
		name        string
		code        []byte
		entry, head int
		looks       bool
	}{
		{"straight to the head", append([]byte{opLocalGet, 0, opLocalSet, 0}, loop...), 0, 4, false},
		{"through a block", append([]byte{opBlock, voidBlock, opLocalGet, 0, opLocalSet, 0, opLoop, voidBlock, opLocalGet, 0, opBrIf, 0, opEnd, opEnd}, opEnd), 0, 4, false},
		{"with much to do before", append(long, loop...), 2 * (entryCost + 1), 2, false},
		{"past it on another way", append([]byte{opLocalGet, 0, opIf, voidBlock}, append(loop[:len(loop)-1:len(loop)-1], opEnd, opEnd)...), 2, 2, true},
	} {
		s := w.measure(tt.code)
		head := -1
		for _, seg := range s.segments {
			if seg.loop {
				head = seg.pays
			}
		}
		if s.segments[0].pays != tt.entry || head != tt.head || s.entryLooks() != tt.looks {
			t.Errorf("%s: the entry pays %d and looks: %v, the head pays %d; want %d, %v, %d",
				tt.name, s.segments[0].pays, s.entryLooks(), head, tt.entry, tt.looks, tt.head)
		}
	}
}
