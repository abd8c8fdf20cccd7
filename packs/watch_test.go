package packs

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/squall-dev/squall/runtime/automation"
)

// bench is a watcher over a directory with all that it needs.
type bench struct {
	*Watcher
	t      *testing.T
	dir    string
	engine *fakeEngine
}

func newBench(t *testing.T, shipped ...fs.FS) *bench {
	t.Helper()
	b := &bench{t: t, dir: t.TempDir(), engine: &fakeEngine{}}
	w, err := NewWatcher(WatcherOptions{
		Dir: b.dir, Embedded: shipped, Loader: testLoader(t, b.engine), Registry: testRegistry(t, RegistryOptions{}),
	})
	if err != nil {
		t.Fatal(err)
	}
	b.Watcher = w
	return b
}

// put writes files as they are given: every call looks like one copy.
func (b *bench) put(folder string, files fstest.MapFS) {
	b.t.Helper()
	for name, f := range files {
		b.write(filepath.Join(folder, name), string(f.Data))
	}
}

func (b *bench) write(name, text string) {
	b.t.Helper()
	file := filepath.Join(b.dir, name)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		b.t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) delete(name string) {
	b.t.Helper()
	if err := os.RemoveAll(filepath.Join(b.dir, name)); err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) sync() {
	b.t.Helper()
	if err := b.Sync(b.t.Context()); err != nil {
		b.t.Fatal(err)
	}
}

// want compares the whole catalogue: "name version", with "!" when a problem is
// reported, or "name -" when nothing serves.
func (b *bench) want(packs ...string) {
	b.t.Helper()
	got := []string{}
	for _, p := range b.o.Registry.Snapshot().Packs() {
		line := p.Name + " " + p.Version
		if !p.InService {
			line = p.Name + " -"
		}
		if p.Error != "" {
			line += " !"
		}
		got = append(got, line)
	}
	if diff := cmp.Diff(append([]string{}, packs...), got); diff != "" {
		b.t.Fatalf("packs (-want +got):\n%s", diff)
	}
}

func (b *bench) problem(pack string) string {
	status, _ := b.o.Registry.Snapshot().Pack(pack)
	return status.Error + "\n" + status.Hint
}

func shippedPacks(version string) fs.FS {
	all := fstest.MapFS{"README.md": {}}
	for name, f := range greeter(version, "") {
		all["greeter/"+name] = f
	}
	return all
}

func TestSyncLoadsWhatIsThere(t *testing.T) {
	t.Parallel()
	b := newBench(t, shippedPacks("1.0.0"), shipped("dist/never_built"))
	b.write("other/pack.yaml", "name: other\nversion: 3.0.0\n")
	b.write(".git/pack.yaml", "name: hidden")
	b.write("notes/README.md", "no pack")
	b.write("loose.yaml", "name: loose")
	b.sync()
	b.want("greeter 1.0.0", "other 3.0.0")
	b.sync()
	if compiled, _ := b.engine.counts(); compiled != 1 {
		t.Errorf("a second look compiled again: %d", compiled)
	}
}

func TestABrokenPackIsRecordedAndTheOthersServe(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.put("greeter", greeter("1.0.0", ""))
	b.write("broken/pack.yaml", "nam: x")
	b.sync()
	b.want("broken - !", "greeter 1.0.0")
}

func TestABrokenVersionChangesNothingUntilItIsMended(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.put("greeter", greeter("1.0.0", ""))
	b.sync()
	b.write("greeter/actions/greet.yaml", "name: [")
	b.sync()
	b.want("greeter 1.0.0 !")
	if p := b.problem("greeter"); !strings.Contains(p, "actions/greet.yaml:1:") {
		t.Errorf("problem = %s", p)
	}
	if lease, err := b.o.Registry.Acquire("greeter.greet"); err != nil {
		t.Errorf("the version in service is not lent: %v", err)
	} else {
		lease.Release()
	}
	b.put("greeter", greeter("2.0.0", ""))
	b.sync()
	b.want("greeter 2.0.0")
}

