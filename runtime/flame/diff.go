package flame

import (
	"errors"

	"github.com/squall-dev/squall/runtime/automation"
)

// Base is the profile that another is compared with.
type Base struct {
	Total int64 `json:"total"`
	// Time is when it was taken, in RFC 3339; empty when it does not say.
	Time string `json:"time"`
}

// Delta is how much more a frame has than in the base: its own value, its value with
// callees. What has become less is below zero.
type Delta [2]int64

// Diff builds the graph of one sample type, as [Profile.Flame] does, and tells of every
// frame and function what it has more than in an earlier profile of the same program.
// What only the base has is there too, with a value of 0. The table begins with the
// functions that have grown most by themselves.
func (p *Profile) Diff(base *Profile, sample string) (Flame, error) {
	f, index, err := p.begin(sample)
	if err != nil {
		return Flame{}, err
	}
	other, at, err := base.begin(f.Sample)
	if err == nil && other.Unit != f.Unit {
		err = errors.New("its unit is " + other.Unit + ", not " + f.Unit)
	}
	if err != nil {
		return Flame{}, automation.Invalid("the base has no samples of type %s to compare with", f.Sample).
			WithCode("other_profile").Because(err).WithHint("compare two profiles of one kind, such as two heap profiles")
	}
	t := newTree()
	for _, s := range p.p.Sample {
		t.add(s, s.Value[index], now)
	}
	for _, s := range base.p.Sample {
		t.add(s, s.Value[at], before)
	}
	f.Base = &Base{Total: t.total[before], Time: other.Time}
	t.draw(&f)
	return f, nil
}

// deltas stand beside the frames of the same order.
func (t *tree) deltas(order []int) []Delta {
	all := make([]Delta, 0, len(order))
	for _, i := range order {
		all = append(all, t.nodes[i].delta())
	}
	return all
}
