package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/client"
)

// fake is a server with a few things in it: enough to see what the command line
// asks for and what it makes of the answers.
type fake struct {
	mu    sync.Mutex // guards asked and told
	asked []string   // "METHOD target body" of every request
	told  chan struct{}
}

const (
	fakeToken = "s3cret"
	good      = "6740b1e2c3d4e5f6a7b8c901"
	bad       = "6740b1e2c3d4e5f6a7b8c902"
	later     = "6740b1e2c3d4e5f6a7b8c903" // ends while it is watched
	slow      = "6740b1e2c3d4e5f6a7b8c904" // never ends
	event     = "6740b1e2c3d4e5f6a7b8c905"
	file      = "6740b1e2c3d4e5f6a7b8c906"
	torn      = "6740b1e2c3d4e5f6a7b8c907"
)

func newFake() *fake { return &fake{told: make(chan struct{})} }

// fakeFlame is a heap of three functions, of which one grew and one is gone.
func fakeFlame(w http.ResponseWriter, r *http.Request) {
	f := client.Flame{Sample: "inuse_space", Unit: "bytes", Total: 5 << 20, Strings: []string{"main.main", "cache.Put", "main.old", "cache.go"},
		Functions: []client.FlameFunction{{Name: 0, File: 3}, {Name: 1, File: 3}, {Name: 2, File: 3}},
		Top:       []client.FlameRow{{Function: 1, Self: 5 << 20, Total: 5 << 20}, {Function: 0, Total: 5 << 20}}}
	if r.URL.Query().Get("base") != "" {
		f.Base = &client.FlameBase{Total: 3 << 20}
		f.Top[0].SelfDelta, f.Top[0].TotalDelta, f.Top[1].TotalDelta = 4<<20, 4<<20, 2<<20
		f.Top = append(f.Top, client.FlameRow{Function: 2, SelfDelta: -2 << 20, TotalDelta: -2 << 20})
	}
	_ = json.NewEncoder(w).Encode(f)
}

// record keeps a request and wakes those who wait for one.
func (f *fake) record(line string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked = append(f.asked, line)
	close(f.told)
	f.told = make(chan struct{})
}

// requests returns what was asked so far, and a channel that is closed by the
// next request.
func (f *fake) requests() (string, <-chan struct{}) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return strings.Join(f.asked, "\n") + "\n", f.told
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	f.record(strings.TrimSpace(fmt.Sprintf("%s %s %s", r.Method, r.RequestURI, body)))
	w.Header().Set("X-Stream-Seq", "10")
	w.Header().Set("X-Request-Id", "req-1")
	hook := strings.HasPrefix(r.URL.Path, "/api/v1/webhooks/")
	switch token := r.Header.Get("Authorization"); {
	case hook && token != "":
		refuse(w, 500, "leak", "the token went to a webhook", "")
	case !hook && token != "Bearer "+fakeToken:
		refuse(w, 401, "unauthenticated", "the token is missing or unknown", "")
	default:
		f.routes(body).ServeHTTP(w, r)
	}
}

