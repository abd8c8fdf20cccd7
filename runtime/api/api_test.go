package api

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/squall-dev/squall/runtime/access"
	"github.com/squall-dev/squall/runtime/artifact"
	"github.com/squall-dev/squall/runtime/automation"
	run "github.com/squall-dev/squall/runtime/engine"
	"github.com/squall-dev/squall/runtime/live"
	"github.com/squall-dev/squall/runtime/rule"
	"github.com/squall-dev/squall/runtime/runner"
	"github.com/squall-dev/squall/runtime/store"
	"github.com/squall-dev/squall/runtime/store/sqlite"
	"github.com/squall-dev/squall/runtime/trigger"
)

// service is one action, test.echo, and one rule that starts it from the webhook
// "hook". The action runs in no sandbox: it logs a line and returns its input.
type service struct{ rules *rule.Set }

func (s service) Rules() []automation.Rule                        { return s.rules.Rules() }
func (s service) Rule(ref automation.Ref) (automation.Rule, bool) { return s.rules.Rule(ref) }
func (service) Packs() []automation.PackStatus                    { return []automation.PackStatus{testPack()} }
func (s service) Webhooks() map[string][]automation.Ref           { return s.rules.Webhooks() }
func (service) Endpoint(string) (trigger.Endpoint, bool)          { return trigger.Endpoint{}, false }
func (s service) HasTrigger(ref automation.Ref) bool {
	return s.rules.HasTrigger(ref) || ref == "test.order"
}
func (s service) Actions() []automation.Action { return []automation.Action{echoAction()} }
func (service) Action(r automation.Ref) (automation.Action, bool) {
	return echoAction(), r == "test.echo"
}
func (service) Triggers() []automation.TriggerType { return []automation.TriggerType{orderTrigger()} }
func (s service) TriggerType(ref automation.Ref) (automation.TriggerType, bool) {
	return orderTrigger(), ref == "test.order"
}
func (service) DeclaredPolicies() []automation.Policy { return []automation.Policy{onePolicy()} }
func (service) DeclaredPolicy(ref automation.Ref) (automation.Policy, bool) {
	return onePolicy(), ref == "test.one"
}
func (service) CheckPayload(ref automation.Ref, payload any) error {
	if m, ok := payload.(map[string]any); ref == "test.order" && (!ok || m["id"] == nil) {
		return automation.Invalid("lacks id").WithCode("payload_mismatch")
	}
	return nil
}
func (service) Run(_ context.Context, job runner.Job) (runner.Result, error) {
	job.Log(automation.LevelInfo, "one\ntwo\nthree")
	return runner.Result{Output: job.Input}, nil
}

// matching shows the same to the engine.
type matching struct{ service }

func (m matching) Rules() *rule.Set { return m.rules }

func (matching) Policies(automation.Ref) []automation.Policy { return nil }

func (matching) Policy(automation.Ref) (automation.Policy, bool) { return automation.Policy{}, false }

func (matching) Config(string) (map[string]any, []string) { return nil, nil }

func onePolicy() automation.Policy {
	return automation.Policy{Pack: "test", Name: "one", Enabled: true, Resource: "test.echo", Type: automation.PolicyConcurrency, Threshold: 1, Action: automation.PolicyDelay}
}

func orderTrigger() automation.TriggerType {
	return automation.TriggerType{Pack: "test", Name: "order", Description: "An order came in.",
		PayloadSchema: map[string]any{"properties": map[string]any{"id": map[string]any{"type": "integer", "required": true}}}}
}

func testPack() automation.PackStatus {
	return automation.PackStatus{Name: "test", InService: true, Actions: []automation.Ref{"test.echo"}, Rules: []automation.Ref{"test.hook"},
		Modules: []automation.PackModule{{File: "pack.wasm", Actions: []automation.Ref{"test.echo"},
			ModuleInfo: automation.ModuleInfo{Kind: automation.ModuleReactor, Size: 812, HostFunctions: []string{"kube_exec"}, Resettable: true}}}}
}

func echoAction() automation.Action {
	return automation.Action{Pack: "test", Name: "echo", Enabled: true, Parameters: map[string]automation.Parameter{
		"n":    {Type: "integer", Schema: map[string]any{"type": "integer"}},
		"text": {Type: "string", Schema: map[string]any{"type": "string"}},
	}}
}

// testServer is the API over a real engine and a real store.
type testServer struct {
	*httptest.Server
	t        *testing.T
	token    string
	live     *live.Hub
	db       store.Store
	mu       sync.Mutex // guards rejected
	rejected []string
	watchers atomic.Int64
	dropped  chan struct{} // holds one for each watcher that was cut off
}

