package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/store"
)

// Who adds a route that changes something says in acts what it does, or why it leaves
// no record.
func TestEveryRouteThatChangesSomethingHasItsLineInTheAuditTable(t *testing.T) {
	t.Parallel()
	known, routes := acts(), map[string]bool{}
	for _, r := range (*Server)(nil).routes() {
		key := r.Method + " " + r.Path
		routes[key] = true
		a, ok := known[key]
		if mayChange(r.Method) && !ok {
			t.Errorf("%s has no line in auditacts.go", key)
		}
		if ok && !a.asks && a.elsewhere == "" && (a.verb == "" || a.kind == "") {
			t.Errorf("%s: its line lacks verb or kind", key)
		}
		if ok && (a.asks || a.elsewhere != "") && a.verb != "" {
			t.Errorf("%s: its line says both that it leaves a record and that it does not", key)
		}
	}
	for key := range known {
		if !routes[key] {
			t.Errorf("%s is in auditacts.go and no route", key)
		}
	}
}

func TestARouteWithoutALineIsRecordedByItsPath(t *testing.T) {
	t.Parallel()
	all := completed([]route{{Method: "POST", Path: "/api/v1/new"}, {Method: "GET", Path: "/api/v1/old"}})
	if a := all["POST /api/v1/new"]; a.verb != "post" || a.kind != "/api/v1/new" {
		t.Errorf("it is %+v", a)
	}
	if _, known := all["GET /api/v1/old"]; known {
		t.Error("a route that only reads has a line")
	}
}

// latest are the records that a caller can read, newest first.
func (s *testServer) latest() []automation.AuditRecord {
	s.t.Helper()
	list, err := s.db.AuditRecords(context.Background(), store.AuditQuery{Limit: 1000})
	if err != nil {
		s.t.Fatal(err)
	}
	return list
}

func TestEachRequestThatChangesSomethingLeavesOneRecord(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, nil)
	for _, tt := range []struct {
		name, method, path, body string
		status                   int
		want                     string // verb kind id outcome; "" for none
		detail                   map[string]string
	}{
		{"setting a key", "PUT", "/api/v1/kv/system/a/b", `{"value":"a-value","ttl":"10m"}`, 200, "set key system/a/b ok", map[string]string{"ttl": "10m0s"}},
		{"setting a key that can not be", "PUT", "/api/v1/kv/nowhere/a", `{"value":"a-value"}`, 422, "set key nowhere/a invalid_scope", nil},
		{"a body that is no JSON", "PUT", "/api/v1/kv/system/a/b", `{`, 400, "set key system/a/b malformed", nil},
		{"reading a key", "GET", "/api/v1/kv/system/a/b", "", 200, "", nil},
		{"reading a key with its value", "GET", "/api/v1/kv/system/a/b?decrypt=true", "", 200, "reveal key system/a/b ok", nil},
		{"reading keys with their values", "GET", "/api/v1/kv?scope=all&decrypt=1", "", 200, "reveal keys all ok", nil},
		{"deleting a key", "DELETE", "/api/v1/kv/system/a/b", "", 204, "delete key system/a/b ok", nil},
		{"deleting a key that is not there", "DELETE", "/api/v1/kv/system/a/b", "", 404, "delete key system/a/b unknown_key", nil},
		{"running an action that is not there", "POST", "/api/v1/executions", `{"action":"test.nope","parameters":{}}`, 0, "run action test.nope ", nil},
		{"canceling what is not there", "POST", "/api/v1/executions/000000000000000000000000/cancel", "", 404, "cancel execution 000000000000000000000000 ", nil},
		{"canceling what is no id", "POST", "/api/v1/executions/x/cancel", "", 404, "cancel execution x not_found", nil},
		{"a webhook", "POST", "/api/v1/webhooks/hook", `{}`, 202, "", nil},
		{"a route that there is not", "POST", "/api/v1/nothing", `{}`, 405, "", nil},
		{"a method that a route has not", "DELETE", "/api/v1/executions", "", 405, "", nil},
	} {
		before := len(s.latest())
		got := s.ask(tt.method, tt.path, tt.body)
		records := s.latest()
		records = records[:len(records)-before]
		if tt.status != 0 && got.status != tt.status {
			t.Errorf("%s: answer %d %s", tt.name, got.status, got.body)
		}
		if tt.want == "" {
			if len(records) != 0 {
				t.Errorf("%s left %+v", tt.name, records)
			}
			continue
		}
		if len(records) != 1 {
			t.Errorf("%s left %d records", tt.name, len(records))
			continue
		}
		r := records[0]
		if left := strings.Join([]string{r.Verb, r.Kind, r.ID, r.Outcome}, " "); !strings.HasPrefix(left, tt.want) {
			t.Errorf("%s left %q; want %q", tt.name, left, tt.want)
		}
		if r.User != "admin" || r.Role != "admin" || r.Via != "token first start" || r.Remote != "127.0.0.1" || time.Since(r.At) > time.Minute {
			t.Errorf("%s left %+v", tt.name, r)
		}
		for name, text := range tt.detail {
			if r.Detail[name] != text {
				t.Errorf("%s left the detail %v; want %s=%s", tt.name, r.Detail, name, text)
			}
		}
	}
	all, err := json.Marshal(s.latest())
	if err != nil || strings.Contains(string(all), "a-value") {
		t.Errorf("a value is in the chain, %v: %s", err, all)
	}
	report, err := s.db.VerifyAudit(t.Context(), store.AuditCheck{})
	if err != nil || !report.Verified {
		t.Errorf("%+v, %v", report, err)
	}
}

