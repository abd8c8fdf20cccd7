package packs

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/squall-dev/squall/runtime/automation"
)

// archive reads a pack that a test keeps in one file, and the text above it.
func archive(t testing.TB, file string) (fs.FS, string) {
	t.Helper()
	a, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	fsys := fstest.MapFS{}
	for _, f := range a.Files {
		fsys[f.Name] = &fstest.MapFile{Data: f.Data}
	}
	return fsys, string(a.Comment)
}

func rewrite(t *testing.T, file, comment string) {
	t.Helper()
	a, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	a.Comment = []byte(comment)
	if err := os.WriteFile(file, txtar.Format(a), 0o644); err != nil {
		t.Fatal(err)
	}
}

func cases(t *testing.T, pattern string) []string {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases in %s: %v", pattern, err)
	}
	return files
}

func caseName(file string) string { return strings.TrimSuffix(filepath.Base(file), ".txtar") }

// Each file in testdata/bad is a pack with something wrong; the text above it is
// the whole error, then "hint: " and the first hint. UPDATE_TESTDATA=1 writes what
// is said now.
func TestABadPackSaysEverythingThatIsWrong(t *testing.T) {
	t.Parallel()
	for _, file := range cases(t, "testdata/bad/*.txtar") {
		t.Run(caseName(file), func(t *testing.T) {
			t.Parallel()
			fsys, want := archive(t, file)
			engine := &fakeEngine{}
			_, err := testLoader(t, engine).Load(t.Context(), caseName(file), fsys, file)
			if err == nil {
				t.Fatal("the pack loads")
			}
			got := err.Error() + "\n"
			if hint := hintOf(err); hint != "" {
				got += "hint: " + hint + "\n"
			}
			if os.Getenv("UPDATE_TESTDATA") != "" {
				rewrite(t, file, got)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("error (-want +got):\n%s", diff)
			}
			if !errors.Is(err, automation.ErrInvalid) {
				t.Errorf("the error is not of kind invalid: %v", err)
			}
			if compiled, _ := engine.counts(); compiled != 0 {
				t.Errorf("%d modules of a bad pack were compiled, and so started", compiled)
			}
		})
	}
}

func TestAGoodPackLoads(t *testing.T) {
	t.Parallel()
	for _, file := range cases(t, "testdata/good/*.txtar") {
		t.Run(caseName(file), func(t *testing.T) {
			t.Parallel()
			fsys, _ := archive(t, file)
			p, err := testLoader(t, &fakeEngine{}).Load(t.Context(), caseName(file), fsys, file)
			if err != nil {
				t.Fatal(err)
			}
			if err := p.Close(t.Context()); err != nil {
				t.Fatal(err)
			}
		})
	}
}

func loadGood(t *testing.T, name string) *Pack {
	t.Helper()
	fsys, _ := archive(t, "testdata/good/"+name+".txtar")
	p, err := testLoader(t, &fakeEngine{}).Load(t.Context(), name, fsys, "somewhere")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close(context.WithoutCancel(t.Context())) })
	return p
}

func TestARuleOfStackStormLoadsAsItStands(t *testing.T) {
	t.Parallel()
	p := loadGood(t, "labs_sre")
	want := automation.Rule{
		Pack: "labs_sre", Name: "generate_pprof_with_webhook", Description: "Rule dumping pprof of a pod", Enabled: true,
		Trigger: automation.TriggerSpec{Type: "core.st2.webhook", Parameters: map[string]any{"url": "pprof"}},
		Criteria: []automation.Criterion{{
			Key: "trigger.body.alerts[0].labels.alertname", Operator: "startswith", Pattern: "Pod Memory Limit",
			Position: automation.Position{File: "rules/generate_pprof_with_webhook.yaml", Line: 10, Column: 3},
		}},
		Action: automation.ActionCall{Ref: "labs_sre.exec_pod", Parameters: map[string]any{
			"pod": "{{trigger.body.alerts[0].labels.pod}}", "namespace": "dm-demo-app",
		}},
		Position: automation.Position{File: "rules/generate_pprof_with_webhook.yaml", Line: 1, Column: 1},
	}
	if diff := cmp.Diff([]automation.Rule{want}, p.Rules); diff != "" {
		t.Errorf("rules (-want +got):\n%s", diff)
	}
	if p.Manifest.Version != "0.4.0" {
		t.Errorf("version 0.4 is read as %q", p.Manifest.Version)
	}
}

