package packs

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/wasm"
)

// greeter is a pack with one action and one rule; what tells versions of it
// apart, code its module.
func greeter(version, code string) fstest.MapFS {
	return fstest.MapFS{
		"pack.yaml":           {Data: []byte("name: greeter\nversion: " + version + "\nlimits: {timeout: 5s, memory: 1MiB}\n")},
		"actions/greet.yaml":  {Data: []byte("name: greet\nlimits: {memory: 2MiB}\n")},
		"actions/rest.yaml":   {Data: []byte("name: rest\nenabled: false\n")},
		"rules/on_hello.yaml": {Data: []byte("name: on_hello\nenabled: true\ntrigger: {type: core.st2.webhook, parameters: {url: hello}}\naction: {ref: greeter.greet}\n")},
		"triggers/t.yaml":     {Data: []byte("name: greeted\n")},
		"pack.wasm":           {Data: []byte("reactor export=greet export=rest " + code)},
	}
}

func mustLoad(t *testing.T, l *Loader, fsys fstest.MapFS) *Pack {
	t.Helper()
	p, err := l.Load(t.Context(), "greeter", fsys, "somewhere")
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func mustInstall(t *testing.T, r *Registry, p *Pack) {
	t.Helper()
	if err := r.Install(t.Context(), p); err != nil {
		t.Fatal(err)
	}
}

func testRegistry(t *testing.T, o RegistryOptions) *Registry {
	t.Helper()
	r, err := NewRegistry(o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestTheConfigurationOfAPackInServiceSaysWhatIsSecret(t *testing.T) {
	t.Parallel()
	files := greeter("1.0.0", "")
	files["config.schema.yaml"] = &fstest.MapFile{Data: []byte("room: {type: string, default: sre}\ntoken: {type: string, default: hunter2, secret: true}\n")}
	r := testRegistry(t, RegistryOptions{})
	if values, secret := r.Snapshot().Config("greeter"); values != nil || secret != nil {
		t.Errorf("before it is in service: %v, %v", values, secret)
	}
	mustInstall(t, r, mustLoad(t, testLoader(t, &fakeEngine{}), files))
	values, secret := r.Snapshot().Config("greeter")
	if diff := cmp.Diff(map[string]any{"room": "sre", "token": "hunter2"}, values); diff != "" || !cmp.Equal(secret, []string{"token"}) {
		t.Errorf("secret are %v (-want +got):\n%s", secret, diff)
	}
}

func TestAnInstalledPackIsInTheCatalogue(t *testing.T) {
	t.Parallel()
	at := time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
	var told []automation.PackStatus
	r := testRegistry(t, RegistryOptions{
		Now: func() time.Time { return at }, Changed: func(s automation.PackStatus) { told = append(told, s) },
	})
	p := mustLoad(t, testLoader(t, &fakeEngine{}), greeter("1.0.0", ""))
	mustInstall(t, r, p)
	s := r.Snapshot()
	want := []automation.PackStatus{{
		Name: "greeter", Version: "1.0.0", Digest: p.Digest, LoadedAt: at, Path: "somewhere", InService: true,
		Actions: []automation.Ref{"greeter.greet", "greeter.rest"}, Rules: []automation.Ref{"greeter.on_hello"},
		Modules: []automation.PackModule{{
			File: "pack.wasm", Actions: []automation.Ref{"greeter.greet", "greeter.rest"},
			ModuleInfo: automation.ModuleInfo{Kind: automation.ModuleReactor, Exports: []string{"greet", "rest"}},
		}},
	}}
	if diff := cmp.Diff(want, s.Packs()); diff != "" {
		t.Errorf("packs (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(want, told); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
	if a, ok := s.Action("greeter.greet"); !ok || a.Export != "greet" {
		t.Errorf("action = %+v, %v", a, ok)
	}
	if len(s.Actions()) != 2 || len(s.Rules().Rules()) != 1 || len(s.Triggers()) != 1 || s.Triggers()[0].Ref() != "greeter.greeted" {
		t.Errorf("actions %v, rules %v, triggers %v", s.Actions(), s.Rules().Rules(), s.Triggers())
	}
}

func TestALeaseCarriesWhatARunNeeds(t *testing.T) {
	t.Parallel()
	r := testRegistry(t, RegistryOptions{})
	p := mustLoad(t, testLoader(t, &fakeEngine{}), greeter("1.0.0", ""))
	mustInstall(t, r, p)
	lease, err := r.Acquire("greeter.greet")
	if err != nil {
		t.Fatal(err)
	}
	defer lease.Release()
	want := automation.DefaultLimits()
	want.Timeout, want.Memory = 5*time.Second, 2<<20
	if diff := cmp.Diff(want, lease.Limits); diff != "" {
		t.Errorf("limits: the action's, then the pack's, then the defaults (-want +got):\n%s", diff)
	}
	if lease.Pack != "greeter" || lease.Digest != p.Digest || lease.Export != "greet" || lease.Config == nil {
		t.Errorf("lease = %+v", lease)
	}
	if _, err := lease.Module.Call(t.Context(), wasm.Call{}); err != nil {
		t.Error(err)
	}
}

func TestAnActionThatCanNotBeLentSaysWhy(t *testing.T) {
	t.Parallel()
	r := testRegistry(t, RegistryOptions{})
	mustInstall(t, r, mustLoad(t, testLoader(t, &fakeEngine{}), greeter("1.0.0", "")))
	r.Report("broken", "/packs/broken", invalid("actions/a.yaml:1:1: wrong\nmore"))
	for _, c := range []struct {
		name, ref, message, hint string
		kind                     error
	}{
		{"one that nearly exists", "greeter.great", `action greeter.great does not exist; did you mean "greeter.greet"?`, "list what there is: squall pack list", automation.ErrNotFound},
		{"one of a pack that did not load", "broken.x", "action broken.x does not exist", "pack broken could not be loaded: actions/a.yaml:1:1: wrong", automation.ErrNotFound},
		{"one that is disabled", "greeter.rest", "action greeter.rest is disabled", `set "enabled: true" in actions/rest.yaml of pack greeter`, automation.ErrConflict},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := r.Acquire(automation.Ref(c.ref))
			if err == nil || err.Error() != c.message || hintOf(err) != c.hint || !errors.Is(err, c.kind) {
				t.Errorf("err = %v; hint = %q", err, hintOf(err))
			}
		})
	}
}

func TestARunningCallKeepsItsVersionAlive(t *testing.T) {
	t.Parallel()
	engine := &fakeEngine{}
	loader, r := testLoader(t, engine), testRegistry(t, RegistryOptions{})
	mustInstall(t, r, mustLoad(t, loader, greeter("1.0.0", "old")))
	old, err := r.Acquire("greeter.greet")
	if err != nil {
		t.Fatal(err)
	}
	mustInstall(t, r, mustLoad(t, loader, greeter("2.0.0", "new")))
	fresh, err := r.Acquire("greeter.greet")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := old.Module.Call(t.Context(), wasm.Call{}); err != nil {
		t.Errorf("call on the version before: %v", err)
	}
	if fresh.Digest == old.Digest {
		t.Error("a new lease is on the version before")
	}
	old.Release()
	old.Release() // does nothing
	r.retiring.Wait()
	if _, alive := engine.counts(); alive != 1 {
		t.Errorf("%d modules live, want only the new one", alive)
	}
	if _, err := fresh.Module.Call(t.Context(), wasm.Call{}); err != nil {
		t.Errorf("call on the version in service: %v", err)
	}
	fresh.Release()
	if err := r.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, alive := engine.counts(); alive != 0 {
		t.Errorf("%d modules outlive the registry", alive)
	}
}

func TestAnUnchangedModuleIsNotCompiledAgain(t *testing.T) {
	t.Parallel()
	engine := &fakeEngine{}
	loader, r := testLoader(t, engine), testRegistry(t, RegistryOptions{})
	for i := range 5 {
		mustInstall(t, r, mustLoad(t, loader, greeter(fmt.Sprintf("1.0.%d", i), "")))
	}
	r.retiring.Wait()
	if compiled, alive := engine.counts(); compiled != 1 || alive != 1 {
		t.Errorf("compiled %d, alive %d; want 1 and 1", compiled, alive)
	}
	if err := r.Remove(t.Context(), "greeter"); err != nil {
		t.Fatal(err)
	}
	r.retiring.Wait()
	if _, alive := engine.counts(); alive != 0 {
		t.Errorf("%d modules outlive their pack", alive)
	}
}

func TestAReportLeavesWhatServesAsItIs(t *testing.T) {
	t.Parallel()
	r := testRegistry(t, RegistryOptions{})
	mustInstall(t, r, mustLoad(t, testLoader(t, &fakeEngine{}), greeter("1.0.0", "")))
	r.Report("greeter", "/packs/greeter", invalid("rules/x.yaml:3:1: wrong").WithHint("do this"))
	status, _ := r.Snapshot().Pack("greeter")
	if !status.InService || status.Version != "1.0.0" || status.Error != "rules/x.yaml:3:1: wrong" || status.Hint != "do this" {
		t.Errorf("status = %+v", status)
	}
	if lease, err := r.Acquire("greeter.greet"); err != nil {
		t.Error(err)
	} else {
		lease.Release()
	}
	r.Clear("greeter")
	if status, _ := r.Snapshot().Pack("greeter"); status.Error != "" {
		t.Errorf("status after Clear = %+v", status)
	}
}

func TestARemovedPackIsGone(t *testing.T) {
	t.Parallel()
	var last automation.PackStatus
	r := testRegistry(t, RegistryOptions{Changed: func(s automation.PackStatus) { last = s }})
	mustInstall(t, r, mustLoad(t, testLoader(t, &fakeEngine{}), greeter("1.0.0", "")))
	if err := r.Remove(t.Context(), "greeter"); err != nil {
		t.Fatal(err)
	}
	if s := r.Snapshot(); len(s.Packs()) != 0 || len(s.Rules().Rules()) != 0 || len(s.Actions()) != 0 {
		t.Errorf("left: %v", s.Packs())
	}
	if last.Name != "greeter" || last.InService {
		t.Errorf("told %+v", last)
	}
	if err := r.Remove(t.Context(), "greeter"); !errors.Is(err, automation.ErrNotFound) {
		t.Errorf("removing it again: %v", err)
	}
}

func TestCloseGivesUpOnCallsThatDoNotEnd(t *testing.T) {
	t.Parallel()
	r := testRegistry(t, RegistryOptions{})
	mustInstall(t, r, mustLoad(t, testLoader(t, &fakeEngine{}), greeter("1.0.0", "")))
	if _, err := r.Acquire("greeter.greet"); err != nil { // never released
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := r.Close(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("err = %v", err)
	}
	p := mustLoad(t, testLoader(t, &fakeEngine{}), greeter("1.0.0", ""))
	if err := r.Install(t.Context(), p); !errors.Is(err, automation.ErrUnavailable) {
		t.Errorf("install after close: %v", err)
	}
}

// Many runs lease and call while versions come and go. No call may ever meet a
// retired module or a missing action, and nothing may be left at the end.
func TestSwapsUnderLoadLoseNoCall(t *testing.T) {
	t.Parallel()
	engine := &fakeEngine{}
	loader, r := testLoader(t, engine), testRegistry(t, RegistryOptions{})
	mustInstall(t, r, mustLoad(t, loader, greeter("1.0.0", "")))
	stop := make(chan struct{})
	var runs sync.WaitGroup
	for range 8 {
		runs.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				lease, err := r.Acquire("greeter.greet")
				if err != nil {
					t.Error(err)
					return
				}
				if _, err := lease.Module.Call(context.Background(), wasm.Call{}); err != nil {
					t.Error(err)
				}
				lease.Release()
			}
		})
	}
	for i := range 200 { // every third version has the code of the one before
		mustInstall(t, r, mustLoad(t, loader, greeter(fmt.Sprintf("1.0.%d", i), fmt.Sprintf("export=x%d", i-i%3))))
	}
	close(stop)
	runs.Wait()
	if err := r.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if compiled, alive := engine.counts(); alive != 0 || compiled < 60 {
		t.Errorf("compiled %d, alive %d", compiled, alive)
	}
	if len(loader.shelf.modules) != 0 {
		t.Errorf("the shelf keeps %d modules", len(loader.shelf.modules))
	}
}

func TestARuleThatDoesNotCompileIsNotInstalled(t *testing.T) {
	t.Parallel()
	fsys := greeter("1.0.0", "")
	fsys["rules/bad.yaml"] = &fstest.MapFile{Data: []byte(
		"name: bad\ntrigger: {type: a.b}\ncriteria: {trigger.x: {type: sounds_like, pattern: y}}\naction: {ref: a.b}\n")}
	_, err := testLoader(t, &fakeEngine{}).Load(t.Context(), "greeter", fsys, "somewhere")
	if err == nil || !strings.Contains(err.Error(), "rules/bad.yaml:3:12") {
		t.Errorf("err = %v", err)
	}
}

// What a status says is sent to every watcher, so a module can not make it as
// long as it likes.
func TestAStatusListsSomeExportsOnly(t *testing.T) {
	t.Parallel()
	var exports strings.Builder
	for i := range mostExports + 5 {
		fmt.Fprintf(&exports, "export=x%d ", i)
	}
	p := mustLoad(t, testLoader(t, &fakeEngine{}), greeter("1.0.0", exports.String()))
	m := p.Status().Modules[0]
	if len(m.Exports) != mostExports || m.ExportsLeftOut != 7 { // greet and rest are there too
		t.Errorf("%d exports listed, %d left out", len(m.Exports), m.ExportsLeftOut)
	}
}