// An execution's record names it, and what was run.
func TestARunAndItsRerunAreNamed(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, nil)
	var x automation.Execution
	got := s.ask("POST", "/api/v1/executions", `{"action":"test.echo","parameters":{"text":"hi"}}`)
	if err := json.Unmarshal([]byte(got.body), &x); err != nil {
		t.Fatal(err)
	}
	r := s.latest()[0]
	if r.Verb != "run" || r.ID != "test.echo" || r.Detail["execution"] != x.ID {
		t.Errorf("the run left %+v", r)
	}
	s.ask("POST", "/api/v1/executions/"+x.ID+"/rerun", "")
	r = s.latest()[0]
	if r.Verb != "rerun" || r.ID != x.ID || r.Detail["execution"] == "" || r.Detail["action"] != "test.echo" {
		t.Errorf("the rerun left %+v", r)
	}
}

func TestLoginsAreRecordedButNotAFlood(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, nil)
	s.ask("POST", "/api/v1/login", `{"token":"`+s.token+`"}`)
	if r := s.latest()[0]; r.Verb != "open" || r.Kind != "session" || r.User != "admin" || r.Via != "token first start" {
		t.Errorf("the login left %+v", r)
	}
	before := len(s.latest())
	for range 50 {
		s.ask("POST", "/api/v1/login", `{"token":"guess"}`)
	}
	records := s.latest()
	if n := len(records) - before; n != 10 {
		t.Errorf("50 guesses left %d records", n)
	}
	if r := records[0]; r.User != "" || r.Via != "" || r.Outcome != "invalid_login" || r.Remote != "127.0.0.1" {
		t.Errorf("a guess left %+v", r)
	}
}

// fullDisk takes no audit records.
type fullDisk struct{ store.Store }

func (fullDisk) AppendAudit(context.Context, ...automation.AuditRecord) error {
	return automation.Unavailable("the disk is full").Because(errors.New("no space left on device"))
}

