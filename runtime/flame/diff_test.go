package flame

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/pprof/profile"

	"github.com/squall-dev/squall/runtime/automation"
)

func parsed(t testing.TB, p *profile.Profile) *Profile {
	t.Helper()
	out, err := Parse(bytes.NewReader(written(t, p)))
	must(t, err)
	return out
}

// deltaSketch draws frames as indented lines: name total, and how much more that is.
func deltaSketch(f Flame) string {
	var b strings.Builder
	depth := make([]int, len(f.Frames))
	for i, frame := range f.Frames {
		if frame[0] >= 0 {
			depth[i] = depth[frame[0]] + 1
		}
		fmt.Fprintf(&b, "%s%s %d/%d %+d/%+d\n", strings.Repeat(" ", depth[i]), f.Strings[f.Functions[frame[1]].Name],
			frame[2], frame[3], f.Deltas[i][0], f.Deltas[i][1])
	}
	return b.String()
}

func TestDiff(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name      string
		base, now map[string]int64
		want, top string
	}{
		{
			"what has grown, what is new, what has gone",
			map[string]int64{"main;serve;cache": 10, "main;serve;log": 5, "main;old": 3},
			map[string]int64{"main;serve;cache": 30, "main;serve;log": 5, "main;new": 4},
			"main 0/39 +0/+21\n serve 0/35 +0/+20\n  cache 30/30 +20/+20\n  log 5/5 +0/+0\n new 4/4 +4/+4\n old 0/0 -3/-3\n",
			"cache +20/+20, new +4/+4, main +0/+21, serve +0/+20, log +0/+0, old -3/-3",
		},
		{"nothing has changed", map[string]int64{"a;b": 7}, map[string]int64{"a;b": 7}, "a 0/7 +0/+0\n b 7/7 +0/+0\n", "b +0/+0, a +0/+0"},
		{"an empty base", nil, map[string]int64{"a": 7}, "a 7/7 +7/+7\n", "a +7/+7"},
		{"all is gone", map[string]int64{"a;b": 7}, nil, "a 0/0 +0/-7\n b 0/0 -7/-7\n", "a +0/-7, b -7/-7"},
		{"recursion counts once", map[string]int64{"a;a": 1}, map[string]int64{"a;a": 5}, "a 0/5 +0/+4\n a 5/5 +4/+4\n", "a +4/+4"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := parsed(t, stacks(tt.now)).Diff(parsed(t, stacks(tt.base)), "space")
			must(t, err)
			var top []string
			for _, row := range got.Top {
				top = append(top, fmt.Sprintf("%s %+d/%+d", got.Strings[got.Functions[row.Function].Name], row.SelfDelta, row.TotalDelta))
			}
			if diff := cmp.Diff(tt.want, deltaSketch(got)); diff != "" || strings.Join(top, ", ") != tt.top {
				t.Errorf("%s\ntop %s\nwant %s", diff, strings.Join(top, ", "), tt.top)
			}
			if got.Base == nil || got.Total-got.Base.Total != sum(tt.now)-sum(tt.base) {
				t.Errorf("total %d, base %+v", got.Total, got.Base)
			}
		})
	}
}

func sum(values map[string]int64) (n int64) {
	for _, v := range values {
		n += v
	}
	return n
}

// A real program's two profiles: functions are the same whatever numbers they have.
func TestDiffOfRealProfiles(t *testing.T) {
	t.Parallel()
	p := parsed(t, stacks(map[string]int64{"z;y": 1, "a;b": 3}))
	base := parsed(t, stacks(map[string]int64{"a;b": 2})) // "a" has another id here
	got, err := p.Diff(base, "")
	must(t, err)
	if got.Sample != "space" || len(got.Functions) != 4 || deltaSketch(got) != "a 0/3 +0/+1\n b 3/3 +1/+1\nz 0/1 +0/+1\n y 1/1 +1/+1\n" {
		t.Errorf("%s of %d functions:\n%s", got.Sample, len(got.Functions), deltaSketch(got))
	}
}

func TestProfilesOfTwoKindsAreNotCompared(t *testing.T) {
	t.Parallel()
	other := stacks(map[string]int64{"a": 1})
	other.SampleType[1].Type = "cpu"
	unit := stacks(map[string]int64{"a": 1})
	unit.SampleType[1].Unit = "pages"
	for name, base := range map[string]*profile.Profile{"another type": other, "another unit": unit} {
		_, err := parsed(t, stacks(map[string]int64{"a": 1})).Diff(parsed(t, base), "space")
		if !errors.Is(err, automation.ErrInvalid) || !strings.Contains(automation.HintOf(err), "two heap profiles") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAGraphWithoutABaseHasNoDeltas(t *testing.T) {
	t.Parallel()
	f := graph(t, stacks(map[string]int64{"a": 1}), "space")
	if f.Base != nil || f.Deltas != nil {
		t.Errorf("base %v, deltas %v", f.Base, f.Deltas)
	}
}
