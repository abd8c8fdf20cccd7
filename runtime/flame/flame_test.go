package flame

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"runtime/pprof"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/pprof/profile"

	"github.com/squall-dev/squall/runtime/automation"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// written is a profile as a file holds it.
func written(t testing.TB, p *profile.Profile) []byte {
	t.Helper()
	var b bytes.Buffer
	must(t, p.Write(&b))
	return b.Bytes()
}

// stacks makes a profile of "a;b;c" -> value, outermost first.
func stacks(values map[string]int64) *profile.Profile {
	p := &profile.Profile{SampleType: []*profile.ValueType{{Type: "objects", Unit: "count"}, {Type: "space", Unit: "bytes"}}}
	functions := map[string]*profile.Location{}
	for _, stack := range slices.Sorted(func(yield func(string) bool) {
		for s := range values {
			if !yield(s) {
				return
			}
		}
	}) {
		s := &profile.Sample{Value: []int64{1, values[stack]}}
		for _, name := range slices.Backward(strings.Split(stack, ";")) {
			l, ok := functions[name]
			if !ok {
				f := &profile.Function{ID: uint64(len(functions) + 1), Name: name, Filename: name + ".go", StartLine: 7}
				l = &profile.Location{ID: f.ID, Line: []profile.Line{{Function: f, Line: 9}}}
				functions[name] = l
				p.Function, p.Location = append(p.Function, f), append(p.Location, l)
			}
			s.Location = append(s.Location, l)
		}
		p.Sample = append(p.Sample, s)
	}
	return p
}

func graph(t testing.TB, p *profile.Profile, sample string) Flame {
	t.Helper()
	parsed, err := Parse(bytes.NewReader(written(t, p)))
	must(t, err)
	f, err := parsed.Flame(sample)
	must(t, err)
	return f
}

// sketch draws frames as indented lines: name self/total.
func sketch(f Flame) string {
	var b strings.Builder
	depth := make([]int, len(f.Frames))
	for i, frame := range f.Frames {
		if frame[0] >= 0 {
			depth[i] = depth[frame[0]] + 1
		}
		fmt.Fprintf(&b, "%s%s %d/%d\n", strings.Repeat(" ", depth[i]), f.Strings[f.Functions[frame[1]].Name], frame[2], frame[3])
	}
	return b.String()
}

func TestFlameAddsUpStacks(t *testing.T) {
	t.Parallel()
	f := graph(t, stacks(map[string]int64{
		"main;a": 10, "main;a;x": 5, "main;b;x": 30, "main;b": 2, "other": 1, "main;a;a": 4, "main;zero": 0,
	}), "space")
	want := "main 0/51\n b 2/32\n  x 30/30\n a 10/19\n  x 5/5\n  a 4/4\nother 1/1\n"
	if diff := cmp.Diff(want, sketch(f)); diff != "" {
		t.Errorf("frames (-want +got):\n%s", diff)
	}
	var top []string
	for _, row := range f.Top {
		top = append(top, fmt.Sprint(f.Strings[f.Functions[row.Function].Name], row.Self, "/", row.Total))
	}
	// a calls itself: its 4 count once in its total.
	if diff := cmp.Diff([]string{"x35/35", "a14/19", "b2/32", "other1/1", "main0/51"}, top); diff != "" {
		t.Errorf("top (-want +got):\n%s", diff)
	}
	if f.Total != 52 || f.Samples != 6 || f.FrameCount != 7 || f.Truncated || f.Unit != "bytes" {
		t.Errorf("graph: %+v", f)
	}
}