func (f *fake) routes(body []byte) http.Handler {
	mux := http.NewServeMux()
	answer := func(pattern string, v any) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, _ *http.Request) { reply(w, 200, v) })
	}
	answer("GET /api/v1/me", client.Account{User: "admin", Role: "admin"})
	answer("GET /api/v1/version", client.Version{Version: "9.9.9", Commit: "abc", Go: "go1.26"})
	answer("GET /api/v1/actions", list(fakeActions()...))
	answer("GET /api/v1/actions/core.echo", fakeActions()[0])
	answer("GET /api/v1/rules", list(fakeRule()))
	answer("GET /api/v1/rules/labs_sre.on_memory", client.RuleDetail{Rule: fakeRule(), Verdicts: []automation.Verdict{fakeVerdict()}})
	answer("POST /api/v1/rules/test", automation.RuleTest{Matched: true, Criteria: fakeVerdict().Criteria, Parameters: map[string]any{"pod": "leaky"}})
	answer("GET /api/v1/verdicts", list(heldVerdict()))
	mux.HandleFunc("POST /api/v1/events/"+event+"/release", func(w http.ResponseWriter, _ *http.Request) { reply(w, 201, fakeExecution(good, automation.Pending)) })
	answer("POST /api/v1/rules/replay", automation.RuleReplay{Rule: "labs_sre.on_memory", Tested: 212, Matched: 14, Compared: true, New: 3, Gone: 1, FlowIgnored: true,
		Events: []automation.ReplayedEvent{{Event: event, Outcome: automation.Matched, Was: automation.NotMatched, Held: 2, Total: 2, Summary: "pprof"}}})
	answer("GET /api/v1/packs", list(fakePacks()...))
	answer("GET /api/v1/packs/core", fakePacks()[0])
	answer("GET /api/v1/packs/core/grants", fakeGrants(automation.GrantAsked))
	answer("GET /api/v1/packs/core/usage", automation.PackUsage{Pack: "core", Used: []automation.UsedFunction{
		{Name: "http_send", Host: "hooks.example.com", Calls: 12, Refused: 1, LastAt: time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)}},
		Narrowed: automation.Capabilities{HTTP: []automation.HTTPCapability{{Hosts: []string{"hooks.example.com"}, Methods: []string{"POST"}}}}})
	answer("PUT /api/v1/packs/core/grants", fakeGrants(automation.GrantStored))
	answer("DELETE /api/v1/packs/core/grants", fakeGrants(automation.GrantAsked))
	answer("GET /api/v1/doctor", list(automation.Check{Name: "wasm engine", Status: automation.CheckOK, Detail: "compiler"},
		automation.Check{Name: "disk space", Status: automation.CheckWarning, Detail: "512 MiB free", Hint: "make room"}))
	answer("GET /api/v1/webhooks", list(client.Webhook{Path: "pprof", Auth: "none", Rules: []automation.Ref{"labs_sre.on_memory"}},
		client.Webhook{Path: "pager", Auth: "hmac", Pack: "oncall", Rules: []automation.Ref{"oncall.on_page"}}))
	answer("GET /api/v1/events", list(fakeEvent(false)))
	answer("GET /api/v1/events/"+event, fakeEvent(true))
	crowded := fakeEvent(true)
	crowded.ID, crowded.Looked, crowded.Verdicts = later, 151, []automation.Verdict{fakeVerdict()}
	answer("GET /api/v1/events/"+later, crowded)
	answer("GET /api/v1/events/"+later+"/misses", automation.EventMisses{Event: later, Total: 150, Keys: automation.KeysNow, Verdicts: []automation.Verdict{{
		Event: later, Rule: "labs_sre.on_disk", Outcome: automation.NotMatched, Held: 1, Total: 2, Criteria: []automation.CriterionResult{
			{Key: "trigger.body.disk", Operator: "equals", Pattern: "full", Actual: "half"}}}}})
	answer("POST /api/v1/events", automation.Accepted{Event: event, Looked: 1, Matched: 1, Executions: []string{good}})
	answer("POST /api/v1/webhooks/{path...}", automation.Accepted{Event: event, Looked: 2, Matched: 1, Executions: []string{good}})
	answer("GET /api/v1/triggers", list(fakeTrigger()))
	answer("GET /api/v1/triggers/core.execution.failed", fakeTrigger())
	answer("GET /api/v1/deliveries", list(automation.Delivery{ID: event, Webhook: "github", At: time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC),
		Outcome: automation.DeliveryRejected, Status: 401, Code: "wrong_signature", Message: "the signature is wrong"}))
	answer("GET /api/v1/sensors/feeds.new", fakeSensor())
	answer("GET /api/v1/policies", client.List[automation.PolicyStatus]{Items: []automation.PolicyStatus{fakePolicy()}})
	answer("GET /api/v1/policies/shop.one", fakePolicy())
	answer("POST /api/v1/sensors/feeds.new/{what}", fakeSensor())
	answer("GET /api/v1/sources", list(fakeTimer()))
	answer("GET /api/v1/sources/{id}", fakeTimer())
	mux.HandleFunc("GET /api/v1/sources/gone", func(w http.ResponseWriter, _ *http.Request) {
		refuse(w, 404, "unknown_source", "nothing of the id \"gone\" raises events", "")
	})
	answer("GET /api/v1/secrets", list(fakeSecret()))
	answer("PUT /api/v1/secrets/{name}", fakeSecret())
	mux.HandleFunc("DELETE /api/v1/secrets/colour", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(204) })
	answer("POST /api/v1/secrets/rotate", map[string]int{"sealed": 2})
	answer("GET /api/v1/changes", fakeGuard())
	answer("PUT /api/v1/changes/stop", fakeGuard())
	answer("DELETE /api/v1/changes/stop", automation.ChangeGuard{})
	mux.HandleFunc("POST /api/v1/changes/held/"+good+"/release", func(w http.ResponseWriter, _ *http.Request) { reply(w, 201, fakeExecution(good, automation.Pending)) })
	answer("GET /api/v1/kv", list(fakeEntry()))
	answer("GET /api/v1/kv/system/colour", fakeEntry())
	answer("PUT /api/v1/kv/{scope}/{name...}", fakeEntry())
	mux.HandleFunc("DELETE /api/v1/kv/system/colour", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(204) })
	pinned := fakeArtifact(file)
	pinned.PinnedBy = "admin"
	answer("PUT /api/v1/artifacts/"+file+"/pin", pinned)
	answer("DELETE /api/v1/artifacts/"+file+"/pin", fakeArtifact(file))
	answer("GET /api/v1/retention", fakeRetention())
	answer("GET /api/v1/audit", list(fakeAudit()))
	answer("GET /api/v1/audit/verify", automation.AuditReport{Verified: true, Records: 7, AuditChain: automation.AuditChain{
		Anchor: automation.AuditPlace{Seq: 4, Hash: strings.Repeat("0", 64)}, Head: automation.AuditPlace{Seq: 11, Hash: strings.Repeat("a", 64)}}})
	mux.HandleFunc("POST /api/v1/retention", func(w http.ResponseWriter, _ *http.Request) { reply(w, 202, fakeRetention()) })
	answer("GET /api/v1/artifacts", list(fakeArtifact(file)))
	answer("GET /api/v1/artifacts/"+file, fakeArtifact(file))
	mux.HandleFunc("GET /api/v1/artifacts/"+file+"/flame", fakeFlame)
	answer("GET /api/v1/artifacts/"+torn, fakeArtifact(torn))
	mux.HandleFunc("GET /api/v1/artifacts/{id}/content", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "hello\n") })
	f.executionRoutes(mux, body)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		refuse(w, 404, "not_found", fmt.Sprintf("there is nothing at %s", r.URL.Path), "")
	})
	return mux
}