func TestGoingBackToWhatServesClearsTheProblem(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.put("greeter", greeter("1.0.0", ""))
	b.sync()
	b.write("greeter/rules/on_hello.yaml", "x: y")
	b.sync()
	b.want("greeter 1.0.0 !")
	b.put("greeter", greeter("1.0.0", ""))
	b.sync()
	b.want("greeter 1.0.0")
}

func TestADeletedFolderLeavesTheCatalogue(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.put("greeter", greeter("1.0.0", ""))
	b.write("broken/pack.yaml", "nam: x")
	b.sync()
	b.delete("greeter")
	b.delete("broken/pack.yaml") // the empty folder stays
	b.sync()
	b.want()
	b.put("greeter", greeter("1.0.0", ""))
	b.sync()
	b.want("greeter 1.0.0")
}

func TestAPackInTheDirectoryWinsOverAShippedOne(t *testing.T) {
	t.Parallel()
	b := newBench(t, shippedPacks("1.0.0"))
	b.put("greeter", greeter("9.0.0", "mine"))
	b.sync()
	b.want("greeter 9.0.0")
	b.delete("greeter")
	b.sync()
	b.want("greeter 1.0.0")
}

func TestABrokenPackDoesNotHideTheShippedOne(t *testing.T) {
	t.Parallel()
	b := newBench(t, shippedPacks("1.0.0"))
	b.write("greeter/pack.yaml", "ref: greeter")
	b.sync()
	b.want("greeter 1.0.0 !")
	b.delete("greeter")
	b.sync()
	b.want("greeter 1.0.0")
}

func TestTheFolderMayBeCalledOtherwiseThanThePack(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.write("stackstorm-aws/pack.yaml", "name: aws\nref: aws\nversion: 1.0.0")
	b.sync()
	b.want("aws 1.0.0")
	b.write("stackstorm-aws/pack.yaml", "name: cloud\nref: cloud\nversion: 1.0.0")
	b.sync()
	b.want("cloud 1.0.0")
	b.write("stackstorm-aws/pack.yaml", "name: cloud\nref: cloud\nversion: x")
	b.sync()
	b.want("cloud 1.0.0 !")
}

func TestTwoFoldersCanNotHoldOnePack(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.write("a/pack.yaml", "name: x\nref: x\nversion: 1.0.0")
	b.write("b/pack.yaml", "name: x\nref: x\nversion: 2.0.0")
	b.sync()
	b.want("b - !", "x 1.0.0")
	if p := b.problem("b"); !strings.Contains(p, "pack x is in folder a already") {
		t.Errorf("problem = %s", p)
	}
	b.delete("a")
	b.sync()
	b.want("x 2.0.0")
}

func TestLinksWorkAsKubernetesMakesThem(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	link := func(target, name string) {
		t.Helper()
		file := filepath.Join(b.dir, "greeter", name)
		if err := os.Symlink(target, file+".new"); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(file+".new", file); err != nil {
			t.Fatal(err)
		}
	}
	b.put("greeter/..2030_01", greeter("1.0.0", ""))
	link("..2030_01", "..data")
	for _, name := range []string{"pack.yaml", "pack.wasm", "actions", "rules"} {
		link("..data/"+name, name)
	}
	b.sync()
	b.want("greeter 1.0.0")
	b.put("greeter/..2030_02", greeter("2.0.0", ""))
	link("..2030_02", "..data")
	b.delete("greeter/..2030_01")
	b.sync()
	b.want("greeter 2.0.0")
}

func TestALinkThatLeavesThePackIsRefused(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.put("greeter", greeter("1.0.0", ""))
	b.write("secret", "name: x")
	if err := os.Symlink("../../secret", filepath.Join(b.dir, "greeter/rules/leak.yaml")); err != nil {
		t.Fatal(err)
	}
	b.sync()
	b.want("greeter - !")
	if p := b.problem("greeter"); !strings.Contains(p, "rules/leak.yaml can not be read") || !strings.Contains(p, "inside the pack's folder") {
		t.Errorf("problem = %s", p)
	}
}