func TestFlameIsTheJSONOfTheAPI(t *testing.T) {
	t.Parallel()
	p := stacks(map[string]int64{"net/http.(*Server).Serve": 3})
	p.TimeNanos, p.DurationNanos = 1767225600000000000, 5
	text, err := json.MarshalIndent(graph(t, p, ""), "", " ")
	must(t, err)
	want := `{"sample_types":[{"type":"objects","unit":"count"},{"type":"space","unit":"bytes"}],
		"sample":"space","unit":"bytes","default":"space","total":3,"samples":1,
		"time":"2026-01-01T00:00:00Z","duration_ns":5,
		"strings":["net/http.(*Server).Serve","net/http.(*Server).Serve.go","net/http"],
		"functions":[{"name":0,"file":1,"package":2,"line":7}],
		"frames":[[-1,0,3,3]],"top":[{"function":0,"self":3,"total":3}],"truncated":false,"frame_count":1}`
	var compact bytes.Buffer
	must(t, json.Indent(&compact, []byte(want), "", " "))
	if diff := cmp.Diff(compact.String(), string(text)); diff != "" {
		t.Errorf("JSON (-want +got):\n%s", diff)
	}
}

func TestEmptyProfileHasNoNulls(t *testing.T) {
	t.Parallel()
	text, err := json.Marshal(graph(t, stacks(nil), ""))
	must(t, err)
	if bytes.Contains(text, []byte("null")) {
		t.Errorf("JSON: %s", text)
	}
}

func TestInlinedFunctionsAreFrames(t *testing.T) {
	t.Parallel()
	p := stacks(map[string]int64{"main;inner": 5})
	outer := &profile.Function{ID: 9, Name: "outer"}
	p.Function = append(p.Function, outer)
	leaf := p.Sample[0].Location[0]
	leaf.Line = append(leaf.Line, profile.Line{Function: outer}) // inner was inlined into outer
	if got, want := sketch(graph(t, p, "")), "main 0/5\n outer 0/5\n  inner 5/5\n"; got != want {
		t.Errorf("frames:\n%s", got)
	}
}

func TestStacksWithoutNamesStillCount(t *testing.T) {
	t.Parallel()
	p := stacks(map[string]int64{"main": 5})
	p.Mapping = []*profile.Mapping{{ID: 1, File: "/usr/lib/libc.so.6"}}
	nameless := &profile.Location{ID: 50, Address: 0xbeef, Mapping: p.Mapping[0]}
	stray := &profile.Location{ID: 51, Address: 0x1}
	p.Location = append(p.Location, nameless, stray)
	p.Sample = append(p.Sample,
		&profile.Sample{Value: []int64{1, 3}, Location: []*profile.Location{nameless}},
		&profile.Sample{Value: []int64{1, 2}, Location: []*profile.Location{stray}},
		&profile.Sample{Value: []int64{1, 1}})
	f := graph(t, p, "")
	checkInvariants(t, f)
	got := sketch(f)
	if !strings.Contains(got, "libc.so.6 0xbeef 3/3\n") || !strings.Contains(got, "unknown 0x1 2/2\n") || !strings.Contains(got, "unknown 1/1\n") {
		t.Errorf("frames:\n%s", got)
	}
}

func TestDefaultSample(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, says string
		types      []string
		want       string
	}{
		{"what the profile says", "alloc_space", []string{"alloc_space", "inuse_space"}, "alloc_space"},
		{"memory in use when it says nothing", "", []string{"inuse_space", "other"}, "inuse_space"},
		{"memory in use when it says nonsense", "gone", []string{"inuse_space", "other"}, "inuse_space"},
		{"the last otherwise", "", []string{"samples", "cpu"}, "cpu"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := &profile.Profile{DefaultSampleType: tt.says}
			for _, name := range tt.types {
				p.SampleType = append(p.SampleType, &profile.ValueType{Type: name, Unit: "u"})
			}
			if f := graph(t, p, ""); f.Default != tt.want || f.Sample != tt.want {
				t.Errorf("default %q, sample %q; want %q", f.Default, f.Sample, tt.want)
			}
		})
	}
}

func TestUnknownSampleTypeNamesTheKnown(t *testing.T) {
	t.Parallel()
	p, err := Parse(bytes.NewReader(written(t, stacks(nil))))
	must(t, err)
	if _, err = p.Flame("joy"); !errors.Is(err, automation.ErrInvalid) || !strings.Contains(automation.HintOf(err), "objects, space") {
		t.Errorf("error is %v, hint %q", err, automation.HintOf(err))
	}
}