func (f *fake) executionRoutes(mux *http.ServeMux, body []byte) {
	mux.HandleFunc("GET /api/v1/executions", func(w http.ResponseWriter, r *http.Request) { reply(w, 200, fakeExecutions(r)) })
	mux.HandleFunc("GET /api/v1/executions/{id}", func(w http.ResponseWriter, r *http.Request) { f.execution(w, r.PathValue("id")) })
	mux.HandleFunc("GET /api/v1/executions/{id}/log", fakeLog)
	mux.HandleFunc("GET /api/v1/executions/{id}/tape", func(w http.ResponseWriter, r *http.Request) { reply(w, 200, fakeTape(r.PathValue("id"))) })
	mux.HandleFunc("GET /api/v1/executions/{id}/case", func(w http.ResponseWriter, r *http.Request) {
		reply(w, 200, automation.RecordedCase{Action: "core.echo", Execution: r.PathValue("id"), Parameters: json.RawMessage(`{"text":"<a>"}`),
			Want: automation.ReplayedEnd{Output: json.RawMessage(`"<a>"`)}})
	})
	mux.HandleFunc("POST /api/v1/executions/{id}/replay", func(w http.ResponseWriter, r *http.Request) {
		reply(w, 200, fakeReplay(r.PathValue("id"), len(body) == 0))
	})
	mux.HandleFunc("GET /api/v1/stream", fakeStream)
	mux.HandleFunc("POST /api/v1/executions/{id}/cancel", func(w http.ResponseWriter, r *http.Request) {
		if r.PathValue("id") != slow {
			refuse(w, 409, "conflict", "the execution has ended", "")
			return
		}
		reply(w, 202, fakeExecution(slow, automation.Canceled).ExecutionSummary)
	})
	for what, status := range map[string]automation.Status{"pause": automation.Paused, "resume": automation.Pending} {
		mux.HandleFunc("POST /api/v1/executions/{id}/"+what, func(w http.ResponseWriter, _ *http.Request) {
			reply(w, 200, fakeExecution(slow, status).ExecutionSummary)
		})
	}
	mux.HandleFunc("POST /api/v1/executions/{id}/rerun", func(w http.ResponseWriter, r *http.Request) { f.execution(w, good) })
	mux.HandleFunc("POST /api/v1/executions", func(w http.ResponseWriter, _ *http.Request) { f.run(w, body) })
}

