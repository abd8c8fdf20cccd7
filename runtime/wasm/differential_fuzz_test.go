package wasm

import (
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/tetratelabs/wazero"

	"github.com/squall-dev/squall/runtime/wasm/rewrite"
)

// differential runs a module in every way that must make no difference.
type differential struct {
	compiled, interpreted wazero.RuntimeConfig
}

func newDifferential(tb testing.TB) *differential {
	cache := wazero.NewCompilationCache() // shared, or each module would start an engine
	tb.Cleanup(func() {
		if err := cache.Close(context.Background()); err != nil {
			tb.Error(err)
		}
	})
	return &differential{compiled: runtimeConfig(false, cache), interpreted: runtimeConfig(true, cache)}
}

// subject is a module and what was made of it.
type subject struct {
	code, rewritten            []byte
	exports, globals, restored []string
	start                      string
	maximum                    int64 // bytes of memory
	memory                     bool
}

// read checks and rewrites a module; nil when it is refused.
func read(code []byte) *subject {
	const unlikely = 1 << 17 // elements that a module may have from the start
	if _, err := rewrite.Check(code, diffLimits(unlikely)); err != nil {
		return nil
	}
	sum, err := rewrite.Check(code, diffLimits(1<<30))
	if err != nil {
		return nil
	}
	for _, im := range sum.Imports { // a load refuses it
		if strings.HasPrefix(im.Module, rewrite.ReservedPrefix) {
			return nil
		}
	}
	out := rewrite.Rewrite(sum, rewrite.Options{Checkpoint: true})
	s := &subject{code: code, rewritten: out.Code, restored: out.Globals, memory: sum.HasMemory, maximum: min(int64(sum.MemoryMax), diffPages) * pageSize}
	if out.HasStart {
		s.start = rewrite.StartExport
	}
	for _, x := range sum.Exports {
		switch x.Kind {
		case rewrite.KindFunc:
			s.exports = append(s.exports, x.Name)
		case rewrite.KindGlobal:
			s.globals = append(s.globals, x.Name)
		}
	}
	s.exports = s.exports[:min(len(s.exports), 20)]
	return s
}

// metered runs what was rewritten, with fuel a quantum at a time.
func (s *subject) metered(t testing.TB, config wazero.RuntimeConfig, quantum int64) []step {
	t.Helper()
	m := newMachine(config, s)
	m.metered, m.quantum = true, quantum
	steps, err := m.run(s.rewritten, plan{s.start, s.exports, s.globals, s.restored})
	if err != nil {
		t.Fatalf("rewritten: %v", err)
	}
	return steps
}

// bare runs a module as it is, as far as its twin came on its own: what never ran
// out of anything there ends here too.
func (d *differential) bare(t testing.TB, s *subject, code []byte, twin []step) []step {
	t.Helper()
	var exports []string
	for _, x := range twin {
		exports = append(exports, x.export)
	}
	m := newMachine(d.interpreted.WithCloseOnContextDone(true), s)
	steps, err := m.run(code, plan{exports: exports, globals: s.globals, private: []string{countExport}})
	if err != nil {
		t.Fatalf("as it was: %v", err)
	}
	return steps
}

// unlimited leaves out what the original would not do in the same way: the step
// that ended at a limit, and starting, which there is part of instantiating.
func unlimited(steps []step) (own []step, comparable bool) {
	if n := len(steps); n > 0 && (steps[n-1].trap == errFuel.Error() || steps[n-1].trap == errDepth.Error()) {
		if steps = steps[:n-1]; n == 1 {
			return nil, false
		}
	}
	if len(steps) > 0 && steps[0].export == started && steps[0].trap == "" {
		steps = steps[1:]
	}
	return steps, true
}

// seen is what the original shows too.
func seen(steps []step) (all []step) {
	for _, s := range steps {
		if s.spent, s.depth, s.private = 0, 0, ""; s.export == started {
			s = step{export: started, trap: s.trap}
		}
		all = append(all, s)
	}
	return all
}

// check runs a module in every way and compares. It returns what it did, metered
// and on its own, and whether the two can be compared.
func (d *differential) check(t testing.TB, s *subject, compile bool, quantum int64) (all, own []step) {
	t.Helper()
	all = s.metered(t, d.interpreted, 1<<40)
	same(t, "with other interruptions", all, s.metered(t, d.interpreted, quantum))
	if compile {
		same(t, "compiled", all, s.metered(t, d.compiled, 1<<40))
	}
	for _, x := range all {
		if x.trap == "" && x.depth != diffDepth {
			t.Fatalf("%s returns with %d calls left, it began with %d", x.export, x.depth, diffDepth)
		}
	}
	own, comparable := unlimited(all)
	if !comparable {
		return all, nil
	}
	same(t, "as it was", seen(own), seen(d.bare(t, s, s.code, own)))
	return all, own
}