func newTestServer(t *testing.T, wrap func(store.Store) store.Store) *testServer {
	t.Helper()
	s := &testServer{t: t, live: live.New(1000, 0), dropped: make(chan struct{}, 10)}
	dir := t.TempDir()
	db, err := sqlite.Open(t.Context(), sqlite.Options{Path: filepath.Join(dir, "db"), NoSync: true, Published: s.live.Publish})
	if err != nil {
		t.Fatal(err)
	}
	s.db = db
	if wrap != nil {
		s.db = wrap(db)
	}
	rules, err := rule.Compile([]automation.Rule{{Pack: "test", Name: "hook", Enabled: true,
		Trigger: automation.TriggerSpec{Type: "core.st2.webhook", Parameters: map[string]any{"url": "hook"}},
		Action:  automation.ActionCall{Ref: "test.echo"}}})
	if err != nil {
		t.Fatal(err)
	}
	catalogue := service{rules}
	stop := s.runEngine(catalogue)
	guard := access.New(s.db, nil)
	if s.token, err = guard.EnsureAdmin(t.Context(), func(string) error { return nil }); err != nil {
		t.Fatal(err)
	}
	files, err := artifact.Open(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	api, err := New(Options{Engine: stop.engine, Store: s.db, Audit: s.db, Guard: guard, Live: s.live, Artifacts: files,
		Catalogue: func() Catalogue { return catalogue }, MaxBody: 1 << 20, Logger: slog.New(slog.DiscardHandler),
		TestRule: func(context.Context, []byte, automation.Event) (automation.RuleTest, error) {
			return automation.RuleTest{}, nil
		},
		TestRuleInService: func(context.Context, automation.Rule, automation.Event) (automation.RuleTest, error) {
			return automation.RuleTest{}, nil
		},
		Doctor: func(bool) []automation.Check {
			return []automation.Check{{Name: "packs", Status: automation.CheckFailed, Detail: "torn"}}
		},
		Retention: stillKeeper{}, Example: func(map[string]any) any { return map[string]any{"id": 1} },
		Page: http.NotFoundHandler(), Metrics: http.NotFoundHandler(), Rejected: s.reject,
		Watched: func(n int) { s.watchers.Add(int64(n)) }, WatcherDropped: func() { s.dropped <- struct{}{} }, StreamPatience: 2 * time.Second,
	})
	if err != nil {
		t.Fatal(err)
	}
	s.Server = httptest.NewUnstartedServer(api.Handler())
	s.Config.ReadTimeout = time.Second
	s.Start()
	t.Cleanup(func() {
		s.live.Close()
		s.Close()
		stop.stop()
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

type stopper struct {
	engine *run.Engine
	stop   func()
}

func (s *testServer) runEngine(c service) stopper {
	s.t.Helper()
	e, err := run.New(run.Options{Store: s.db, Catalogue: func() run.Catalogue { return matching{c} }, Runner: c, IDs: &automation.IDs{}})
	if err != nil {
		s.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- e.Run(ctx) }()
	<-e.Started()
	return stopper{e, func() {
		cancel()
		if err := <-done; err != nil {
			s.t.Error(err)
		}
	}}
}

func (s *testServer) reject(reason string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rejected = append(s.rejected, reason)
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   string
}

func (a answer) problem(t *testing.T) Problem {
	t.Helper()
	var p Problem
	if err := json.Unmarshal([]byte(a.body), &p); err != nil || a.header.Get("Content-Type") != "application/problem+json" {
		t.Fatalf("no problem: %s %q: %v", a.header.Get("Content-Type"), a.body, err)
	}
	if p.Status != a.status || p.RequestID == "" || p.Detail == "" {
		t.Errorf("problem = %+v of an answer %d", p, a.status)
	}
	return p
}

// ask sends a request; with "anonymous" first among the headers without a token.
func (s *testServer) ask(method, path, body string, header ...string) answer {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), method, s.URL+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+s.token)
	if len(header) > 0 && header[0] == "anonymous" {
		req.Header.Del("Authorization")
		header = header[1:]
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Add(header[i], header[i+1])
	}
	return s.send(req)
}

func (s *testServer) send(req *http.Request) answer {
	s.t.Helper()
	resp, err := s.Client().Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return answer{resp.StatusCode, resp.Header, string(text)}
}

func (s *testServer) final(id string) automation.Execution {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), 20*time.Second)
	defer cancel()
	for {
		seen := s.live.Last()
		x, err := s.db.Execution(ctx, id)
		if err == nil && x.Status.Final() {
			return x
		}
		if err == nil {
			_, err = s.live.Next(ctx, seen, 1)
		}
		if err != nil && !errors.Is(err, live.ErrResync) {
			s.t.Fatalf("execution %s is %s: %v", id, x.Status, err)
		}
	}
}