func fakeAudit() automation.AuditRecord {
	return automation.AuditRecord{Seq: 11, At: time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC), User: "ada", Role: "admin", Via: "token ci", Remote: "192.0.2.7",
		Verb: "set", Kind: "key", ID: "system/colour", Outcome: automation.AuditOK, Detail: map[string]string{"ttl": "10m", "encrypted": "true"}}
}

func fakePolicy() automation.PolicyStatus {
	return automation.PolicyStatus{Ref: "shop.one", Running: 1, Waiting: 2, Queued: 3, Policy: automation.Policy{
		Pack: "shop", Name: "one", Enabled: true, Resource: "shop.dump", Type: automation.PolicyConcurrency, Threshold: 1, Action: automation.PolicyDelay,
	}}
}

func (f *fake) run(w http.ResponseWriter, body []byte) {
	var asked struct{ Action string }
	_ = json.Unmarshal(body, &asked)
	ids := map[string]string{"core.echo": good, "core.fail": bad, "core.later": later, "core.slow": slow}
	id, ok := ids[asked.Action]
	if !ok {
		refuse(w, 404, "unknown_action", fmt.Sprintf("action %q not found", asked.Action), "")
		return
	}
	reply(w, 201, fakeExecution(id, automation.Pending))
}

// execution makes the later one end at the second look.
func (f *fake) execution(w http.ResponseWriter, id string) {
	asked, _ := f.requests()
	status, ok := map[string]automation.Status{
		good: automation.Succeeded, bad: automation.Failed, later: automation.Running, slow: automation.Running,
	}[id]
	if !ok {
		refuse(w, 404, "not_found", fmt.Sprintf("execution %q not found", id), "")
		return
	}
	if id == later && strings.Count(asked, "GET /api/v1/executions/"+later+"\n") > 1 {
		status = automation.Succeeded
	}
	reply(w, 200, fakeExecution(id, status))
}

func fakeExecution(id string, status automation.Status) automation.Execution {
	at := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	e := automation.Execution{
		ExecutionSummary: automation.ExecutionSummary{ID: id, Action: "core.echo", Status: status, Summary: "say hello", Attempts: 1, CreatedAt: at, StartedAt: &at},
		StartedBy:        "admin", Parameters: json.RawMessage(`{"message":"hello","n":9007199254740993}`),
		LogLines: 2, MaxAttempts: 1, AttemptList: []automation.Attempt{}, Artifacts: []automation.Artifact{},
	}
	if status.Final() {
		end := at.Add(12 * time.Millisecond)
		e.FinishedAt = &end
	}
	switch status {
	case automation.Succeeded:
		e.Output = json.RawMessage(`{"said":"hello"}`)
		e.Artifacts = append(e.Artifacts, fakeArtifact(file))
	case automation.Failed:
		e.Action, e.Code, e.Message, e.Hint = "core.fail", automation.CodeExitCode, "the pod \x1b[2Jis gone", "look for another pod"
	}
	return e
}

func fakeRetention() automation.Retention {
	return automation.Retention{Size: automation.HistorySize{Executions: 12, Bytes: 4096}, Removed: 7, RemovedEvents: 3, RemovedFiles: 1,
		Rules: []automation.RetentionLimit{{Executions: 12, HeldBytes: 2048, Excess: 2, RetentionRule: automation.RetentionRule{
			Statuses: []automation.Status{automation.Succeeded}, Pack: "k*", Age: 720 * time.Hour, Count: 10}}}}
}

