package story

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"
)

// relay is the service in front of a Squall that answers with a status.
func relay(t *testing.T, status int) (*service, string) {
	t.Helper()
	squall := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if body, err := io.ReadAll(r.Body); err != nil || !strings.Contains(string(body), "alerts") {
			t.Errorf("squall got %q, %v", body, err)
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, `{"event":"e1","executions":["x1","x2"]}`)
	}))
	t.Cleanup(squall.Close)
	to, err := url.Parse(squall.URL)
	if err != nil {
		t.Fatal(err)
	}
	s := &service{}
	proxy := httputil.NewSingleHostReverseProxy(to)
	proxy.ModifyResponse = s.answered
	front := httptest.NewServer(s.watch(proxy))
	t.Cleanup(front.Close)
	return s, front.URL
}

func post(t *testing.T, to, status string) {
	t.Helper()
	body := `{"status":"` + status + `","alerts":[{"labels":{"pod":"a"},"startsAt":"2026-01-01T00:00:00Z"},{"labels":{"pod":"b"}}]}`
	resp, err := http.Post(to, "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
}

func TestTheServiceNotesWhatGoesBy(t *testing.T) {
	t.Parallel()
	s, to := relay(t, http.StatusAccepted)
	happened := 0
	s.meanwhile("b", func() { happened++ })
	for _, status := range []string{"resolved", "firing", "firing"} {
		post(t, to, status)
	}
	d, err := s.find("firing", []string{"a", "b"})
	if err != nil || d.Event != "e1" || len(d.Executions) != 2 || d.Answered.Before(d.Sent) || d.startOf("a").Year() != 2026 || !d.startOf("c").IsZero() {
		t.Errorf("%+v, %v", d, err)
	}
	if happened != 1 {
		t.Errorf("what was to happen in between happened %d times", happened)
	}
	if _, err := s.find("firing", []string{"a", "b", "c"}); err == nil || !strings.Contains(err.Error(), "2 alerts of 3") {
		t.Errorf("err = %v", err)
	}
}

func TestAWebhookThatWasRefusedIsNotTaken(t *testing.T) {
	t.Parallel()
	s, to := relay(t, http.StatusNotFound)
	post(t, to, "firing")
	if _, err := s.find("firing", []string{"a"}); err == nil || !strings.Contains(err.Error(), "404") {
		t.Errorf("err = %v", err)
	}
}

func TestAnAlertIsOverAlsoWhileOthersOfItsGroupFire(t *testing.T) {
	t.Parallel()
	s, to := relay(t, http.StatusAccepted)
	resp, err := http.Post(to, "application/json", strings.NewReader(
		`{"status":"firing","alerts":[{"status":"resolved","labels":{"pod":"a"}},{"status":"firing","labels":{"pod":"b"}}]}`))
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if d, err := s.find("resolved", []string{"a"}); err != nil || d.Event != "e1" {
		t.Errorf("of a: %+v, %v", d, err)
	}
	if d, err := s.find("resolved", []string{"b"}); err == nil {
		t.Errorf("b is over: %+v", d)
	}
}