func TestCapabilitiesAndLimitsAreReadWithTheirUnits(t *testing.T) {
	t.Parallel()
	p := loadGood(t, "labs_sre")
	wantCapabilities := automation.Capabilities{
		Kubernetes: []automation.KubernetesCapability{{
			Verbs: []string{"exec", "list"}, Resources: []string{"pods"}, Namespaces: []string{"dm-*"},
			Reason: "Reads the heap profile inside the Pod that raised the alert.",
		}},
		HTTP: []automation.HTTPCapability{{
			FromConfig: []string{"pprof_url"}, Methods: []string{"GET"}, Private: true,
			Reason: "Fetches the profile from the address in the configuration.",
		}},
		Artifacts: []automation.ArtifactCapability{{MaxBytes: 512 << 20}},
	}
	if diff := cmp.Diff(wantCapabilities, p.Manifest.Capabilities); diff != "" {
		t.Errorf("capabilities (-want +got):\n%s", diff)
	}
	wantLimits := automation.Limits{Timeout: 30 * time.Second, Memory: 64 << 20, Output: 1 << 20, HostCalls: 100, Fuel: 7_500_000_000}
	if diff := cmp.Diff(wantLimits, p.Manifest.Limits); diff != "" {
		t.Errorf("limits (-want +got):\n%s", diff)
	}
}

func TestAnActionKeepsItsSchemaAndFindsItsModule(t *testing.T) {
	t.Parallel()
	p := loadGood(t, "labs_sre")
	a := p.Actions[0]
	if a.Ref() != "labs_sre.exec_pod" || a.EntryPoint != "pack.wasm" || a.Export != "exec_pod" || !a.Enabled {
		t.Errorf("action = %+v", a)
	}
	want := automation.Parameter{
		Type: "boolean", Default: true, HasDefault: true,
		Schema: map[string]any{"type": "boolean", "default": true},
	}
	if diff := cmp.Diff(want, a.Parameters["keep"]); diff != "" {
		t.Errorf("parameter keep (-want +got):\n%s", diff)
	}
	if got := a.Parameters["pod"]; !got.Required || got.Position == nil || *got.Position != 0 || got.Schema["maxLength"] != int64(253) {
		t.Errorf("parameter pod = %+v", got)
	}
	if a.Limits.Timeout != 90*time.Second || a.Retry.MaxAttempts != 3 {
		t.Errorf("limits = %+v, retry = %+v", a.Limits, a.Retry)
	}
}

func TestConfigurationGetsTheDefaultsOfItsSchema(t *testing.T) {
	t.Parallel()
	p := loadGood(t, "configured_well")
	want := map[string]any{"region": "eu", "sizes": []any{int64(1), int64(2)}}
	if diff := cmp.Diff(want, p.Config); diff != "" {
		t.Errorf("config (-want +got):\n%s", diff)
	}
}

func TestTheDigestCoversEveryFileThatMatters(t *testing.T) {
	t.Parallel()
	base := contents{"pack.yaml": []byte("name: a"), "rules/r.yaml": []byte("x")}
	for name, other := range map[string]contents{
		"another byte":        {"pack.yaml": []byte("name: b"), "rules/r.yaml": []byte("x")},
		"another name":        {"pack.yaml": []byte("name: a"), "rules/q.yaml": []byte("x")},
		"a border that moved": {"pack.yaml": []byte("name: arules/r.yaml"), "": []byte("x")},
		"a file less":         {"pack.yaml": []byte("name: a")},
	} {
		if base.digest() == other.digest() {
			t.Errorf("%s gives the same digest", name)
		}
	}
}