// fakeExecutions gives one execution a page, so that lists must turn pages.
func fakeExecutions(r *http.Request) client.Executions {
	answer := client.Executions{List: list(fakeExecution(bad, automation.Failed).ExecutionSummary)}
	switch r.URL.Query().Get("after") {
	case "":
		answer.Next, answer.Counts = bad, map[automation.Status]int{automation.Failed: 1, automation.Succeeded: 1}
	case bad:
		answer.List = list(fakeExecution(good, automation.Succeeded).ExecutionSummary)
	}
	return answer
}

func fakeLog(w http.ResponseWriter, r *http.Request) {
	if !automation.ValidID(r.PathValue("id")) {
		refuse(w, 404, "not_found", "there is no such execution", "")
		return
	}
	page := client.LogPage{Items: []automation.LogLine{}, Total: 2}
	var from int
	fmt.Sscan(r.URL.Query().Get("from"), &from)
	for n := from; n <= 2; n++ {
		at := time.Date(2026, 11, 22, 10, 0, n, 0, time.UTC)
		page.Items = append(page.Items, automation.LogLine{Number: n, Attempt: n, At: at, Level: automation.LevelInfo, Text: fmt.Sprintf("line %d", n)})
	}
	reply(w, 200, page)
}

func fakeStream(w http.ResponseWriter, r *http.Request) {
	for seq, change := range []automation.Change{
		{Kind: automation.ExecutionUpdated, Execution: &automation.ExecutionSummary{ID: bad, Action: "core.fail", Status: automation.Canceled}},
		{Kind: automation.ExecutionUpdated, Execution: &automation.ExecutionSummary{ID: later, Action: "core.later", Status: automation.Succeeded, Summary: "at last"}},
	} {
		change.Seq = int64(seq + 11)
		text, _ := json.Marshal(change)
		fmt.Fprintf(w, "id: %d\nevent: %s\ndata: %s\n\n", change.Seq, change.Kind, text)
	}
	w.(http.Flusher).Flush()
	<-r.Context().Done()
}

func fakeActions() []automation.Action {
	return []automation.Action{
		{Pack: "core", Name: "echo", Description: "Says it again", Enabled: true, Runner: "wasm", Parameters: map[string]automation.Parameter{
			"message": {Type: "string", Required: true, Description: "what to say"},
			"voice":   {Type: "string", Enum: []any{"loud", "low"}, Default: "low"},
		}},
		{Pack: "k8s", Name: "drain", Enabled: true, Runner: "wasm"},
	}
}

func fakeRule() automation.Rule {
	return automation.Rule{
		Pack: "labs_sre", Name: "on_memory", Enabled: true,
		Trigger:  automation.TriggerSpec{Type: "core.st2.webhook", Parameters: map[string]any{"url": "pprof"}},
		Criteria: []automation.Criterion{{Key: "trigger.body.name", Operator: "startswith", Pattern: "Pod"}},
		Action:   automation.ActionCall{Ref: "core.echo", Parameters: map[string]any{"message": "{{ trigger.body.name }}"}},
	}
}

// heldVerdict matched an item by a group, and was held back.
func heldVerdict() automation.Verdict {
	item := 2
	group := automation.CriterionResult{Operator: "any", Matched: true, Members: fakeVerdict().Criteria}
	return automation.Verdict{Event: event, Rule: "labs_sre.on_memory", Item: &item, Outcome: automation.Suppressed, Held: 1, Total: 1,
		Criteria: []automation.CriterionResult{group}, Control: automation.ControlDedupe, Reason: "an equal event passed 12s before"}
}

func fakeVerdict() automation.Verdict {
	return automation.Verdict{Event: event, Rule: "labs_sre.on_memory", Outcome: automation.NotMatched, Total: 1, Criteria: []automation.CriterionResult{
		{Key: "trigger.body.name", Operator: "startswith", Pattern: "Pod", Actual: "Node"},
	}}
}

