package packs

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/squall-dev/squall/hostfuncs"
	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/wasm"
)

// fakeEngine compiles texts such as "reactor export=greet import=kube_exec", so
// that tests need no Wasm. It keeps account of what lives.
type fakeEngine struct {
	mu       sync.Mutex
	compiled int
	alive    int
	failWith error
	failOn   string // end of a module's name; empty fails all
}

func inspect(code []byte) (wasm.Info, error) {
	var info wasm.Info
	for word := range strings.FieldsSeq(string(code)) {
		key, value, _ := strings.Cut(word, "=")
		switch key {
		case "export":
			info.Exports = append(info.Exports, value)
		case "import":
			info.HostFunctions = append(info.HostFunctions, value)
		case "invalid":
			return info, automation.Invalid("the module is refused")
		default:
			info.Kind = wasm.Kind(key)
		}
	}
	return info, nil
}

func (e *fakeEngine) compile(_ context.Context, name string, _ []byte) (compiled, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.failWith != nil && strings.HasSuffix(name, e.failOn) {
		return nil, e.failWith
	}
	e.compiled++
	e.alive++
	return &fakeModule{engine: e, name: name}, nil
}

func (e *fakeEngine) counts() (compiled, alive int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.compiled, e.alive
}

func (e *fakeEngine) fail(err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.failWith = err
}

type fakeModule struct {
	engine  *fakeEngine
	name    string
	mu      sync.Mutex // guards retired
	retired bool
}

func (m *fakeModule) Call(context.Context, wasm.Call) (wasm.Result, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.retired {
		return wasm.Result{}, fmt.Errorf("call %s: the module is retired", m.name)
	}
	return wasm.Result{}, nil
}

func (m *fakeModule) Prepare(context.Context, string) error { return nil }

func (m *fakeModule) Retire(context.Context) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.retired {
		return errors.New("retired twice")
	}
	m.retired = true
	m.engine.mu.Lock()
	defer m.engine.mu.Unlock()
	m.engine.alive--
	return nil
}

// hostFuncs are a server's: one that every pack has, one that needs a capability.
func hostFuncs(t testing.TB) hostfuncs.Set {
	t.Helper()
	type none struct{}
	do := func(context.Context, hostfuncs.Caller, none) (none, error) { return none{}, nil }
	exec := func(c automation.Capabilities) error {
		for _, k := range c.Kubernetes {
			for _, verb := range k.Verbs {
				if verb == "exec" {
					return nil
				}
			}
		}
		return automation.Denied("no kubernetes capability has the verb exec").
			WithHint("add to pack.yaml under capabilities.kubernetes: {verbs: [exec], resources: [pods], reason: ...}")
	}
	set, err := hostfuncs.NewSet([]hostfuncs.Func{
		hostfuncs.New("context", "Tells who calls.", nil, nil, do),
		hostfuncs.New("kube_exec", "Runs a command in a Pod.", exec, nil, do),
	})
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func testLoader(t testing.TB, e *fakeEngine) *Loader {
	t.Helper()
	l, err := NewLoader(LoaderOptions{
		inspectFunc: inspect, compileFunc: e.compile, HostFuncs: hostFuncs(t),
		Config: map[string]map[string]any{"configured": {"url": 5, "free": true}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return l
}
