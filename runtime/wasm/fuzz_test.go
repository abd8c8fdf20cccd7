package wasm

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/tetratelabs/wazero"

	"github.com/squall-dev/squall/hostfuncs"
	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/wasm/extismabi"
)

// modulePaths are the committed modules: guests, attacks and Extism plugins.
func modulePaths(tb testing.TB) (paths []string) {
	for _, dir := range []string{".", "attacks", "extism"} {
		some, err := filepath.Glob(filepath.Join("testdata", dir, "*.wasm"))
		if err != nil || len(some) == 0 {
			tb.Fatal("no modules in", dir, err)
		}
		paths = append(paths, some...)
	}
	return paths
}

func addModules(f *testing.F) {
	for n, p := range modulePaths(f) {
		if raceEnabled && n%8 > 0 { // compiling is slow there
			continue
		}
		code, err := os.ReadFile(p)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(code)
	}
}

// FuzzCall runs mutated modules. However they behave, they end within their
// limits and leave nothing behind: each action does the same a second time, and
// the same wherever it runs.
func FuzzCall(f *testing.F) {
	addModules(f)
	c := newCalls(f)
	f.Fuzz(c.check)
}

// FuzzCallGenerated does that with modules that are put together to be valid.
func FuzzCallGenerated(f *testing.F) {
	random := rand.New(rand.NewPCG(5, 6))
	for n := range 40 {
		f.Add(someBytes(random, 40*n), n%2 == 0)
	}
	c := newCalls(f)
	f.Fuzz(func(t *testing.T, choices []byte, command bool) { c.check(t, generate(choices, false, command)) })
}

// The fuzzer's work in every run of the tests, and that it gets anywhere.
func TestGeneratedModulesLeaveNothingBehind(t *testing.T) {
	t.Parallel()
	c, random := newCalls(t), rand.New(rand.NewPCG(7, 8))
	modules := 200
	if testing.Short() || raceEnabled {
		modules = 20
	}
	for n := range modules {
		c.check(t, generate(someBytes(random, random.IntN(1500)), false, n%2 == 0))
	}
	t.Logf("%d calls, ends: %v, %d instances were kept, %d of them parked programs", c.calls, c.ends, c.kept, c.parked)
	if c.ends[""] < modules || len(c.ends) < 5 || c.kept < modules || c.parked < modules/8 {
		t.Error("too little happens")
	}
}

// calls runs modules in engines of all kinds.
type calls struct {
	compiled, portable, interpreted *Engine
	ends                            map[automation.FailureCode]int
	calls, kept, parked             int
}

func newCalls(tb testing.TB) *calls {
	const most = 4 << 20
	return &calls{compiled: newEngine(tb, Options{MaxMemory: most}), portable: newEngine(tb, Options{MaxMemory: most, PortableMemory: true}),
		interpreted: newEngine(tb, Options{MaxMemory: most, PortableMemory: true, Interpreter: true}), ends: map[automation.FailureCode]int{}}
}

// spoken is what a call shows to the world, but for what differs with the clock.
type spoken struct {
	export, message, output, log string
	code                         automation.FailureCode
	fuel                         int64
	hostCalls                    int
}

func (c *calls) check(t *testing.T, code []byte) {
	e := c.compiled
	if len(code)%2 > 0 {
		e = c.portable
	}
	all, info := c.run(t, e, code)
	again, _ := c.run(t, c.interpreted, code)
	if !endsAlike(info) {
		return
	}
	for n := range min(len(all), len(again)) {
		compare(t, info, "interpreted", all[n], again[n])
	}
}

// endsAlike tells that a module gets nothing of the host that is never the same.
func endsAlike(info Info) bool {
	return !slices.ContainsFunc(info.Imports, func(name string) bool {
		return strings.Contains(name, "random") || strings.Contains(name, "clock") || strings.Contains(name, "poll")
	})
}

