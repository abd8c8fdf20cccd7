package api

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/store"
)

// suppressed stores an event that the rule test.hook matched, and that its dedupe
// held back.
func (s *testServer) suppressed() string {
	s.t.Helper()
	later := automation.IDs{Now: func() time.Time { return time.Now().Add(time.Second) }} // than any event of the engine's
	e := automation.Event{ID: later.New(), Trigger: "core.st2.webhook", Parameters: map[string]any{"url": "hook"},
		Payload: json.RawMessage(`{"body":{}}`), ReceivedAt: time.Now(), Looked: 1}
	v := automation.Verdict{Event: e.ID, Rule: "test.hook", Outcome: automation.Suppressed, Control: automation.ControlDedupe, Reason: "an equal event came before"}
	if err := s.db.Accept(context.WithoutCancel(s.t.Context()), store.Acceptance{Event: &e, Verdicts: []automation.Verdict{v}}); err != nil {
		s.t.Fatal(err)
	}
	return e.ID
}

func TestVerdictsAndReleases(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, nil)
	if a := s.ask("POST", "/api/v1/webhooks/hook", "{}"); a.status != http.StatusAccepted {
		t.Fatalf("%d %s", a.status, a.body)
	}
	held := s.suppressed()
	release := "/api/v1/events/" + held + "/release"
	for _, tt := range []struct {
		name, method, path, body string
		status                   int
		says                     string
	}{
		{"all verdicts, newest first", "GET", "/api/v1/verdicts", "", 200, `{"items":[{"event":"` + held},
		{"a page has a next one", "GET", "/api/v1/verdicts?limit=1", "", 200, `"next":"` + held},
		{"which goes on after it", "GET", "/api/v1/verdicts?limit=1&after=" + held, "", 200, `"outcome":"matched"`},
		{"those of a rule that never looked", "GET", "/api/v1/verdicts?rule=test.other", "", 200, `{"items":[],"next":""}`},
		{"those of two outcomes", "GET", "/api/v1/verdicts?rule=test.hook&outcome=error,suppressed", "", 200, `"control":"dedupe","reason":"an equal event came before"`},
		{"what waits for a release", "GET", "/api/v1/verdicts?held=true", "", 200, `{"items":[{"event":"` + held},
		{"an outcome that is none", "GET", "/api/v1/verdicts?outcome=maybe", "", 400, `maybe`},
		{"a rule that did not look can not pass", "POST", release, `{"rule":"test.other"}`, 404, `"code":"unknown_verdict"`},
		{"nor an item of a rule without a list", "POST", release, `{"rule":"test.hook","item":0}`, 404, `"code":"unknown_verdict"`},
		{"an unknown field is refused", "POST", release, `{"ref":"test.hook"}`, 400, `"code":"malformed"`},
		{"what was held back passes", "POST", release, `{"rule":"test.hook"}`, 201, `"event":"` + held},
		{"once", "POST", release, `{"rule":"test.hook"}`, 409, `"code":"already_released"`},
		{"then nothing waits", "GET", "/api/v1/verdicts?held=true", "", 200, `{"items":[],"next":""}`},
		{"and the event says who did it", "GET", "/api/v1/events/" + held, "", 200, `"released_by":"`},
		{"an event that is not there", "POST", "/api/v1/events/000000000000000000000000/release", `{"rule":"test.hook"}`, 404, `"code":"unknown_event"`},
	} {
		t.Run(tt.name, func(t *testing.T) { // in order: they build on each other
			a := s.ask(tt.method, tt.path, tt.body)
			if a.status != tt.status || !strings.Contains(a.body, tt.says) {
				t.Errorf("%d %s, want %d and %s", a.status, a.body, tt.status, tt.says)
			}
		})
	}
	if a := s.ask("POST", release, `{"rule":"test.hook"}`, "anonymous"); a.status != 401 {
		t.Errorf("a stranger is told %d %s", a.status, a.body)
	}
}
