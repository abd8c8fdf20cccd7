package daemon

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/squall-dev/squall/"

// mayImport is the map of the program: who may import whom, of ours. What is not
// written is forbidden. runtime/README.md draws the same.
func mayImport() map[string][]string {
	return map[string][]string{
		"cmd/squall":                  {"runtime/backup", "runtime/daemon", "runtime/torture", "runtime/client", "runtime/config", "packs", "runtime/automation", "runtime/api", "runtime/audit", "runtime/query"},
		"runtime/automation":          {},
		"runtime/expr":                {"runtime/automation"},
		"runtime/parameter":           {"runtime/automation", "runtime/expr"},
		"runtime/flame":               {"runtime/automation"},
		"runtime/flow":                {"runtime/automation"},
		"runtime/policy":              {"runtime/automation"},
		"runtime/budget":              {"runtime/automation"},
		"runtime/vault":               {"runtime/automation", "runtime/disk"},
		"runtime/live":                {"runtime/automation"},
		"runtime/config":              {"runtime/automation"},
		"runtime/telemetry":           {},
		"runtime/query":               {"runtime/automation"},
		"runtime/store":               {"runtime/automation", "runtime/query"},
		"runtime/store/storetest":     {"runtime/store", "runtime/automation", "runtime/query"},
		"runtime/disk":                {},
		"runtime/audit":               {"runtime/automation"},
		"runtime/store/sqlite":        {"runtime/audit", "runtime/store", "runtime/automation", "runtime/query", "runtime/disk", "runtime/store/sqlite/vfs"},
		"runtime/store/sqlite/vfs":    {"runtime/disk"},
		"runtime/store/bench":         {"runtime/store", "runtime/retention", "runtime/automation", "runtime/query", "runtime/store/sqlite"},
		"runtime/retention":           {"runtime/automation", "runtime/store"},
		"hostfuncs":                   {"runtime/automation"},
		"hostfuncs/hostfuncstest":     {"hostfuncs", "runtime/automation"},
		"hostfuncs/*":                 {"hostfuncs", "runtime/automation"},
		"runtime/artifact":            {"hostfuncs", "runtime/automation", "runtime/disk"},
		"runtime/backup":              {"runtime/automation", "runtime/store/sqlite"},
		"runtime/rule":                {"runtime/automation", "runtime/expr"},
		"runtime/rule/bench":          {"runtime/automation", "runtime/rule"},
		"runtime/wasm":                {"hostfuncs", "runtime/automation", "runtime/wasm/rewrite", "runtime/wasm/memory", "runtime/wasm/extismabi"},
		"runtime/wasm/*":              {},
		"runtime/wasm/bench":          {"hostfuncs", "runtime/automation", "runtime/wasm", "runtime/wasm/rewrite"},
		"runtime/runner":              {"runtime/automation", "runtime/budget", "runtime/expr", "hostfuncs", "runtime/wasm"},
		"runtime/engine":              {"runtime/automation", "runtime/expr", "runtime/flow", "runtime/parameter", "runtime/policy", "runtime/rule", "runtime/runner", "runtime/store", "hostfuncs"},
		"runtime/trigger":             {"runtime/automation", "hostfuncs", "runtime/wasm"},
		"runtime/trigger/triggertest": {"runtime/trigger", "runtime/automation"},
		"runtime/access":              {"runtime/automation", "runtime/store"},
		"packs":                       {"runtime/automation", "runtime/config", "runtime/expr", "runtime/rule", "runtime/parameter", "runtime/wasm", "hostfuncs"},
		"runtime/api":                 {"runtime/automation", "runtime/query", "runtime/access", "runtime/live", "runtime/store", "runtime/flame", "runtime/trigger", "web"},
		"runtime/api/gen":             {"runtime/api"},
		"runtime/client":              {"runtime/automation", "runtime/flame"},
		"web":                         {},
		"sdk/abi/gen":                 {"hostfuncs", "hostfuncs/*", "runtime/automation"},
		"hostfuncs/kube/kubetest":     {},
		"sdk/conformance":             {},
		"runtime/daemon":              {"*"},
		"runtime/daemon/*":            {"*"},
		"runtime/torture":             {"*"},
	}
}

