package daemon

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/squall-dev/squall/hostfuncs/kube"
	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/config"
	"github.com/squall-dev/squall/runtime/store"
	"github.com/squall-dev/squall/runtime/wasm"
	"github.com/squall-dev/squall/runtime/wasm/memory"
)

// checkOf finds what a check says, in the table as it is served.
func checkOf(t *testing.T, found []automation.Check, name string) automation.Check {
	t.Helper()
	for _, c := range found {
		if c.Name == name {
			return c
		}
	}
	t.Fatalf("there is no check %q among %+v", name, found)
	return automation.Check{}
}

// clusterAnswer is what a cluster says when it is asked.
type clusterAnswer struct {
	reached kube.Reached
	err     error
}

func TestTheDoctorSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	well := wasm.Facts{Mode: "compiler", Reset: memory.MethodScan, MemoryBudget: 4 << 30}
	facts := func(change func(*wasm.Facts)) wasm.Facts {
		f := well
		change(&f)
		return f
	}
	dir := func(mode os.FileMode) string {
		d := filepath.Join(t.TempDir(), "d")
		if err := os.Mkdir(d, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(d, mode); err != nil { // the umask has no say in it
			t.Fatal(err)
		}
		return d
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, []byte("12345"), 0o600); err != nil {
		t.Fatal(err)
	}
	private, open := dir(0o700), dir(0o700)
	for path, mode := range map[string]os.FileMode{private + "/squall.db": 0o600, private + "/secret.key": 0o400, open + "/squall.db": 0o644} {
		if err := errors.Join(os.WriteFile(path, []byte(strings.Repeat("nonsense", 100)), 0o600), os.Chmod(path, mode)); err != nil {
			t.Fatal(err)
		}
	}
	wanting := automation.PackStatus{Name: "k", InService: true, Capabilities: automation.Capabilities{
		Kubernetes: []automation.KubernetesCapability{{Verbs: []string{"exec"}, Resources: []string{"pods"}}}}}
	serving := automation.PackStatus{Name: "core", InService: true}
	for _, tt := range []struct {
		name, check string
		data        string
		facts       wasm.Facts
		packs       []automation.PackStatus
		config      config.Config
		changes     automation.ChangeGuard
		secrets     []automation.Secret
		cluster     clusterAnswer
		history     automation.Retention
		audit       automation.AuditReport
		status      automation.CheckStatus
		detail      string
	}{
		{name: "a chain that holds", check: "audit chain", audit: automation.AuditReport{Records: 7, AuditChain: automation.AuditChain{Head: automation.AuditPlace{Seq: 7}}}, status: "ok", detail: "all 7 records hold"},
		{name: "a long chain", check: "audit chain", audit: automation.AuditReport{Records: 7, AuditChain: automation.AuditChain{Anchor: automation.AuditPlace{Seq: 1}, Head: automation.AuditPlace{Seq: 30}}},
			status: "ok", detail: "the newest 7 records hold; --deep looks at all 29"},
		{name: "a broken chain", check: "audit chain", audit: automation.AuditReport{Broken: &automation.AuditBreak{Seq: 5, Reason: "it is missing"}}, status: "failed", detail: "does not hold at record 5: it is missing"},
		{name: "a history without bounds", check: "history", history: automation.Retention{Size: automation.HistorySize{Executions: 3, Bytes: 4096}}, status: "ok", detail: "3 executions in 4 KiB; everything is kept"},
		{name: "a history beyond its bounds", check: "history", history: automation.Retention{Rules: []automation.RetentionLimit{{Excess: 7}}}, status: "ok", detail: "7 are to go"},
		{name: "retention that fails", check: "history", history: automation.Retention{Error: "disk gone"}, status: "failed", detail: "retention fails: disk gone"},
		{name: "a file that does not shrink", check: "history", history: automation.Retention{Size: automation.HistorySize{FreeBytes: 1 << 30}}, status: "warning", detail: "1 GiB of the file are free"},
		{name: "a data directory of its own", check: "data directory", data: dir(0o700), status: "ok", detail: "mode 0700"},
		{name: "a data directory that others read", check: "data directory", data: dir(0o755), status: "warning", detail: "mode 0755: others"},
		{name: "a data directory that is not there", check: "data directory", data: filepath.Join(dir(0o700), "no"), status: "warning", detail: "not there yet"},
		{name: "a file in the place of the data directory", check: "data directory", data: file, status: "failed", detail: "not a directory"},
		{name: "files of this user alone", check: "private files", data: private, status: "ok", detail: "2 files"},
		{name: "a database that others read", check: "private files", data: open, status: "failed", detail: "others of this machine may read"},
		{name: "no files yet", check: "private files", status: "ok", detail: "nothing to protect"},
		{name: "no database yet", check: "database", status: "ok", detail: "none yet"},
		{name: "a file that is no database", check: "database", data: private, status: "failed", detail: "not a database"},
		{name: "a disk that waits or does not", check: "fsync", config: config.Config{Fsync: true}, detail: "an fsync takes"},
		{name: "a disk that nobody waits for", check: "fsync", status: "warning", detail: "fsync is off"},
		{name: "the time", check: "clock", status: "ok", detail: "zone"},
		{name: "no backup", check: "backup", status: "warning", detail: "none"},
		{name: "no pack for a cluster", check: "kubernetes", packs: []automation.PackStatus{serving}, status: "ok", detail: "no pack asks"},
		{name: "a cluster that gives all", check: "kubernetes", packs: []automation.PackStatus{wanting}, cluster: clusterAnswer{reached: kube.Reached{Version: "v1.37", Asked: 3}},
			status: "ok", detail: "v1.37 answers, and gives all of 3"},
		{name: "a cluster that gives less", check: "kubernetes", packs: []automation.PackStatus{wanting}, cluster: clusterAnswer{reached: kube.Reached{Missing: strings.Fields("a b c d e f g")}},
			status: "warning", detail: "may not: a, b, c, d, e, and 2 more"},
		{name: "no cluster", check: "kubernetes", packs: []automation.PackStatus{wanting}, cluster: clusterAnswer{err: automation.Unavailable("nobody answers")},
			status: "warning", detail: "nobody answers"},
		{name: "machine code", check: "wasm engine", facts: well, status: "ok", detail: "compiler"},
		{name: "the interpreter", check: "wasm engine", facts: wasm.Facts{Mode: "interpreter", ModeWhy: "because"}, status: "warning", detail: "interpreter: because"},
		{name: "the kernel lists pages", check: "memory reset", facts: well, status: "ok", detail: "PAGEMAP_SCAN"},
		{name: "pages are read", check: "memory reset", facts: wasm.Facts{Reset: memory.MethodRead}, status: "ok", detail: "/proc/self/pagemap"},
		{name: "memory is copied", check: "memory reset", facts: wasm.Facts{Reset: memory.MethodCopy, ResetWhy: "no /proc"}, status: "warning", detail: "because no /proc"},
		{name: "no cache", check: "compile cache", facts: well, status: "warning", detail: "none"},
		{name: "a cache not made yet", check: "compile cache", facts: facts(func(f *wasm.Facts) { f.CacheDir = filepath.Join(dir(0o700), "no") }), status: "ok", detail: "not there yet"},
		{name: "a cache of its own", check: "compile cache", facts: facts(func(f *wasm.Facts) { f.CacheDir = filepath.Dir(file) }), status: "warning", detail: "1 entry, 5 B"},
		{name: "a cache that others write", check: "compile cache", facts: facts(func(f *wasm.Facts) { f.CacheDir = dir(0o777) }), status: "failed", detail: "mode 0777"},
		{name: "limits of compiling", check: "compile limits", facts: facts(func(f *wasm.Facts) { f.Compiler = "elsewhere" }), status: "ok", detail: "elsewhere"},
		{name: "memory enough", check: "guest memory", facts: facts(func(f *wasm.Facts) { f.MemoryUsed, f.Modules = 64<<20, 1 }), status: "ok", detail: "64 MiB of 4 GiB in use by 1 module, 0 instances"},
		{name: "calls that wait for memory", check: "guest memory", facts: facts(func(f *wasm.Facts) { f.Waiting = 2 }), status: "warning", detail: "2 calls wait"},
		{name: "all packs in service", check: "packs", packs: []automation.PackStatus{serving}, status: "ok", detail: "1 in service"},
		{name: "an older version in service", check: "packs", packs: []automation.PackStatus{serving, {Name: "a", InService: true, Error: "x"}},
			status: "warning", detail: "2 in service, an older version of a"},
		{name: "secrets that open", check: "secrets", secrets: make([]automation.Secret, 2), status: "ok", detail: "2 secrets"},
		{name: "a secret without its key", check: "secrets", secrets: []automation.Secret{{Name: "a", Error: "no key"}}, status: "failed", detail: "can not be opened: a"},
		{name: "a short secret", check: "secrets", secrets: []automation.Secret{{Name: "pin", Short: true}}, status: "warning", detail: "pin"},
		{name: "changes pass", check: "changes", changes: automation.ChangeGuard{Budgets: make([]automation.BudgetState, 2)}, status: "ok", detail: "2 budgets"},
		{name: "changes are stopped", check: "changes", changes: automation.ChangeGuard{Stop: &automation.Stop{By: "ada"}}, status: "warning", detail: "held back, by ada"},
		{name: "changes are paused", check: "changes", changes: automation.ChangeGuard{Paused: []automation.PausedChange{{What: "POST h"}}}, status: "warning", detail: "POST h"},
		{name: "webhooks on this machine alone", check: "webhooks", config: config.Config{Listen: "127.0.0.1:1"}, status: "ok", detail: "2 webhooks"},
		{name: "an open webhook in the network", check: "webhooks", config: config.Config{Listen: ":1"}, status: "warning", detail: "anybody who reaches :1 may post to: heard, other"},
		{name: "webhooks that are declared", check: "webhooks", config: config.Config{Listen: ":1", Webhooks: map[string]config.Webhook{"/heard": {Auth: "github"}}},
			packs: []automation.PackStatus{{Name: "p", InService: true, Webhooks: []string{"other"}}}, status: "ok", detail: "2 webhooks"},
		{name: "a webhook that is open because somebody wants it", check: "webhooks", config: config.Config{Listen: ":1", WebhooksDefault: config.WebhooksDeclared,
			Webhooks: map[string]config.Webhook{"heard": {Auth: "none"}}}, status: "warning", detail: "may post to: heard"},
		{name: "a webhook that nobody hears", check: "webhooks", config: config.Config{Listen: "127.0.0.1:1", Webhooks: map[string]config.Webhook{"haerd": {Auth: "github"}}},
			status: "warning", detail: "no enabled rule listens to it: haerd"},
		{name: "a broken pack", check: "packs", packs: []automation.PackStatus{serving, {Name: "torn", Error: "x"}}, status: "failed", detail: "not loaded: torn"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if tt.data == "" {
				tt.data = t.TempDir()
			}
			tt.config.Data = tt.data
			d := &doctor{config: tt.config, facts: func() wasm.Facts { return tt.facts },
				packs: func() []automation.PackStatus { return tt.packs },
				webhooks: func() map[string][]automation.Ref {
					return map[string][]automation.Ref{"heard": {"p.a"}, "other": {"p.b"}}
				},
				changes: func() automation.ChangeGuard { return tt.changes },
				secrets: func() []automation.Secret { return tt.secrets },
				backups: func() automation.LastBackup { return automation.LastBackup{} }, started: time.Now(),
				reach: func(context.Context, []automation.KubernetesCapability) (kube.Reached, error) {
					return tt.cluster.reached, tt.cluster.err
				},
				audit:   func(context.Context, store.AuditCheck) (automation.AuditReport, error) { return tt.audit, nil },
				history: func(context.Context) (automation.Retention, error) { return tt.history, nil }}
			c := checkOf(t, d.examine(), tt.check)
			if tt.status != "" && c.Status != tt.status || !strings.Contains(c.Detail, tt.detail) {
				t.Errorf("%s: %s, want %s and %q", c.Status, c.Detail, tt.status, tt.detail)
			}
			if c.Status == automation.CheckFailed && c.Hint == "" {
				t.Error("it does not say what to do")
			}
		})
	}
}