func (s *testServer) run(body string) automation.Execution {
	s.t.Helper()
	a := s.ask("POST", "/api/v1/executions", body)
	var x automation.Execution
	if err := json.Unmarshal([]byte(a.body), &x); err != nil || a.status != 201 {
		s.t.Fatalf("%d %s %v", a.status, a.body, err)
	}
	return s.final(x.ID)
}

func TestMethodsAndPaths(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, nil)
	tests := []struct {
		name, method, path string
		anonymous          bool
		status             int
		code               string
	}{
		{"a method that a route has not", "DELETE", "/api/v1/executions", false, 405, "method_not_allowed"},
		{"the same, of a stranger", "DELETE", "/api/v1/executions", true, 401, "unauthenticated"},
		{"OPTIONS of a stranger", "OPTIONS", "/api/v1/executions", true, 401, "unauthenticated"},
		{"OPTIONS", "OPTIONS", "/api/v1/executions", false, 204, ""},
		{"GET on a webhook's path, of a stranger", "GET", "/api/v1/webhooks/hook", true, 401, "unauthenticated"},
		{"a slash at the end", "GET", "/api/v1/executions/", false, 404, "not_found"},
		{"the same, of a stranger", "GET", "/api/v1/executions/", true, 401, "unauthenticated"},
		{"HEAD of a list", "HEAD", "/api/v1/executions", false, 200, ""},
		{"HEAD of a list, of a stranger", "HEAD", "/api/v1/executions", true, 401, ""},
		{"HEAD of a probe", "HEAD", "/readyz", true, 200, ""},
		{"HEAD of the stream ends", "HEAD", "/api/v1/stream", false, 200, ""},
		{"an event that is not there", "GET", "/api/v1/events/0123456789abcdef01234567", false, 404, "unknown_event"},
		{"something that is no id", "GET", "/api/v1/events/nonsense", false, 404, "not_found"},
		{"a very long path", "GET", "/api/v1/" + strings.Repeat("x", 100_000), false, 404, "not_found"},
		{"a very long path, of a stranger", "POST", "/api/v1/webhooks/" + strings.Repeat("x", 100_000), true, 404, "unknown_webhook"},
		{"a number that is none", "GET", "/api/v1/executions?limit=" + strings.Repeat("9", 10_000), false, 400, "malformed"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var header []string
			if tt.anonymous {
				header = []string{"anonymous"}
			}
			a := s.ask(tt.method, tt.path, "", header...)
			if a.status != tt.status || len(a.body) > 2000 {
				t.Fatalf("%d, want %d; %d bytes: %.300s", a.status, tt.status, len(a.body), a.body)
			}
			if tt.code != "" {
				if p := a.problem(t); p.Code != tt.code {
					t.Errorf("code = %s, want %s", p.Code, tt.code)
				}
			}
			if tt.status == 405 && !strings.Contains(a.header.Get("Allow"), "GET") {
				t.Errorf("Allow = %q", a.header.Get("Allow"))
			}
		})
	}
}

func TestProblemsSayWhatIsWrongAndNotWhatTheServerDid(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, nil)
	const id = "0123456789abcdef01234567"
	if p := s.ask("GET", "/api/v1/events/"+id, "").problem(t); p.Detail != "there is no event "+id {
		t.Errorf("detail = %q", p.Detail)
	}
	a := s.ask("POST", "/api/v1/webhooks/nobody", "{}", "anonymous")
	if p := a.problem(t); strings.Contains(a.body, "hook,") || strings.Contains(p.Hint, "listen to: hook") {
		t.Errorf("a stranger is told the other webhooks: %s", a.body)
	}
	if p := s.ask("POST", "/api/v1/webhooks/nobody", "{}").problem(t); p.Hint != "rules listen to: hook" {
		t.Errorf("hint = %q", p.Hint)
	}
}

func TestBodies(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, nil)
	for _, body := range []string{"", "{", `{"action":"test.echo"} x`, `{"action":"test.echo"} }`, `{"action":"test.echo","acton":1}`, "[]"} {
		if a := s.ask("POST", "/api/v1/executions", body); a.status != 400 || a.problem(t).Code != "malformed" {
			t.Errorf("%q: %d %s", body, a.status, a.body)
		}
	}
}