func TestADirectoryThatIsAwayRemovesNothing(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.put("packs/greeter", greeter("1.0.0", ""))
	b.o.Dir = filepath.Join(b.dir, "packs")
	b.sync()
	if err := os.Rename(b.o.Dir, b.o.Dir+".away"); err != nil {
		t.Fatal(err)
	}
	b.sync()
	b.want("greeter 1.0.0")
	if err := os.Rename(b.o.Dir+".away", b.o.Dir); err != nil {
		t.Fatal(err)
	}
	b.sync()
	b.want("greeter 1.0.0")
}

// follow runs the watcher for a test that lives in synthetic time.
func (b *bench) follow() {
	ctx, cancel := context.WithCancel(b.t.Context())
	ended := make(chan error, 1)
	go func() { ended <- b.Run(ctx) }()
	b.t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			b.t.Errorf("Run: %v", err)
		}
	})
}

// after lets synthetic time pass and everything come to rest.
func after(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func TestChangesAreFollowedOnceTheyAreQuiet(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.sync()
		b.follow()
		files := greeter("1.0.0", "")
		b.write("greeter/pack.yaml", string(files["pack.yaml"].Data))
		after(600 * time.Millisecond) // seen once: it may be half copied
		b.want()
		b.put("greeter", files)
		after(500 * time.Millisecond)
		b.want()
		after(500 * time.Millisecond)
		b.want("greeter 1.0.0")
		b.delete("greeter")
		after(2 * time.Second)
		b.want()
	})
}

func TestAPackThatIsBeingCopiedWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.follow()
		for i := range 20 {
			b.put("greeter", greeter("1.0.0", strings.Repeat("x", i)))
			after(500 * time.Millisecond)
			b.want()
		}
		after(time.Second)
		b.want("greeter 1.0.0")
	})
}

func TestAPassingFailureIsTriedAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.engine.fail(automation.Unavailable("the compiler is away"))
		b.put("greeter", greeter("1.0.0", ""))
		b.follow()
		after(2 * time.Second)
		b.want("greeter - !")
		b.engine.fail(nil)
		after(deepEvery + 2*time.Second)
		b.want("greeter 1.0.0")
	})
}

func TestAChangeThatLooksLikeNoneIsFoundByItsContent(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.put("greeter", greeter("1.0.0", ""))
		b.sync()
		b.follow()
		after(time.Second)
		file := filepath.Join(b.dir, "greeter/pack.yaml")
		before, err := os.Stat(file)
		if err != nil {
			t.Fatal(err)
		}
		b.write("greeter/pack.yaml", string(greeter("7.0.0", "")["pack.yaml"].Data))
		if err := os.Chtimes(file, before.ModTime(), before.ModTime()); err != nil {
			t.Fatal(err)
		}
		after(deepEvery + 2*time.Second)
		b.want("greeter 7.0.0")
	})
}

func TestCheckLoadsAndPutsAway(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.put("greeter", greeter("1.0.0", ""))
	status, err := Check(t.Context(), b.o.Loader, filepath.Join(b.dir, "greeter"))
	if err != nil || status.Version != "1.0.0" || len(status.Actions) != 2 || status.InService {
		t.Errorf("status = %+v, err = %v", status, err)
	}
	b.write("greeter/actions/greet.yaml", "name: [")
	status, err = Check(t.Context(), b.o.Loader, filepath.Join(b.dir, "greeter"))
	if err == nil || status.Name != "greeter" || status.Error != err.Error() {
		t.Errorf("status = %+v, err = %v", status, err)
	}
	if _, err := Check(t.Context(), b.o.Loader, filepath.Join(b.dir, "none")); err == nil {
		t.Error("a folder that is not there passes")
	}
	if _, alive := b.engine.counts(); alive != 0 {
		t.Errorf("%d modules were left behind", alive)
	}
}
