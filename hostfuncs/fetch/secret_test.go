package fetch

import (
	"encoding/base64"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/squall-dev/squall/hostfuncs"
	"github.com/squall-dev/squall/runtime/automation"
)

type secretsOf map[string]string

func (s secretsOf) Secret(name string) (string, bool) {
	v, there := s[name]
	return v, there
}

// What leaves has the values, and only for whom they are.
func TestSecretsAreFilledInForWhomTheyAre(t *testing.T) {
	t.Parallel()
	var seen string
	world := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/away" {
			http.Redirect(w, r, "http://localhost:"+r.URL.Query().Get("port")+"/", http.StatusTemporaryRedirect)
			return
		}
		body, _ := io.ReadAll(r.Body)
		seen = r.URL.Path + " " + r.Header.Get("X-Token") + " " + r.Header.Get("Authorization") + " " + string(body)
	}))
	t.Cleanup(world.Close)
	host := strings.TrimPrefix(world.URL, "http://")
	port := host[strings.LastIndex(host, ":")+1:]
	c, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	who := func(hosts ...string) hostfuncs.Caller {
		return hostfuncs.Caller{Secrets: secretsOf{"token": "s3cret", "url": world.URL + "/hook/T0", "pass": "p:w"}, Grants: automation.Capabilities{
			HTTP:    []automation.HTTPCapability{{Hosts: []string{"127.0.0.1:*", "localhost:*"}, Methods: []string{"POST"}, Private: true}},
			Secrets: []automation.SecretCapability{{Name: "token", Hosts: hosts}, {Name: "url"}, {Name: "pass"}},
		}}
	}
	h := hostfuncs.Handle
	for _, tt := range []struct {
		name string
		who  hostfuncs.Caller
		req  Request
		seen string // empty: it is denied
	}{
		{"in a header", who(), Request{URL: world.URL + "/a", Headers: map[string]string{"X-Token": "Bearer " + h("token")}}, "/a Bearer s3cret  "},
		{"in the body", who(), Request{URL: world.URL + "/a", Body: `{"t":"` + h("token") + `"}`}, `/a   {"t":"s3cret"}`},
		{"as the URL", who(), Request{URL: h("url")}, "/hook/T0   "},
		{"in basic auth", who(), Request{URL: world.URL + "/a", BasicAuth: &BasicAuth{"ada", h("pass")}}, "/a  Basic " + base64.StdEncoding.EncodeToString([]byte("ada:p:w")) + " "},
		{"for this host", who("127.0.0.1"), Request{URL: world.URL + "/a", Body: h("token")}, "/a   s3cret"},
		{"for another host", who("hooks.example.com"), Request{URL: world.URL + "/a", Body: h("token")}, ""},
		{"of another pack", who(), Request{URL: world.URL + "/a", Body: h("root")}, ""},
	} {
		seen = ""
		tt.req.Method = "POST"
		_, err := c.Send(t.Context(), tt.who, tt.req)
		if (automation.KindOf(err) == "denied") != (tt.seen == "") || (tt.seen != "" && err != nil) || seen != tt.seen {
			t.Errorf("%s: %v, the server saw %q, want %q", tt.name, err, seen, tt.seen)
		}
		if err != nil && (strings.Contains(err.Error(), "s3cret") || strings.Contains(automation.HintOf(err), "s3cret")) {
			t.Errorf("%s: %v tells the value", tt.name, err)
		}
	}
	seen = ""
	resp, err := c.Send(t.Context(), who(), Request{Method: "POST", URL: world.URL + "/away?port=" + port, Body: h("token")})
	if err != nil || resp.Status != http.StatusTemporaryRedirect || seen != "" {
		t.Errorf("a redirect to another host: %+v, %v, the server saw %q", resp, err, seen)
	}
	if _, err := c.Send(t.Context(), who(), Request{Method: "POST", URL: world.URL, Body: h("root")}); automation.HintOf(err) == "" {
		t.Errorf("no hint: %v", err)
	}
}
