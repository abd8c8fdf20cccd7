package daemon

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

// Every route of the API's own description is tried without credentials, so that
// a new one cannot be forgotten here.
func TestEveryRouteButTheOpenOnesRefusesAnonymousCallers(t *testing.T) {
	t.Parallel()
	h := serve(t, t.TempDir(), nil)
	open := map[string]bool{
		"get /healthz": true, "get /readyz": true, "post /api/v1/webhooks/{path}": true, "post /api/v1/login": true,
	}
	routes := 0
	for path, methods := range h.openapi() {
		for method := range methods {
			routes++
			concrete := strings.NewReplacer("{id}", "000000000000000000000000", "{ref}", "a.b", "{name}", "a", "{path}", "x").Replace(path)
			req, err := http.NewRequestWithContext(t.Context(), strings.ToUpper(method), h.URL+concrete, strings.NewReader("{}"))
			if err != nil {
				t.Fatal(err)
			}
			resp, body := h.do(req)
			refused := resp.StatusCode == http.StatusUnauthorized && strings.Contains(body, `"unauthenticated"`)
			if refused == open[method+" "+path] {
				t.Errorf("%s %s answers %d %s", method, path, resp.StatusCode, body)
			}
		}
	}
	if routes < 25 {
		t.Errorf("only %d routes were tried", routes)
	}
}

func (h *harness) openapi() map[string]map[string]any {
	h.t.Helper()
	req, err := http.NewRequestWithContext(h.t.Context(), http.MethodGet, h.URL+"/api/v1/openapi.json", nil)
	if err != nil {
		h.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+h.AdminToken)
	_, body := h.do(req)
	var doc struct {
		Paths map[string]map[string]any `json:"paths"`
	}
	if err := json.Unmarshal([]byte(body), &doc); err != nil {
		h.t.Fatal(err)
	}
	return doc.Paths
}

func TestNoSpellingOfAPathSlipsBy(t *testing.T) {
	t.Parallel()
	h := serve(t, t.TempDir(), nil)
	for _, path := range []string{
		"/api/v1/executions/", "//api/v1/executions", "/api//v1/executions", "/api/v1/../v1/executions", "/api/v1/%65xecutions",
		"/api/v1/executions%2f", "/api/v1/executions;x", "/API/v1/executions", "/api/v1/nothing", "/api", "/api/", "/api/v1/webhooks/../executions",
		"/healthz/../api/v1/executions", "/metrics/", "/api/v1/webhooks/%2e%2e/executions",
	} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, h.URL, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.URL.Opaque = "//" + req.URL.Host + path // as written: no cleaning on the way
		resp, body := h.do(req)
		if strings.Contains(body, `"items"`) || resp.StatusCode == http.StatusOK && !strings.Contains(resp.Header.Get("Content-Type"), "text/html") {
			t.Errorf("GET %s answers %d %.80s", path, resp.StatusCode, body)
		}
	}
}

func TestCookiesNeedTheHeaderAgainstForgery(t *testing.T) {
	t.Parallel()
	h := serve(t, t.TempDir(), nil)
	resp, body := h.post("/api/v1/login", "application/json", `{"token":"`+h.AdminToken+`"}`)
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("login: %d %s", resp.StatusCode, body)
	}
	cookie := resp.Cookies()[0]
	if !cookie.HttpOnly || cookie.SameSite != http.SameSiteStrictMode {
		t.Errorf("cookie = %+v", cookie)
	}
	pair := cookie.Name + "=" + cookie.Value
	if resp, body := h.post("/api/v1/executions", "application/json", `{"action":"a.b"}`, "Cookie", pair); resp.StatusCode != http.StatusForbidden {
		t.Errorf("without the header: %d %s", resp.StatusCode, body)
	}
	if resp, body := h.post("/api/v1/executions", "application/json", `{"action":"a.b"}`, "Cookie", pair, "X-Squall-Csrf", "1"); resp.StatusCode != http.StatusNotFound {
		t.Errorf("with the header: %d %s, want 404 for the unknown action", resp.StatusCode, body)
	}
	if resp, body := h.post("/api/v1/login", "application/json", `{"token":"squall_wrong"}`); resp.StatusCode != http.StatusUnauthorized {
		t.Errorf("wrong token: %d %s", resp.StatusCode, body)
	}
}