func fakeEvent(whole bool) automation.Event {
	e := automation.Event{ID: event, Trigger: "core.st2.webhook", ReceivedAt: time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC), Looked: 1, PayloadBytes: 2048, Summary: "POST pprof"}
	if whole {
		e.Payload, e.Verdicts = json.RawMessage(`{"body":{"name":"Node"}}`), []automation.Verdict{fakeVerdict()}
	}
	return e
}

func fakeModule() automation.ModuleInfo {
	return automation.ModuleInfo{Kind: automation.ModuleReactor, Why: "it exports echo", Size: 3_000_000, SHA256: "ab12", Exports: []string{"echo"},
		Imports: []string{"squall.log"}, HostFunctions: []string{"kube_exec"}, MemoryMin: 1 << 20, Functions: 5000, Instructions: 1_234_567, Resettable: true}
}

func fakePacks() []automation.PackStatus {
	return []automation.PackStatus{
		{Name: "core", Version: "1.0.0", InService: true, Path: "embedded", Actions: []automation.Ref{"core.echo"}, Rules: []automation.Ref{}, Webhooks: []string{"pager", "mesh"},
			Modules: []automation.PackModule{{File: "pack.wasm", Actions: []automation.Ref{"core.echo"}, ModuleInfo: fakeModule()}},
			Capabilities: automation.Capabilities{
				Kubernetes: []automation.KubernetesCapability{{Verbs: []string{"exec"}, Resources: []string{"pods"}, Reason: "reads the heap"}},
				HTTP:       []automation.HTTPCapability{{Hosts: []string{"a.example"}, FromConfig: []string{"hook"}, Private: true, Reason: "tells the channel"}},
				Artifacts:  []automation.ArtifactCapability{{MaxBytes: 1 << 20}},
			}},
		{Name: "torn", Path: "packs.d/torn", Error: "pack.yaml:3:1: unknown key", Actions: []automation.Ref{}, Rules: []automation.Ref{}},
	}
}

// fakeArtifact says of the torn one that it is longer than what arrives.
func fakeArtifact(id string) automation.Artifact {
	a := automation.Artifact{ID: id, Execution: good, Name: "../hello.txt", MediaType: "text/plain", Size: 6,
		SHA256: "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03"}
	if id == torn {
		a.Size = 7
	}
	return a
}

func list[T any](items ...T) client.List[T] { return client.List[T]{Items: items} }

func reply(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

func refuse(w http.ResponseWriter, status int, code, detail, hint string) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"type": "about:blank", "title": http.StatusText(status), "status": status, "code": code, "detail": detail, "hint": hint, "request_id": "req-1"})
}

func fakeTrigger() client.Trigger {
	at := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	return client.Trigger{Ref: "core.execution.failed", Rules: []automation.Ref{"labs_sre.on_memory"}, LastEvent: &at, Example: map[string]any{"code": "trap"},
		TriggerType: automation.TriggerType{Pack: "core", Name: "execution.failed", Description: "An execution failed.", PayloadCheck: automation.PayloadReject,
			PayloadSchema: map[string]any{"type": "object"}}}
}

func fakeEntry() automation.KVEntry {
	at := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	return automation.KVEntry{Scope: "system", Name: "colour", Value: "red", CreatedAt: at, UpdatedAt: at}
}

func fakeTimer() automation.SourceStatus {
	return automation.SourceStatus{Kind: "timer", ID: "t1", Trigger: "core.st2.IntervalTimer", Description: "every 5 minutes",
		Rules: []automation.Ref{"labs_sre.sweep"}, State: automation.SourceRunning,
		Next: []time.Time{time.Date(2026, 11, 22, 10, 5, 0, 0, time.UTC)}, LastEvent: event}
}

func fakeSensor() automation.SensorDetail {
	return automation.SensorDetail{
		Sensor: automation.Sensor{Pack: "feeds", Name: "new", Enabled: true, Interval: automation.Duration(time.Minute), Triggers: []automation.Ref{"feeds.item"}},
		Status: automation.SourceStatus{Kind: "sensor", ID: "feeds.new", State: automation.SourceFailing, Runs: 3, Failures: 2, Error: "the feed is down"},
		Cursor: json.RawMessage(`{"last":7}`),
		Log:    []automation.SensorLine{{At: time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC), Level: automation.LevelWarning, Text: "no answer"}},
	}
}