func same(t testing.TB, what string, want, got []step) {
	t.Helper()
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(step{})); diff != "" {
		t.Fatalf("%s (-metered +%s):\n%s", what, what, diff)
	}
}

// checkGenerated does the same to a generated module, and counts besides: one
// that counts what it executes itself must be charged exactly that.
func (d *differential) checkGenerated(t testing.TB, choices []byte, command bool) []step {
	t.Helper()
	code := generate(choices, false, command)
	s := read(code)
	if s == nil {
		_, err := rewrite.Check(code, diffLimits(1<<17))
		t.Fatalf("the generated module is refused: %v", err)
	}
	all, own := d.check(t, s, true, 1+int64(len(choices)%100))
	counted := d.bare(t, s, generate(choices, true, command), own)
	same(t, "counting", seen(own), seen(counted))
	for n, x := range own {
		count, err := strconv.ParseInt(counted[n].private, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		if x.trap != "" { // what was charged before is not all done, from here on
			if x.spent < count {
				t.Fatalf("%s is charged %d for %d instructions", x.export, x.spent, count)
			}
			break
		}
		// Never less, and no more than the short pieces beside what was executed: each
		// of at most 32 instructions, once for every piece that pays.
		if x.spent < count || x.spent > count+32*(count+1) {
			t.Fatalf("%s is charged %d for %d instructions", x.export, x.spent, count)
		}
	}
	return all
}

// FuzzRewrite mutates modules. Whatever the check accepts must not take the
// compiler down, and what compiles as it is must compile rewritten, and do the
// same.
func FuzzRewrite(f *testing.F) {
	addModules(f)
	d := newDifferential(f)
	rt := wazero.NewRuntimeWithConfig(context.Background(), d.interpreted.WithMemoryLimitPages(diffPages))
	f.Fuzz(func(t *testing.T, code []byte) {
		s := read(code)
		if s == nil || !compiles(t.Context(), rt, code) {
			return
		}
		if !compiles(t.Context(), rt, s.rewritten) {
			c, err := rt.CompileModule(t.Context(), s.rewritten)
			t.Fatalf("valid before, not after: %v, %v", c, err)
		}
		const quick = 4096 // bytes that compile in no time
		d.check(t, s, len(code) < quick, 1+int64(len(code)%100))
	})
}

// FuzzGenerated runs modules that are put together to be valid.
func FuzzGenerated(f *testing.F) {
	random := rand.New(rand.NewPCG(3, 4))
	for n := range 40 {
		f.Add(someBytes(random, 40*n), n%4 == 0)
	}
	d := newDifferential(f)
	f.Fuzz(func(t *testing.T, choices []byte, command bool) { d.checkGenerated(t, choices, command) })
}

func someBytes(random *rand.Rand, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(random.Uint32())
	}
	return b
}

// The fuzzer's work in every run of the tests, and that it gets anywhere.
func TestGeneratedModulesDoTheSameInEveryWay(t *testing.T) {
	t.Parallel()
	d, random := newDifferential(t), rand.New(rand.NewPCG(1, 2))
	modules := 250
	if testing.Short() || raceEnabled {
		modules = 40
	}
	ends, spent := map[string]int{}, int64(0)
	for n := range modules {
		choices := someBytes(random, random.IntN(1500))
		for _, x := range d.checkGenerated(t, choices, n%4 == 0) {
			ends[x.trap]++
			spent = max(spent, x.spent)
		}
		if t.Failed() {
			t.Fatalf("module %d", n)
		}
	}
	t.Logf("%d modules, up to %d instructions, ends: %v", modules, spent, ends)
	if ends[""] < modules || len(ends) < 6 || spent < 1000 {
		t.Errorf("the modules are too simple: they use %d and end by %v", spent, ends)
	}
}

// Real modules, and those that mean harm.
func TestModulesDoTheSameInEveryWay(t *testing.T) {
	t.Parallel()
	d, ran := newDifferential(t), 0
	rt := wazero.NewRuntimeWithConfig(t.Context(), d.interpreted.WithMemoryLimitPages(diffPages))
	for _, path := range modulePaths(t) {
		code, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		s := read(code)
		if s == nil || !compiles(t.Context(), rt, code) {
			continue
		}
		ran++
		t.Run(filepath.Base(path), func(t *testing.T) { d.check(t, s, !raceEnabled, 97) })
	}
	t.Logf("%d modules", ran)
	if ran < 100 {
		t.Errorf("only %d modules ran", ran)
	}
}