func TestBigNumbersReachTheAction(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, nil)
	x := s.run(`{"action":"test.echo","parameters":{"n":9007199254740993,"text":"a"}}`)
	if string(x.Output) != `{"n":9007199254740993,"text":"a"}` {
		t.Errorf("the action got %s", x.Output)
	}
	tests := []struct{ name, body, want string }{
		{"no body", "", `{"n":9007199254740993,"text":"a"}`},
		{"replaced", `{"parameters":{"n":9007199254740995}}`, `{"n":9007199254740995,"text":"a"}`},
		{"removed", `{"remove":["text"]}`, `{"n":9007199254740993}`},
	}
	for _, tt := range tests {
		a := s.ask("POST", "/api/v1/executions/"+x.ID+"/rerun", tt.body)
		var again automation.Execution
		if err := json.Unmarshal([]byte(a.body), &again); err != nil || a.status != 201 || string(again.Parameters) != tt.want {
			t.Errorf("%s: %d %s", tt.name, a.status, a.body)
		}
	}
	if a := s.ask("POST", "/api/v1/executions/"+x.ID+"/rerun", `{"remove":["txt"]}`); a.status != 422 || !strings.Contains(a.body, "txt") {
		t.Errorf("an unknown parameter: %d %s", a.status, a.body)
	}
	req, err := http.NewRequestWithContext(t.Context(), "POST", s.URL+"/api/v1/executions/"+x.ID+"/rerun", io.MultiReader()) // chunked, and empty
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "bearer "+s.token)
	if a := s.send(req); a.status != 201 {
		t.Errorf("an empty chunked body: %d %s", a.status, a.body)
	}
}

// slim counts how often whole executions are read.
type slim struct {
	store.Store
	mu    sync.Mutex
	reads int
}

func (s *slim) Execution(ctx context.Context, id string) (automation.Execution, error) {
	s.mu.Lock()
	s.reads++
	s.mu.Unlock()
	return s.Store.Execution(ctx, id)
}

func TestLogPages(t *testing.T) {
	t.Parallel()
	counting := &slim{}
	s := newTestServer(t, func(db store.Store) store.Store { counting.Store = db; return counting })
	x := s.run(`{"action":"test.echo"}`)
	tests := []struct {
		query          string
		n, next, total int
		loads          int
	}{
		{"", 3, 0, 3, 0},
		{"?from=2", 2, 0, 3, 0},
		{"?limit=2", 2, 3, 3, 1},
		{"?limit=3", 3, 0, 3, 1},
		{"?from=4", 0, 0, 3, 1},
		{"?from=9000", 0, 0, 3, 1},
	}
	for _, tt := range tests {
		before := counting.reads
		a := s.ask("GET", "/api/v1/executions/"+x.ID+"/log"+tt.query, "")
		var p LogPage
		if err := json.Unmarshal([]byte(a.body), &p); err != nil {
			t.Fatal(err, a.body)
		}
		if len(p.Items) != tt.n || p.NextFrom != tt.next || p.Total != tt.total || counting.reads-before != tt.loads {
			t.Errorf("%q: %d lines, next %d, total %d, %d loads; want %+v", tt.query, len(p.Items), p.NextFrom, p.Total, counting.reads-before, tt)
		}
	}
}

// full is a store on a disk that is full.
type full struct{ store.Store }

func (full) Accept(context.Context, ...store.Acceptance) error {
	return automation.Unavailable("the database can not be used").WithCode("store_unavailable").Because(errors.New("/secret/squall.db"))
}

func TestAWebhookThatCannotBeStoredIsRefusedForNow(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, func(db store.Store) store.Store { return full{db} })
	a := s.ask("POST", "/api/v1/webhooks/hook", "{}", "anonymous")
	if a.status != 503 || a.header.Get("Retry-After") == "" {
		t.Errorf("%d, Retry-After %q", a.status, a.header.Get("Retry-After"))
	}
	if p := a.problem(t); p.Code != "store_unavailable" || strings.Contains(a.body, "secret") {
		t.Errorf("problem = %s", a.body)
	}
	if len(s.rejected) != 1 || s.rejected[0] != "unavailable" {
		t.Errorf("rejected = %q", s.rejected)
	}
	xs, err := s.db.Executions(t.Context(), store.ExecutionQuery{})
	if err != nil || len(xs) != 0 {
		t.Errorf("%d executions, %v", len(xs), err)
	}
}

func TestTooManyLogins(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, nil)
	for range 10 {
		if a := s.ask("POST", "/api/v1/login", `{"token":"wrong"}`, "anonymous"); a.status != 401 {
			t.Fatalf("%d %s", a.status, a.body)
		}
	}
	a := s.ask("POST", "/api/v1/login", `{"code":"wrong"}`, "anonymous")
	if a.status != 429 || a.header.Get("Retry-After") != "60" || a.problem(t).Code != "too_many_logins" {
		t.Errorf("%d %v %s", a.status, a.header, a.body)
	}
	if a := s.ask("POST", "/api/v1/login", `{"token":"`+s.token+`"}`, "anonymous"); a.status != 200 {
		t.Errorf("the right token: %d %s", a.status, a.body)
	}
}