func fakeTape(id string) automation.AttemptTape {
	at := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	return automation.AttemptTape{Execution: id, Attempt: 1, Module: "5a", StartedAt: at, Items: []automation.TapeEntry{
		{HostCall: automation.HostCall{Name: "kube_list", StartedAt: at.Add(time.Millisecond), Duration: 2 * time.Millisecond, Detail: "list pods"},
			Request: json.RawMessage(`{"kind":"Pod"}`), Reply: json.RawMessage(`{"ok":{"count":0}}`)},
		{HostCall: automation.HostCall{Name: "kube_exec", StartedAt: at.Add(4 * time.Millisecond), Detail: "exec ls in a/b", Error: "denied", Message: "it may not"}},
		{HostCall: automation.HostCall{Name: "kube_patch", StartedAt: at.Add(5 * time.Millisecond), Detail: "patch a/b", WouldDo: true,
			Change: &automation.HostChange{Verb: "patch", Target: "pods/a/b", Diff: "-one\n+two"}}},
	}}
}

// fakeReplay is the same with the recorded module, and not with another one.
func fakeReplay(id string, same bool) automation.ExecutionReplay {
	r := automation.ExecutionReplay{Execution: id, Attempt: 1, SameModule: same, Same: same, Log: []automation.LogLine{}}
	if !same {
		r.Differs = &automation.ReplayedCall{Number: 2,
			Recorded: &automation.TapeCall{Name: "kube_exec", Request: json.RawMessage(`{"pod":"a","namespace":"x"}`)},
			Replayed: &automation.TapeCall{Name: "kube_exec", Request: json.RawMessage(`{"pod":"b","namespace":"x"}`)}}
		r.Replayed = automation.ReplayedEnd{Code: automation.CodeDiverged, Message: "it asks for something else"}
	}
	return r
}

func fakeGuard() automation.ChangeGuard {
	at := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	return automation.ChangeGuard{
		Stop:    &automation.Stop{By: "ada", Reason: "what is going on?", At: at},
		Budgets: []automation.BudgetState{{Name: "restarts", Limit: 3, Per: 10 * time.Minute, By: "namespace", Used: map[string]int{"/prod": 2}}},
		Paused:  []automation.PausedChange{{What: "POST hooks.example.com", Until: at}},
		Held: []automation.HeldCall{{ID: good, At: at, Execution: good, Action: "k.restart", Pack: "k",
			Change: automation.HostChange{Verb: "restart", Target: "deployments/prod/shop"}, By: "stop", Why: "all changes are stopped by ada"}},
	}
}

func fakeGrants(source automation.GrantSource) automation.Grants {
	g := automation.Grants{Pack: "core", Source: source, Requested: automation.Capabilities{
		Kubernetes: []automation.KubernetesCapability{{Verbs: []string{"exec"}, Resources: []string{"pods"}, Pods: []string{"{{ trigger.body.pod }}"},
			For: automation.Duration(10 * time.Minute), Reason: "Reads the profile."}},
		HTTP:      []automation.HTTPCapability{{Hosts: []string{"hooks.example.com"}, Methods: []string{"POST"}, Reason: "Tells the channel."}},
		Artifacts: []automation.ArtifactCapability{{MaxBytes: 1 << 20}},
		Secrets:   []automation.SecretCapability{{Name: "slack", Hosts: []string{"hooks.example.com"}, Reason: "Its address."}},
		KV:        []automation.KVCapability{{Scope: "pack", Write: true, Keys: []string{"last/*"}}}, Triggers: []string{"core.*"},
	}}
	if source == automation.GrantStored {
		g.Granted = &automation.Capabilities{Artifacts: []automation.ArtifactCapability{{}}}
	}
	return g
}

func fakeSecret() automation.Secret {
	at := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	return automation.Secret{Name: "colour", Source: automation.SecretStored, Created: &at, Updated: &at, By: "ada", ShadowedBy: automation.SecretMount}
}