// run loads a module and calls its actions one after the other, twice.
func (c *calls) run(t *testing.T, e *Engine, code []byte) (all []spoken, info Info) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Second/2) // a start may take its time otherwise
	defer cancel()
	m, err := e.Load(ctx, "fuzz", code)
	if err != nil {
		return nil, Info{}
	}
	began := time.Now()
	exports := m.info.Exports[:min(len(m.info.Exports), 20)]
	if m.info.Kind == Command {
		exports = []string{"x", "x", "x"} // twice that is more than a stock of snapshots
	}
	for range 2 {
		for _, x := range exports {
			if n := len(all); n > 0 && all[n-1].code == automation.CodeTimeout { // it sleeps
				break
			}
			all = append(all, c.call(t, m, x))
		}
	}
	if endsAlike(m.info) {
		for n := range max(0, len(all)-len(exports)) {
			compare(t, m.info, "again", all[n], all[n+len(exports)])
		}
	}
	if m.info.Kind == Command && endsAlike(m.info) {
		compare(t, m.info, "from its beginning", all[0], c.anew(t, m))
	}
	if err := m.Retire(context.Background()); err != nil {
		t.Fatal(err)
	}
	if d := time.Since(began); d > 20*time.Second {
		t.Fatalf("took %v", d)
	}
	return all, m.info
}

// callOf is a call under limits that guests reach.
func callOf(export string, log *lines) Call {
	return Call{Export: export, Input: []byte(`{"some":"input"}`), Caller: hostfuncs.Caller{Log: log.add}, Limits: automation.Limits{
		Timeout: 200 * time.Millisecond, Fuel: 200_000, Memory: 3 << 20, Output: 1000, Log: 1000, HostCalls: 5, HostBytes: 1 << 16, CallDepth: 200}}
}

func (c *calls) call(t *testing.T, m *Module, export string) spoken {
	t.Helper()
	var l lines
	res, err := m.Call(context.Background(), callOf(export, &l))
	if err != nil || res.Code == automation.CodeInternal {
		t.Fatalf("%s: %+v, %v", export, res, err)
	}
	c.calls++
	c.ends[res.Code]++
	if o := m.origins[originOf(m, export)]; o != nil {
		if i := o.idle.take(); i != nil {
			sameAsFrozen(t, i)
			c.kept++
			if i.checkpoint != nil {
				c.parked++
			}
			o.idle.put(i, time.Now())
		}
	}
	return saidBy(export, res, &l)
}

func saidBy(export string, res Result, l *lines) spoken {
	return spoken{export, res.Message, string(res.Output), strings.Join(l.text, "\n"), res.Code, res.Usage.Fuel, res.Usage.HostCalls}
}

// anew runs a program from its beginning, whether it could be parked or not.
func (c *calls) anew(t *testing.T, m *Module) spoken {
	t.Helper()
	var l lines
	res, err := m.runAnew(context.Background(), callOf("x", &l))
	if err != nil {
		t.Fatal(err)
	}
	return saidBy("x", res, &l)
}

// compare compares two ends of the same action. What a parked program did before it
// was parked costs it nothing, so its limits may be reached elsewhere.
func compare(t *testing.T, info Info, what string, a, b spoken) {
	t.Helper()
	for _, s := range []spoken{a, b} {
		program := info.Kind == Command && (s.code == automation.CodeOutOfFuel || s.code == automation.CodeStackLimit)
		if s.code == automation.CodeTimeout || program {
			return
		}
	}
	if info.Kind == Command {
		a.fuel, b.fuel = 0, 0
	}
	if diff := cmp.Diff(a, b, cmp.AllowUnexported(spoken{})); diff != "" {
		t.Fatalf("%s is not the same %s:\n%s", a.export, what, diff)
	}
}

// originOf is the key of what an action starts from.
func originOf(m *Module, action string) string {
	if m.info.Kind == Command {
		return action
	}
	return ""
}

func sameAsFrozen(t *testing.T, i *instance) {
	t.Helper()
	for n, g := range i.globals {
		if g.Get() != i.frozen.globals[n] {
			t.Fatalf("global %d is %d, was %d", n, g.Get(), i.frozen.globals[n])
		}
	}
	if i.kernel != nil {
		const any = 1 << 20 // limits are set anew by each run
		want := extismabi.New(any)
		want.Restore(i.frozen.kernel)
		if i.kernel.SetLimit(any); fmt.Sprint(want) != fmt.Sprint(i.kernel) {
			t.Fatalf("the kernel is %+v, was %+v", i.kernel, want)
		}
	}
	if i.slot == nil {
		return
	}
	now, _ := i.memory.Read(0, i.memory.Size())
	if !bytes.Equal(now, i.frozen.image.Content()) {
		t.Fatal("the memory is not what it was")
	}
}

// compiles counts a panic of the compiler as a refusal, as Load does.
func compiles(ctx context.Context, rt wazero.Runtime, code []byte) (ok bool) {
	defer func() {
		if recover() != nil {
			ok = false
		}
	}()
	c, err := rt.CompileModule(ctx, code)
	if err != nil {
		return false
	}
	return c.Close(ctx) == nil
}
