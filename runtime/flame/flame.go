package flame

import (
	"strings"
	"time"

	"github.com/google/pprof/profile"

	"github.com/squall-dev/squall/runtime/automation"
)

// Bounds of a graph.
const (
	maxFrames = 100_000   // that a page is asked to draw
	maxNodes  = 2_000_000 // that are kept while the tree grows
	maxTop    = 1000      // rows of the table
)

// Flame is a flame graph as the page reads it. Names stand once, in Strings, and
// are referred to by index.
type Flame struct {
	SampleTypes []SampleType `json:"sample_types"`
	// Sample is the type that this graph shows, in Unit; Default is the one that
	// the profile shows when nobody asks.
	Sample  string `json:"sample"`
	Unit    string `json:"unit"`
	Default string `json:"default"`
	Total   int64  `json:"total"`
	// Samples counts those that are not zero.
	Samples int `json:"samples"`
	// Time is when the profile was taken, in RFC 3339; empty when it does not say.
	Time       string     `json:"time"`
	DurationNS int64      `json:"duration_ns"`
	Strings    []string   `json:"strings"`
	Functions  []Function `json:"functions"`
	// Frames are in preorder: a parent stands before its children, and the larger
	// child before the smaller.
	Frames []Frame `json:"frames"`
	Top    []Top   `json:"top"`
	// Truncated tells that only the largest frames are here; FrameCount is how
	// many there are.
	Truncated  bool `json:"truncated"`
	FrameCount int  `json:"frame_count"`
	// Base is the profile that this one is compared with, and Deltas are what each
	// of Frames has more than in it; see [Profile.Diff].
	Base   *Base   `json:"base,omitempty"`
	Deltas []Delta `json:"deltas,omitempty"`
}

// SampleType is one thing that a profile measured.
type SampleType struct {
	Type string `json:"type"` // "inuse_space"
	Unit string `json:"unit"` // "bytes"
}

// Function is a function of the profiled program. Name, File and Package are
// indexes into the graph's strings.
type Function struct {
	Name    int   `json:"name"`
	File    int   `json:"file"`
	Package int   `json:"package"`
	Line    int64 `json:"line"` // where it begins; 0 when unknown
}

// Frame is a function called along one path: the index of the calling frame (-1
// for none), the index of the function, its own value, its value with callees.
type Frame [4]int64

// Top is what one function used over all its frames. Recursion counts once in
// Total.
type Top struct {
	Function int   `json:"function"`
	Self     int64 `json:"self"`
	Total    int64 `json:"total"`
	// SelfDelta and TotalDelta are how much more that is than in the base.
	SelfDelta  int64 `json:"self_delta,omitempty"`
	TotalDelta int64 `json:"total_delta,omitempty"`
}

// Flame builds the graph of one sample type; "" means the default one.
func (p *Profile) Flame(sample string) (Flame, error) {
	f, index, err := p.begin(sample)
	if err != nil {
		return Flame{}, err
	}
	t := newTree()
	for _, s := range p.p.Sample {
		t.add(s, s.Value[index], now)
	}
	t.draw(&f)
	return f, nil
}

// begin makes a graph without frames, and says at which index its values are.
func (p *Profile) begin(sample string) (f Flame, index int, err error) {
	f = Flame{
		SampleTypes: p.sampleTypes(), Default: p.defaultSample(), Sample: sample,
		DurationNS: p.p.DurationNanos, Time: p.time(),
	}
	if sample == "" {
		f.Sample = f.Default
	}
	if index, err = f.index(); err != nil {
		return Flame{}, 0, err
	}
	f.Unit = f.SampleTypes[index].Unit
	return f, index, nil
}

func (p *Profile) time() string {
	if p.p.TimeNanos == 0 {
		return ""
	}
	return time.Unix(0, p.p.TimeNanos).UTC().Format(time.RFC3339Nano)
}

func (p *Profile) sampleTypes() []SampleType {
	types := make([]SampleType, len(p.p.SampleType))
	for i, t := range p.p.SampleType {
		types[i] = SampleType{t.Type, t.Unit}
	}
	return types
}

// defaultSample is what the profile says; else the memory in use, which is what a
// heap dump is taken for; else the last, as in pprof.
func (p *Profile) defaultSample() string {
	for _, name := range []string{p.p.DefaultSampleType, "inuse_space"} {
		for _, t := range p.p.SampleType {
			if name != "" && t.Type == name {
				return name
			}
		}
	}
	return p.p.SampleType[len(p.p.SampleType)-1].Type
}

// index finds the sample type that is asked for.
func (f *Flame) index() (int, error) {
	names := make([]string, len(f.SampleTypes))
	for i, t := range f.SampleTypes {
		if t.Type == f.Sample {
			return i, nil
		}
		names[i] = t.Type
	}
	return 0, automation.Invalid("the profile has no samples of type %q", f.Sample).WithCode("unknown_sample_type").
		WithHint("it has: %s", strings.Join(names, ", "))
}

// packageOf takes the package from the name of a Go function:
// "net/http.(*Server).Serve" is in "net/http". Names of other languages have none.
func packageOf(function string) string {
	path, _, _ := strings.Cut(function, "[") // type arguments have dots and slashes of their own
	path, _, _ = strings.Cut(path, "(")
	slash := strings.LastIndexByte(path, '/') + 1
	name, _, found := strings.Cut(path[slash:], ".")
	if !found || strings.ContainsAny(path, ": <") {
		return ""
	}
	return strings.ReplaceAll(path[:slash]+name, "%2e", ".") // as the linker writes dots in the last element
}

// nameOf is what a location without symbols is called.
func nameOf(l *profile.Location) string {
	name := "unknown"
	if l.Mapping != nil && l.Mapping.File != "" {
		name = l.Mapping.File[strings.LastIndexByte(l.Mapping.File, '/')+1:]
	}
	return name + " 0x" + hex(l.Address)
}