var sink [][]byte // keeps the test's heap alive

//go:noinline
func allocate() { sink = append(sink, make([]byte, 8<<20)) }

// TestRealHeap draws the heap of this very test.
func TestRealHeap(t *testing.T) {
	t.Parallel()
	allocate()
	runtime.GC() // the profile knows what was in use at the end of a collection
	var b bytes.Buffer
	must(t, pprof.Lookup("heap").WriteTo(&b, 0))
	p, err := Parse(&b)
	must(t, err)
	for _, sample := range []string{"", "alloc_objects", "alloc_space", "inuse_objects", "inuse_space"} {
		f, err := p.Flame(sample)
		must(t, err)
		checkInvariants(t, f)
	}
	f, err := p.Flame("inuse_space")
	must(t, err)
	found := false
	for _, row := range f.Top {
		function := f.Functions[row.Function]
		if strings.HasSuffix(f.Strings[function.Name], "flame.allocate") {
			found = row.Self >= 8<<20 && f.Strings[function.Package] == "github.com/squall-dev/squall/runtime/flame" &&
				strings.HasSuffix(f.Strings[function.File], "flame_test.go") && function.Line > 0
		}
	}
	if !found || f.Default != "inuse_space" || f.Time == "" {
		t.Errorf("the leak is not in the graph: %+v", f.Top[:min(5, len(f.Top))])
	}
}

func TestRealGoroutines(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	must(t, pprof.Lookup("goroutine").WriteTo(&b, 0))
	p, err := Parse(&b)
	must(t, err)
	f, err := p.Flame("")
	must(t, err)
	checkInvariants(t, f)
	if f.Sample != "goroutine" || f.Total == 0 {
		t.Errorf("graph: %+v", f)
	}
}

// checkInvariants holds for every graph of values that are not negative.
func checkInvariants(t *testing.T, f Flame) {
	t.Helper()
	checkShape(t, f)
	self, children := int64(0), make([]int64, len(f.Frames))
	roots := int64(0)
	for _, frame := range f.Frames {
		self += frame[2]
		if frame[0] < 0 {
			roots += frame[3]
		} else {
			children[frame[0]] += frame[3]
		}
	}
	for i, frame := range f.Frames {
		if frame[3] < children[i]+frame[2] || !f.Truncated && frame[3] != children[i]+frame[2] {
			t.Errorf("frame %d has %d, of its own %d and of its callees %d", i, frame[3], frame[2], children[i])
		}
	}
	if !f.Truncated && (self != f.Total || roots != f.Total) {
		t.Errorf("frames have %d themselves and %d at the root; the total is %d", self, roots, f.Total)
	}
	self = 0
	for _, row := range f.Top {
		self += row.Self
	}
	if self > f.Total || len(f.Top) < maxTop && self != f.Total {
		t.Errorf("the table has %d; the total is %d", self, f.Total)
	}
}

// checkShape holds for every graph.
func checkShape(t *testing.T, f Flame) {
	t.Helper()
	if len(f.Frames) > maxFrames || f.FrameCount < len(f.Frames) || len(f.Top) > maxTop {
		t.Fatalf("%d of %d frames, %d rows", len(f.Frames), f.FrameCount, len(f.Top))
	}
	for i, frame := range f.Frames {
		// In preorder a frame's parent is the frame before it or one of its parents.
		parent := int64(i - 1)
		for parent >= 0 && parent != frame[0] {
			parent = f.Frames[parent][0]
		}
		if parent != frame[0] || frame[1] < 0 || frame[1] >= int64(len(f.Functions)) {
			t.Fatalf("frame %d is %v", i, frame)
		}
	}
	for _, function := range f.Functions {
		for _, i := range []int{function.Name, function.File, function.Package} {
			if i < 0 || i >= len(f.Strings) {
				t.Fatalf("function %+v; there are %d strings", function, len(f.Strings))
			}
		}
	}
	for i := 1; i < len(f.Top); i++ {
		if f.Top[i-1].Self < f.Top[i].Self {
			t.Fatalf("the table is not in order at %d", i)
		}
	}
}