// Nobody is told that something was done of which there is no record.
func TestARequestWithoutARecordIsNotAcknowledged(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, func(db store.Store) store.Store { return fullDisk{db} })
	got := s.ask("PUT", "/api/v1/kv/system/a", `{"value":"x"}`)
	if got.status != http.StatusServiceUnavailable || !strings.Contains(got.body, `"not_audited"`) || strings.Contains(got.body, `"value"`) {
		t.Errorf("answer %d %s", got.status, got.body)
	}
	got = s.ask("POST", "/api/v1/login", `{"token":"`+s.token+`"}`)
	if got.status != http.StatusServiceUnavailable || got.header.Get("Set-Cookie") != "" {
		t.Errorf("answer %d %s, cookies %v", got.status, got.body, got.header["Set-Cookie"])
	}
	if got = s.ask("GET", "/api/v1/kv/system/a?decrypt=true", ""); got.status != http.StatusServiceUnavailable {
		t.Errorf("a value was given away without a record: %d", got.status)
	}
	if got = s.ask("GET", "/api/v1/backup", ""); got.status != http.StatusServiceUnavailable {
		t.Errorf("a backup was given away without a record: %d", got.status)
	}
	got = s.ask("DELETE", "/api/v1/kv/system/none", "")
	if got.status != http.StatusServiceUnavailable || !strings.Contains(got.body, "it was refused: unknown_key") {
		t.Errorf("a refusal without a record: %d %s", got.status, got.body)
	}
}

func TestTheChainIsReadAndVerifiedOverHTTP(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, nil)
	for _, name := range []string{"a", "b", "c"} {
		s.ask("PUT", "/api/v1/kv/system/"+name, `{"value":"x"}`)
	}
	s.ask("DELETE", "/api/v1/kv/system/none", "")
	for query, want := range map[string]int{
		"": 5, "?verb=set": 3, "?kind=token": 1, "?user=admin&verb=set&limit=2": 2, "?id=system/b": 1, "?failed=true": 1,
		"?since=1h": 5, "?until=2020-01-01T00:00:00Z": 0, "?after=3": 2,
	} {
		got := s.ask("GET", "/api/v1/audit"+query, "")
		var l List[automation.AuditRecord]
		if err := json.Unmarshal([]byte(got.body), &l); err != nil || len(l.Items) != want {
			t.Errorf("%s: %d, %v, %s", query, got.status, err, got.body)
		}
	}
	for _, query := range []string{"?failed=perhaps", "?after=x", "?limit=0", "?since=x", "/verify?head=7", "/verify?newest=x"} {
		if got := s.ask("GET", "/api/v1/audit"+query, ""); got.status != http.StatusBadRequest {
			t.Errorf("%s: %d %s", query, got.status, got.body)
		}
	}
	var report automation.AuditReport
	got := s.ask("GET", "/api/v1/audit/verify", "")
	if err := json.Unmarshal([]byte(got.body), &report); err != nil || !report.Verified || report.Records != 5 {
		t.Errorf("%v %s", err, got.body)
	}
	got = s.ask("GET", "/api/v1/audit/verify?head="+report.Head.String(), "")
	if !strings.Contains(got.body, `"verified":true`) {
		t.Errorf("the head is not found: %s", got.body)
	}
	other := automation.AuditPlace{Seq: 2, Hash: report.Head.Hash}
	if got = s.ask("GET", "/api/v1/audit/verify?head="+other.String(), ""); !strings.Contains(got.body, `"verified":false`) {
		t.Errorf("a place that there is not is found: %s", got.body)
	}
}

// The role reads nothing that others did; today every token has the role admin.
func TestTheChainIsForAdmins(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, nil)
	err := s.db.PutToken(t.Context(), store.Token{Hash: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", Name: "t", User: "eve", Role: "viewer", CreatedAt: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	s.token = "test"
	for _, path := range []string{"/api/v1/audit", "/api/v1/audit/verify"} {
		if got := s.ask("GET", path, ""); got.status != http.StatusForbidden {
			t.Errorf("%s: %d %s", path, got.status, got.body)
		}
	}
}
