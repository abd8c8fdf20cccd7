package trigger

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func TestDeliveryBecomesAnEvent(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, contentType, body string
		wantBody                any
		wantSummary             string
	}{
		{"a JSON body stays JSON", "application/json", `{"a":[1,2]}`, map[string]any{"a": []any{1.0, 2.0}}, `hook · {"a":[1,2]}`},
		{"JSON without a content type is JSON", "", `[true]`, []any{true}, "hook · [true]"},
		{"text stays text", "text/plain", "it broke", "it broke", "hook · it broke"},
		{"broken JSON stays text", "application/json", `{"a":`, `{"a":`, `hook · {"a":`},
		{"an empty body is empty text", "application/json", "", "", "hook"},
		{"a form becomes a map of first values", "application/x-www-form-urlencoded", "a=1&a=2&b=x", map[string]any{"a": "1", "b": "x"}, "hook"},
		{"so does a form of several parts", "multipart/form-data; boundary=x",
			"--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n2\r\n--x--\r\n",
			map[string]any{"a": "1"}, "hook"},
		{"a form that is cut stays text", "multipart/form-data; boundary=x", "--x\r\nContent", "--x\r\nContent", "hook · --x Content"},
		{"bytes that are no text are replaced", "text/plain", "a\xffb", "a\uFFFDb", "hook · a\uFFFDb"},
		{"nothing that a terminal obeys is shown", "application/json", `{"alerts":[{"labels":{"alertname":"a\u001b[31mb\u0000c\u202ed"}}]}`, nil, "hook · a [31mb c d ·"},
		{"an alert names itself", "application/json",
			`{"status":"firing","alerts":[{"labels":{"alertname":"Pod Memory Limit Near","namespace":"shop","pod":"leaky"}},{}]}`,
			nil, "hook · Pod Memory Limit Near · shop/leaky · firing · 2 alerts"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := Delivery{Path: "/hook/", Header: http.Header{}, Body: []byte(tt.body)}
			if tt.contentType != "" {
				d.Header.Set("Content-Type", tt.contentType)
			}
			ev, err := d.Event()
			if err != nil {
				t.Fatal(err)
			}
			var payload struct{ Body any }
			if err := json.Unmarshal(ev.Payload, &payload); err != nil {
				t.Fatal(err)
			}
			if tt.wantBody != nil && !cmp.Equal(payload.Body, tt.wantBody) {
				t.Errorf("body: %s", cmp.Diff(tt.wantBody, payload.Body))
			}
			if ev.Summary != tt.wantSummary {
				t.Errorf("summary = %q, want %q", ev.Summary, tt.wantSummary)
			}
			if ev.Trigger != WebhookType || ev.Parameters["url"] != "hook" {
				t.Errorf("trigger = %s %v", ev.Trigger, ev.Parameters)
			}
		})
	}
}

func TestCredentialsNeverReachThePayload(t *testing.T) {
	t.Parallel()
	h := http.Header{}
	for _, name := range []string{"Authorization", "Cookie", "X-Auth-Token", "St2-Api-Key", "Proxy-Authorization"} {
		h.Set(name, "canary")
	}
	h.Set("X-Event", "push")
	ev, err := Delivery{Path: "x", Header: h}.Event()
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(ev.Payload), "canary") {
		t.Errorf("payload holds a credential: %s", ev.Payload)
	}
	if !strings.Contains(string(ev.Payload), `"x-event":"push"`) || !strings.Contains(string(ev.Payload), `"X-Event":"push"`) {
		t.Errorf("payload lacks the other headers: %s", ev.Payload)
	}
}

func TestBigNumbersKeepTheirDigits(t *testing.T) {
	t.Parallel()
	ev, err := Delivery{Path: "x", Body: []byte(`{"id":9007199254740993}`)}.Event()
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(ev.Payload), "9007199254740993") {
		t.Errorf("payload lost digits: %s", ev.Payload)
	}
}

func FuzzDelivery(f *testing.F) {
	f.Add("application/json", []byte(`{"alerts":[{"labels":{}}]}`))
	f.Add("application/x-www-form-urlencoded", []byte("a=%zz"))
	f.Add("text/plain", []byte("\xf0\x28\x8c\x28"))
	f.Fuzz(func(t *testing.T, contentType string, body []byte) {
		ev, err := Delivery{Path: "x", Header: http.Header{"Content-Type": {contentType}}, Body: body}.Event()
		if err != nil {
			t.Fatalf("every body must become an event: %v", err)
		}
		if !json.Valid(ev.Payload) || !utf8.ValidString(ev.Summary) {
			t.Fatalf("payload %q, summary %q", ev.Payload, ev.Summary)
		}
	})
}