// doors says where a third-party module may be imported: one dependency, one
// door, so that it can be replaced there.
func doors() map[string][]string {
	return map[string][]string{
		"github.com/tetratelabs/wazero":         {"runtime/wasm", "runtime/wasm/*"},
		"github.com/extism/go-sdk":              {"runtime/wasm", "runtime/wasm/*"},
		"github.com/labstack/echo/v4":           {"runtime/api"},
		"gopkg.in/yaml.v3":                      {"runtime/config", "packs", "runtime/expr"},
		"k8s.io/":                               {"hostfuncs/kube", "hostfuncs/kube/kubetest"},
		"github.com/go-logr/logr":               {"hostfuncs/kube", "hostfuncs/kube/kubetest"},
		"modernc.org/":                          {"runtime/store/sqlite", "runtime/store/sqlite/vfs"},
		"github.com/google/pprof":               {"runtime/flame"},
		"github.com/dlclark/regexp2":            {"runtime/rule", "runtime/expr", "runtime/parameter"},
		"github.com/google/cel-go":              {"runtime/rule"},
		"github.com/prometheus/client_golang":   {"runtime/telemetry"},
		"github.com/spf13/":                     {"cmd/squall"},
		"github.com/itchyny/gojq":               {"cmd/squall"},
		"golang.org/x/term":                     {"cmd/squall"},
		"golang.org/x/sync":                     {"runtime/daemon"},
		"golang.org/x/sys":                      {"runtime/wasm", "runtime/wasm/*", "runtime/store/sqlite", "runtime/daemon/*"},
		"golang.org/x/time":                     {"hostfuncs/fetch"},
		"golang.org/x/net":                      {"hostfuncs/fetch", "hostfuncs/kube"},
		"github.com/google/go-cmp":              {"*"}, // tests
		"github.com/rogpeppe/go-internal":       {"cmd/squall"},
		"github.com/coder/websocket":            {"hostfuncs/kube"},
		"github.com/gorilla/websocket":          {"hostfuncs/kube/kubetest"},
		"github.com/santhosh-tekuri/jsonschema": {"runtime/parameter"},
	}
}

func TestImportsPointDown(t *testing.T) {
	t.Parallel()
	allowed, seen := mayImport(), 0
	for _, file := range goFiles(t) {
		dir := filepath.ToSlash(filepath.Dir(file))
		rule, known := lookup(allowed, dir)
		if !known {
			t.Errorf("%s: package %s is not on the map in layers_test.go", file, dir)
			continue
		}
		for _, path := range imports(t, file) {
			ours, ok := strings.CutPrefix(path, module)
			if !ok || ours == dir {
				continue
			}
			seen++
			if !matches(rule, ours) && !strings.HasSuffix(file, "_test.go") { // tests may build a whole
				t.Errorf("%s: %s must not import %s", file, dir, ours)
			}
		}
	}
	if seen < 50 {
		t.Errorf("only %d imports were looked at: the walk does not see the module", seen)
	}
}

func TestOneDependencyOneDoor(t *testing.T) {
	t.Parallel()
	for _, file := range goFiles(t) {
		dir := filepath.ToSlash(filepath.Dir(file))
		for _, path := range imports(t, file) {
			first, _, _ := strings.Cut(path, "/")
			if !strings.Contains(first, ".") || strings.HasPrefix(path, module) {
				continue // the standard library, or ours
			}
			allowed, known := doorOf(path)
			if !known {
				t.Errorf("%s: %s has no door in layers_test.go; a new dependency needs one, and a line in RATIONALE.md", file, path)
			} else if !matches(allowed, dir) && !strings.HasSuffix(file, "_test.go") {
				t.Errorf("%s: %s may be imported in %v only", file, path, allowed)
			}
		}
	}
}

func TestNoGoFileLiesInRuntimeItself(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join(root, "runtime", "*.go"))
	if err != nil || len(files) > 0 {
		t.Errorf("runtime/ shadows a standard package, so nothing lies directly in it: %v %v", files, err)
	}
}

const root = "../.."

// goFiles lists the module's own Go files. Guests and the SDK are modules of
// their own.
func goFiles(t *testing.T) []string {
	t.Helper()
	var files []string
	err := fs.WalkDir(os.DirFS(root), ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			_, notOurs := os.Stat(filepath.Join(root, p, "go.mod"))
			if p != "." && (notOurs == nil || slices.Contains([]string{".git", "node_modules", "testdata"}, d.Name())) {
				return fs.SkipDir
			}
			return nil
		}
		if strings.HasSuffix(p, ".go") {
			files = append(files, p)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func imports(t *testing.T, file string) []string {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, file), nil, parser.ImportsOnly)
	if err != nil {
		t.Fatal(err)
	}
	var paths []string
	for _, spec := range f.Imports {
		path, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			t.Fatal(err)
		}
		paths = append(paths, path)
	}
	return paths
}

// lookup finds a package's line: its own, or that of its parent with "/*".
func lookup(m map[string][]string, dir string) ([]string, bool) {
	if rule, ok := m[dir]; ok {
		return rule, true
	}
	rule, ok := m[filepath.ToSlash(filepath.Dir(dir))+"/*"]
	return rule, ok
}

func doorOf(path string) ([]string, bool) {
	for prefix, allowed := range doors() {
		if strings.HasPrefix(path, prefix) {
			return allowed, true
		}
	}
	return nil, false
}

func matches(allowed []string, pkg string) bool {
	return slices.ContainsFunc(allowed, func(a string) bool {
		parent, wild := strings.CutSuffix(a, "*")
		return a == pkg || wild && strings.HasPrefix(pkg, parent)
	})
}
