package api

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/store"
)

// stillKeeper has nothing to do.
type stillKeeper struct{}

func (stillKeeper) Wake() {}

func (stillKeeper) State(context.Context) (automation.Retention, error) {
	return automation.Retention{Rules: []automation.RetentionLimit{{Excess: 2, RetentionRule: automation.RetentionRule{Count: 5}}}}, nil
}

func (s *testServer) fetch(method, path, body string, into any) int {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), method, s.URL+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+s.token)
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	if err := json.NewDecoder(resp.Body).Decode(into); err != nil {
		s.t.Fatal(err)
	}
	return resp.StatusCode
}

func TestExecutionsByFilter(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, nil)
	ids := &automation.IDs{}
	x := automation.Execution{ExecutionSummary: automation.ExecutionSummary{ID: ids.New(), Action: "k8s.evict", Status: automation.Failed, CreatedAt: time.Now()}, Message: "disruption budget"}
	y := automation.Execution{ExecutionSummary: automation.ExecutionSummary{ID: ids.New(), Action: "core.echo", Status: automation.Failed, CreatedAt: time.Now()}}
	if err := s.db.Accept(t.Context(), store.Acceptance{Executions: []automation.Execution{x, y}}); err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]int{`pack:k8s "disruption budget" since:1h`: 1, "-pack:k8s": 1, "": 2, "nowhere": 0} {
		var l ExecutionList
		code := s.fetch("GET", "/api/v1/executions?q="+url.QueryEscape(text), "", &l)
		if code != 200 || len(l.Items) != want || l.Counts[automation.Failed] != want {
			t.Errorf("%s: %d, %d items, counts %v; want %d", text, code, len(l.Items), l.Counts, want)
		}
	}
	var p Problem
	code := s.fetch("GET", "/api/v1/executions?q="+url.QueryEscape("pack:k8s acton:x"), "", &p)
	if code != 422 || p.Code != "bad_filter" || !strings.Contains(p.Detail, "column 10") || !strings.Contains(p.Hint, "did you mean action?") {
		t.Errorf("a bad filter: %d %+v", code, p)
	}
}

func TestRetentionAndPins(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, nil)
	var state automation.Retention
	if code := s.fetch("GET", "/api/v1/retention", "", &state); code != 200 || state.Rules[0].Excess != 2 || state.Rules[0].Count != 5 {
		t.Errorf("state: %d %+v", code, state)
	}
	if code := s.fetch("POST", "/api/v1/retention", `{"dry_run":true}`, &state); code != 202 {
		t.Errorf("dry run: %d", code)
	}
	at, ids := time.Now(), &automation.IDs{}
	x := automation.Execution{ExecutionSummary: automation.ExecutionSummary{ID: ids.New(), Action: "k8s.dump", Status: automation.Running, CreatedAt: at}}
	if err := s.db.Accept(t.Context(), store.Acceptance{Executions: []automation.Execution{x}}); err != nil {
		t.Fatal(err)
	}
	file := automation.Artifact{ID: ids.New(), Name: "heap", MediaType: "x/y", SHA256: strings.Repeat("a", 64), CreatedAt: at}
	end := store.Finish{ID: x.ID, Status: automation.Succeeded, Artifacts: []automation.Artifact{file},
		Attempt: automation.Attempt{Number: 1, Status: automation.AttemptSucceeded, FinishedAt: &at}}
	if err := s.db.Finish(t.Context(), end); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ method, by string }{{"PUT", "admin"}, {"DELETE", ""}} {
		var a automation.Artifact
		if code := s.fetch(tt.method, "/api/v1/artifacts/"+file.ID+"/pin", "", &a); code != 200 || a.PinnedBy != tt.by || (a.PinnedAt != nil) != (tt.by != "") {
			t.Errorf("%s: %d %+v", tt.method, code, a)
		}
	}
	var p Problem
	if code := s.fetch("PUT", "/api/v1/artifacts/"+ids.New()+"/pin", "", &p); code != 404 {
		t.Errorf("an artifact that is not there: %d", code)
	}
}