func TestLittleDiskSpaceIsAWarning(t *testing.T) {
	t.Parallel()
	for free, want := range map[uint64]automation.CheckStatus{1<<30 - 1: "warning", 1 << 30: "ok", 1<<64 - 1: "ok"} {
		if got := judgeSpace(free); got.Status != want {
			t.Errorf("%d bytes free: %+v, want %s", free, got, want)
		}
	}
	if runtime.GOOS == "linux" {
		c := (&doctor{config: config.Config{Data: filepath.Join(t.TempDir(), "not", "yet")}}).diskSpace()
		if !strings.Contains(c.Detail, "iB free") {
			t.Errorf("of a directory to come: %+v", c)
		}
	}
}

func TestExamineNeedsNoServerAndLeavesNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	found, err := Examine(t.Context(), dir, true)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range found {
		if c.Name == "packs" || c.Name == "guest memory" {
			t.Errorf("%s was judged without a server", c.Name)
		}
	}
	if c := checkOf(t, found, "compile cache"); !strings.Contains(c.Detail, filepath.Join(dir, "cache", "wasm")) {
		t.Errorf("got %+v", c)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
}

// A server tells of itself what there is, and measures it.
func TestTheDoctorOfAServer(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	torn := filepath.Join(dir, "packs", "torn")
	if err := os.MkdirAll(torn, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(torn, "pack.yaml"), []byte("colour: red\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	h := serve(t, dir, nil)
	list, err := h.Doctor(t.Context(), false)
	if err != nil || len(list.Items) != 19 {
		t.Fatalf("%+v, %v", list, err)
	}
	if c := checkOf(t, list.Items, "packs"); c.Status != automation.CheckFailed || !strings.Contains(c.Detail, "torn") {
		t.Errorf("got %+v", c)
	}
	if c := checkOf(t, list.Items, "compile cache"); c.Status != automation.CheckOK || !strings.Contains(c.Detail, "mode 0700") {
		t.Errorf("got %+v", c)
	}
	for name, want := range map[string]string{"squall_wasm_memory_budget_bytes": "4.294967296e\\+09", "squall_wasm_memory_used_bytes": "0",
		"squall_wasm_modules": "0", "squall_wasm_idle_instances": "0"} {
		if !regexp.MustCompile("(?m)^" + name + " " + want + "$").MatchString(h.metrics()) {
			t.Errorf("%s is not %s", name, want)
		}
	}
}

func (h *harness) metrics() string { return h.metricsBy(http.DefaultClient) }

func (h *harness) metricsBy(client *http.Client) string {
	h.t.Helper()
	token, err := os.ReadFile(filepath.Join(testConfig(h.dir).Data, "admin.token"))
	if err != nil {
		h.t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(h.t.Context(), http.MethodGet, h.URL+"/metrics", nil)
	if err != nil {
		h.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+strings.TrimSpace(string(token)))
	resp, err := client.Do(req)
	if err != nil {
		h.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	return string(text)
}

func TestInspectModule(t *testing.T) {
	t.Parallel()
	fixture := func(name string) string { return filepath.Join("..", "wasm", "testdata", name+".wasm") }
	component := filepath.Join(t.TempDir(), "component.wasm")
	if err := os.WriteFile(component, []byte("\x00asm\x0d\x00\x01\x00"), 0o600); err != nil {
		t.Fatal(err)
	}
	locals := filepath.Join(t.TempDir(), "locals.wasm") // one function with 20,000 locals
	if err := os.WriteFile(locals, []byte("\x00asm\x01\x00\x00\x00\x01\x04\x01\x60\x00\x00\x03\x02\x01\x00\x0a\x08\x01\x06\x01\xa0\x9c\x01\x7f\x0b"), 0o600); err != nil {
		t.Fatal(err)
	}
	packed := filepath.Join(t.TempDir(), "echo.wasm.gz")
	if err := os.WriteFile(packed, gzipped(t, fixture("echo")), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, file, kind, err string
		info                  automation.ModuleKind
	}{
		{name: "a compressed reactor", file: packed, info: automation.ModuleReactor},
		{name: "a reactor", file: fixture("echo"), info: automation.ModuleReactor},
		{name: "a command", file: fixture("cat"), info: automation.ModuleCommand},
		{name: "no such file", file: "nowhere.wasm", kind: "not_found", err: "nowhere.wasm does not exist"},
		{name: "a folder", file: t.TempDir(), kind: "invalid", err: "can not be read"},
		{name: "not a module", file: "check.go", kind: "invalid", err: "not a WebAssembly module"},
		{name: "a function over a limit", file: locals, kind: "invalid", err: "function 0 has 20000 locals, the limit is 10000"},
		{name: "a component", file: component, kind: "invalid", err: "a component"},
		{name: "an import that nobody answers is named beside what is known", file: fixture("direct"), kind: "invalid",
			err: "squall:host.greet, which is not there", info: automation.ModuleReactor},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			info, err := InspectModule(t.Context(), tt.file)
			if info.Kind != tt.info {
				t.Errorf("kind is %q, want %q", info.Kind, tt.info)
			}
			if (err != nil) != (tt.err != "") || err != nil && (automation.KindOf(err) != tt.kind || !strings.Contains(err.Error(), tt.err)) {
				t.Errorf("error is %v, want %s: %s", err, tt.kind, tt.err)
			}
		})
	}
}

func gzipped(t *testing.T, file string) []byte {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err = w.Write(content)
	if err := errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestTheClockIsJudged(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for _, tt := range []struct {
		name           string
		now, disk      time.Time
		passed, walked time.Duration
		want           automation.CheckStatus
	}{
		{"all agree", now, now, time.Hour, time.Hour, "ok"},
		{"the clock was set forward", now, now, time.Hour, 2 * time.Hour, "warning"},
		{"the clock was set back", now, now, time.Hour, 0, "warning"},
		{"the disk is elsewhere", now, now.Add(-time.Minute), time.Hour, time.Hour, "warning"},
		{"nobody has set it", time.Unix(0, 0), time.Unix(0, 0), time.Hour, time.Hour, "failed"},
	} {
		if got := judgeClock(tt.now, tt.disk, tt.passed, tt.walked); got.Status != tt.want {
			t.Errorf("%s: %+v, want %s", tt.name, got, tt.want)
		}
	}
}

func TestTheLastBackupIsJudged(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 20, 3, 4, 5, 0, time.UTC)
	for name, tt := range map[string]struct {
		last automation.LastBackup
		want string
	}{
		"a fresh one":       {automation.LastBackup{At: now.Add(-time.Hour), Bytes: 1 << 20}, "1 MiB before compression"},
		"an old one":        {automation.LastBackup{At: now.Add(-10 * 24 * time.Hour)}, "10 days old"},
		"one that has gaps": {automation.LastBackup{At: now, Missing: 2}, "lacks the contents of 2 artifacts"},
	} {
		if got := judgeBackup(tt.last, now); !strings.Contains(got.Detail, tt.want) {
			t.Errorf("%s: %+v, want %s", name, got, tt.want)
		}
	}
}