// large makes a profile of many different paths through few functions.
func large(samples int) *profile.Profile {
	random := rand.New(rand.NewPCG(1, 2))
	values := map[string]int64{}
	for len(values) < samples {
		var path []string
		for range 12 {
			path = append(path, fmt.Sprint("example.com/pkg.F", random.IntN(40)))
		}
		values[strings.Join(path, ";")] = 1 + random.Int64N(1<<20)
	}
	return stacks(values)
}

func TestLargestFramesAreKept(t *testing.T) {
	t.Parallel()
	f := graph(t, large(20_000), "")
	checkInvariants(t, f)
	if !f.Truncated || len(f.Frames) != maxFrames || f.FrameCount <= maxFrames {
		t.Errorf("%d of %d frames, truncated %v", len(f.Frames), f.FrameCount, f.Truncated)
	}
	roots := int64(0)
	for _, frame := range f.Frames {
		if frame[0] < 0 {
			roots += frame[3]
		}
	}
	if roots != f.Total {
		t.Errorf("roots have %d; the total is %d", roots, f.Total)
	}
}

func TestDifferencesKeepTheirShape(t *testing.T) {
	t.Parallel()
	tr := newTree()
	for i := range 50 { // a child larger than its parent
		p := stacks(map[string]int64{fmt.Sprint("a;b;c", i): 1})
		tr.add(p.Sample[0], int64(1-2*(i%3)), now)
	}
	kept := tr.keep(10)
	in := map[int]bool{-1: true}
	for _, i := range kept {
		in[i] = true
	}
	for _, i := range kept {
		if !in[tr.nodes[i].parent] {
			t.Errorf("frame %d is kept without its parent", i)
		}
	}
}

func TestDeepRecursion(t *testing.T) {
	t.Parallel()
	f := graph(t, stacks(map[string]int64{strings.Repeat("f;", 50_000) + "f": 2}), "")
	if len(f.Frames) != 50_001 || f.Frames[50_000] != (Frame{49_999, 0, 2, 2}) || f.Top[0] != (Top{Function: 0, Self: 2, Total: 2}) {
		t.Errorf("%d frames, top %v", len(f.Frames), f.Top)
	}
}

func TestPackageOf(t *testing.T) {
	t.Parallel()
	for function, want := range map[string]string{
		"main.main":                                    "main",
		"runtime.mallocgc":                             "runtime",
		"net/http.(*Server).Serve":                     "net/http",
		"github.com/a/b.v2/c.F.func1":                  "github.com/a/b.v2/c",
		"gopkg.in/yaml%2ev3.Unmarshal":                 "gopkg.in/yaml.v3",
		"slices.SortFunc[go.shape.[]a/b.T]":            "slices",
		"a/b.(*Map[go.shape.string,c/d.E]).Load":       "a/b",
		"std::vector<a.b>::push_back(unsigned long)":   "",
		"PyEval_EvalFrameDefault":                      "",
		"type:.eq.example.com/pkg.T":                   "",
		"libc.so.6 0xbeef":                             "",
		"":                                             "",
		"go.opentelemetry.io/otel/trace.(*x).Start-fm": "go.opentelemetry.io/otel/trace",
	} {
		if got := packageOf(function); got != want {
			t.Errorf("%q is in %q; want %q", function, got, want)
		}
	}
}

