package api

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
)

func TestKeys(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, nil)
	const long = "/api/v1/kv/system/"
	for _, tt := range []struct {
		name, method, path, body string
		status                   int
		says                     string
	}{
		{"nothing is there at first", "GET", "/api/v1/kv", "", 200, `{"items":[],"next":""}`},
		{"a key that is not there is not found", "GET", "/api/v1/kv/system/colour", "", 404, `"code":"unknown_key"`},
		{"a key is set", "PUT", "/api/v1/kv/system/colour", `{"value":"red"}`, 200, `"value":"red"`},
		{"and read", "GET", "/api/v1/kv/system/colour", "", 200, `"value":"red"`},
		{"a name may hold slashes", "PUT", "/api/v1/kv/pack:test/a/b", `{"value":"1"}`, 200, `"name":"a/b"`},
		{"also escaped ones", "GET", "/api/v1/kv/pack:test/a%2Fb", "", 200, `"name":"a/b"`},
		{"and a percent sign", "PUT", "/api/v1/kv/system/50%25", `{"value":"x"}`, 200, `"name":"50%"`},
		{"the system's keys are listed", "GET", "/api/v1/kv", "", 200, `"name":"50%"`},
		{"a prefix selects", "GET", "/api/v1/kv?prefix=col", "", 200, `{"items":[{"scope":"system","name":"colour"`},
		{"a page has a next one", "GET", "/api/v1/kv?scope=all&limit=1", "", 200, `"next":"pack:test/a/b"`},
		{"which goes on after it", "GET", "/api/v1/kv?scope=all&limit=1&after=pack:test/a/b", "", 200, `"next":"system/50%"`},
		{"a scope that is none is refused", "GET", "/api/v1/kv?scope=site", "", 422, `"code":"invalid_scope"`},
		{"an unknown field is refused", "PUT", "/api/v1/kv/system/colour", `{"val":"red"}`, 400, `"code":"malformed"`},
		{"a value that is no text is refused", "PUT", "/api/v1/kv/system/colour", `{"value":1}`, 400, `"code":"malformed"`},
		{"a time to live that is none is refused", "PUT", "/api/v1/kv/system/colour", `{"value":"x","ttl":"soon"}`, 400, `soon`},
		{"a negative one too", "PUT", "/api/v1/kv/system/colour", `{"value":"x","ttl":"-1s"}`, 400, `negative`},
		{"a name that is too long is refused", "PUT", long + strings.Repeat("x", 257), `{"value":"x"}`, 422, `"code":"invalid_key"`},
		{"a key without a name is refused", "PUT", "/api/v1/kv/system/", `{"value":"x"}`, 422, `"code":"invalid_key"`},
		{"a large value is refused", "PUT", "/api/v1/kv/system/big", `{"value":"` + strings.Repeat("x", 1<<20+1) + `"}`, 422, `"code":"value_too_large"`},
		{"an encrypted key is set", "PUT", "/api/v1/kv/system/token", `{"value":"s3cret","encrypted":true}`, 200, `"value":"","encrypted":true`},
		{"its value is left out", "GET", "/api/v1/kv/system/token", "", 200, `"value":"","encrypted":true`},
		{"unless it is asked for", "GET", "/api/v1/kv/system/token?decrypt=true", "", 200, `"value":"s3cret"`},
		{"with a word that there is", "GET", "/api/v1/kv/system/token?decrypt=yes", "", 400, `decrypt must be true or false`},
		{"also in lists", "GET", "/api/v1/kv?prefix=tok&decrypt=true", "", 200, `"value":"s3cret"`},
		{"which leave it out as well", "GET", "/api/v1/kv?prefix=tok", "", 200, `"value":"","encrypted":true`},
		{"a key is removed", "DELETE", "/api/v1/kv/system/colour", "", 204, ""},
		{"once", "DELETE", "/api/v1/kv/system/colour", "", 404, `"code":"unknown_key"`},
	} {
		t.Run(tt.name, func(t *testing.T) { // in order: they build on each other
			a := s.ask(tt.method, tt.path, tt.body)
			if a.status != tt.status || !strings.Contains(a.body, tt.says) {
				t.Errorf("%d %s, want %d and %s", a.status, a.body, tt.status, tt.says)
			}
		})
	}
	if a := s.ask("GET", "/api/v1/kv", "", "anonymous"); a.status != 401 {
		t.Errorf("a stranger is told %d %s", a.status, a.body)
	}
}

func TestAKeyMayVanish(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, nil)
	a := s.ask("PUT", "/api/v1/kv/user:mira/colour", `{"value":"red","ttl":"1h"}`)
	var e automation.KVEntry
	if err := json.Unmarshal([]byte(a.body), &e); err != nil || e.ExpiresAt == nil || time.Until(*e.ExpiresAt) > time.Hour || time.Until(*e.ExpiresAt) < 59*time.Minute {
		t.Errorf("%d %s %v", a.status, a.body, err)
	}
}

func TestTriggers(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, nil)
	a := s.ask("GET", "/api/v1/triggers", "")
	if a.status != 200 || !strings.Contains(a.body, `"ref":"test.order"`) || !strings.Contains(a.body, `"payload_check":"reject"`) || strings.Contains(a.body, "last_event") {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := s.ask("POST", "/api/v1/events", `{"trigger":"test.order","payload":{}}`); a.status != 422 || a.problem(t).Code != "payload_mismatch" {
		t.Errorf("a payload that does not fit: %d %s", a.status, a.body)
	}
	if a := s.ask("POST", "/api/v1/events", `{"trigger":"test.order","payload":{"id":1}}`); a.status != 202 {
		t.Errorf("a payload that fits: %d %s", a.status, a.body)
	}
	a = s.ask("GET", "/api/v1/triggers/test.order", "")
	if a.status != 200 || !strings.Contains(a.body, `"example":{"id":1}`) || !strings.Contains(a.body, `"last_event":"`) || !strings.Contains(a.body, `"rules":[]`) {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := s.ask("GET", "/api/v1/triggers/test.nope", ""); a.status != 404 || a.problem(t).Code != "unknown_trigger" {
		t.Errorf("%d %s", a.status, a.body)
	}
}

func TestAPageOfKeysEndsEarlyWhenItIsLarge(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, nil)
	put := func(scope string, size, n int) {
		for i := range n {
			e := automation.KVEntry{Scope: scope, Name: fmt.Sprintf("k%03d", i), Value: strings.Repeat("x", size), CreatedAt: time.Now(), UpdatedAt: time.Now()}
			if _, err := s.db.KVPut(t.Context(), e); err != nil {
				t.Fatal(err)
			}
		}
	}
	put("system", automation.MaxKVValue, 20)
	put("user:mira", 1, 100)
	for _, tt := range []struct {
		scope string
		pages []int
	}{
		{"system", []int{8, 8, 4}},
		{"user:mira", []int{100}},
	} {
		var pages []int
		for after := ""; ; {
			a := s.ask("GET", "/api/v1/kv?limit=1000&scope="+tt.scope+"&after="+after, "")
			var l List[automation.KVEntry]
			if err := json.Unmarshal([]byte(a.body), &l); err != nil || a.status != 200 {
				t.Fatalf("%d %v", a.status, err)
			}
			pages = append(pages, len(l.Items))
			if after = l.Next; after == "" {
				break
			}
		}
		if !slices.Equal(pages, tt.pages) {
			t.Errorf("pages of %s have %v entries, want %v", tt.scope, pages, tt.pages)
		}
	}
}