func TestOnlyFilesThatMatterAreRead(t *testing.T) {
	t.Parallel()
	fsys := fstest.MapFS{}
	for _, name := range []string{
		"pack.yaml", "pack.wasm", "config.schema.yaml", "actions/a.yaml", "actions/b.yml", "actions/c.wasm", "rules/r.yaml",
		"README.md", ".hidden.wasm", "src/main.go", "src/target/x.wasm", "actions/config.yaml", "actions/deep/d.yaml", "rules/x.wasm",
	} {
		fsys[name] = &fstest.MapFile{}
	}
	files, err := readAll(fsys)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for name := range files {
		got = append(got, name)
	}
	want := []string{"actions/a.yaml", "actions/b.yml", "actions/c.wasm", "config.schema.yaml", "pack.wasm", "pack.yaml", "rules/r.yaml"}
	if diff := cmp.Diff(want, slices.Sorted(slices.Values(got))); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}

func TestAFileThatIsTooLargeIsRefused(t *testing.T) {
	t.Parallel()
	fsys := fstest.MapFS{"pack.yaml": {Data: make([]byte, maxYAMLBytes+1)}}
	_, err := testLoader(t, &fakeEngine{}).Load(t.Context(), "big", fsys, "big")
	if err == nil || !strings.Contains(err.Error(), "pack.yaml is larger than 1 MiB") {
		t.Errorf("err = %v", err)
	}
}

// The packs of this repository are read here without their modules, which need
// not be built.
func TestThePacksOfThisRepositoryAreWellWritten(t *testing.T) {
	t.Parallel()
	dirs := append(cases(t, "std/*/pack.yaml"), cases(t, "../examples/packs/*/pack.yaml")...)
	for _, manifest := range dirs {
		dir := filepath.Dir(manifest)
		t.Run(filepath.Base(dir), func(t *testing.T) {
			t.Parallel()
			files, err := readAll(os.DirFS(dir))
			if err != nil {
				t.Fatal(err)
			}
			p, errs := files.read(filepath.Base(dir), dir)
			if err := errors.Join(errs...); err != nil {
				t.Fatal(err)
			}
			if _, err := configure(p.Name, p.ConfigSchema, nil); err != nil {
				t.Error(err)
			}
			if len(p.Notes) > 0 {
				t.Errorf("parts without effect: %v", p.Notes)
			}
		})
	}
}

func TestAPackOfWhichHalfCompilesLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	engine := &fakeEngine{failWith: errors.New("the disk is full"), failOn: "/pack.wasm"}
	fsys := greeter("1.0.0", "")
	fsys["actions/other.yaml"] = &fstest.MapFile{Data: []byte("name: other\nentry_point: other.wasm\n")}
	fsys["actions/other.wasm"] = &fstest.MapFile{Data: []byte("command")}
	_, err := testLoader(t, engine).Load(t.Context(), "greeter", fsys, "somewhere")
	if err == nil || !strings.Contains(err.Error(), "compile pack.wasm: the disk is full") {
		t.Errorf("err = %v", err)
	}
	if compiled, alive := engine.counts(); compiled != 1 || alive != 0 {
		t.Errorf("compiled %d, alive %d; want 1 and 0", compiled, alive)
	}
}

// A binary is built with or without the shipped packs; both must work.
func TestShippedPacksAreFoldersOrNothing(t *testing.T) {
	t.Parallel()
	for name, all := range map[string]fs.FS{"std": Std(), "demo": Demo()} {
		entries, err := fs.ReadDir(all, ".")
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %v", name, err)
		}
		for _, e := range entries {
			if _, err := fs.Stat(all, e.Name()+"/"+manifestFile); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}