func zip(t testing.TB, write func(io.Writer)) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	write(z)
	must(t, z.Close())
	return b.Bytes()
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	good := written(t, stacks(map[string]int64{"main": 1}))
	wrong := stacks(map[string]int64{"main": 1})
	wrong.Sample[0].Value = []int64{1}
	var inconsistent bytes.Buffer
	must(t, wrong.WriteUncompressed(&inconsistent))
	for _, tt := range []struct {
		name string
		data []byte
		code string
	}{
		{"nothing", nil, "not_a_profile"},
		{"text", []byte("heap profile: 1: 2 [3: 4] @ heap/1048576"), "not_a_profile"},
		{"a page that says no", []byte("<html>404 page not found</html>"), "not_a_profile"},
		{"a file that ends too early", good[:len(good)/2], "not_a_profile"},
		{"packed garbage", zip(t, func(w io.Writer) { _, _ = io.WriteString(w, "garbage") }), "not_a_profile"},
		{"values that do not fit the types", inconsistent.Bytes(), "not_a_profile"},
		{"a profile of nothing", []byte{0x4a, 0}, "not_a_profile"},
		{"a record of an unknown kind", []byte{0x0b, 1}, "not_a_profile"},
		{"a length that is not there", []byte{0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1}, "not_a_profile"},
		{"a file that is too large", make([]byte, maxBytes+1), "profile_too_large"},
		{"one that unpacks to too much", zip(t, func(w io.Writer) {
			for range maxBytes>>20 + 1 {
				_, _ = w.Write(make([]byte, 1<<20))
			}
		}), "profile_too_large"},
		{"more empty records than memory", zip(t, func(w io.Writer) {
			_, _ = w.Write(bytes.Repeat([]byte{0x12, 0}, maxRecords+2))
		}), "profile_too_large"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := Parse(bytes.NewReader(tt.data))
			var e *automation.Error
			if !errors.Is(err, automation.ErrInvalid) || !errors.As(err, &e) || e.Code != tt.code || e.Hint == "" {
				t.Errorf("error is %v; want an invalid %s with a hint", err, tt.code)
			}
		})
	}
}

// A profile that came over a connection that broke lacks its end, wherever.
func TestCutProfilesSayThatTheyAreCut(t *testing.T) {
	t.Parallel()
	good := written(t, stacks(map[string]int64{"main": 1, "main;work": 20}))
	for n := 2; n < len(good); n++ {
		_, err := Parse(bytes.NewReader(good[:n]))
		var e *automation.Error
		if !errors.As(err, &e) || e.Code != "not_a_profile" || !strings.Contains(e.Message, "cut off") || e.Hint == "" {
			t.Fatalf("the first %d of %d bytes: %v", n, len(good), err)
		}
	}
}

func TestABrokenReaderIsNotABrokenProfile(t *testing.T) {
	t.Parallel()
	broken := errors.New("disk")
	_, err := Parse(io.MultiReader(strings.NewReader("\x0a"), errReader{broken}))
	if !errors.Is(err, broken) || errors.Is(err, automation.ErrInvalid) {
		t.Errorf("error is %v", err)
	}
}

type errReader struct{ err error }

func (r errReader) Read([]byte) (int, error) { return 0, r.err }

func TestUncompressedProfilesAreRead(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	must(t, stacks(map[string]int64{"main": 1}).WriteUncompressed(&b))
	_, err := Parse(&b)
	must(t, err)
}

func FuzzParse(f *testing.F) {
	f.Add(written(f, stacks(map[string]int64{"main;a": 1, "main;b": 2})))
	var b bytes.Buffer
	must(f, stacks(map[string]int64{"main;a": -1, "b": 1 << 62, "c": 1 << 62}).WriteUncompressed(&b))
	f.Add(b.Bytes())
	f.Add([]byte("not a profile"))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := Parse(bytes.NewReader(data))
		if err != nil {
			if !errors.Is(err, automation.ErrInvalid) || automation.HintOf(err) == "" {
				t.Errorf("error is %v; want invalid with a hint", err)
			}
			return
		}
		for _, s := range append(p.sampleTypes(), SampleType{}) {
			graph, err := p.Flame(s.Type)
			if err != nil {
				t.Fatalf("its own type %q: %v", s.Type, err)
			}
			checkShape(t, graph)
		}
	})
}

// BenchmarkFlame draws a profile of 20,000 different stacks.
func BenchmarkFlame(b *testing.B) {
	data := written(b, large(20_000))
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		p, err := Parse(bytes.NewReader(data))
		must(b, err)
		_, err = p.Flame("")
		must(b, err)
	}
}
