package client_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/client"
)

// seen is what a request looked like on the wire.
type seen struct {
	Method, Target, Body, Auth, Type string
}

// recorder answers every request with the same text and keeps what it saw.
func recorder(t *testing.T, status int, answer string) (*client.Client, *seen) {
	t.Helper()
	got := &seen{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		*got = seen{r.Method, r.RequestURI, string(body), r.Header.Get("Authorization"), r.Header.Get("Content-Type")}
		w.Header().Set("X-Stream-Seq", "41")
		w.WriteHeader(status)
		io.WriteString(w, answer)
	}))
	t.Cleanup(server.Close)
	c, err := client.New(client.Options{BaseURL: server.URL + "/", Token: "t0ken"})
	if err != nil {
		t.Fatal(err)
	}
	return c, got
}

func TestEveryMethodSpeaksItsRoute(t *testing.T) {
	t.Parallel()
	yes := true
	ctx := context.Background()
	const auth, js = "Bearer t0ken", "application/json"
	cases := map[string]struct {
		call func(*client.Client) error
		want seen
	}{
		"executions with every restriction": {
			func(c *client.Client) error {
				_, err := c.Executions(ctx, client.ExecutionQuery{
					Page:     client.Page{After: "a1", Limit: 5},
					Statuses: []automation.Status{automation.Failed, automation.TimedOut},
					Action:   "labs_sre.*", Rule: "labs_sre.r", Event: "e1", Parent: "p1", Filter: "a b", Since: "24h", Until: "1h",
				})
				return err
			},
			seen{"GET", "/api/v1/executions?action=labs_sre.%2A&after=a1&event=e1&limit=5&parent=p1&q=a+b&rule=labs_sre.r&since=24h&status=failed%2Ctimed_out&until=1h", "", auth, ""},
		},
		"executions without restriction": {
			func(c *client.Client) error { _, err := c.Executions(ctx, client.ExecutionQuery{}); return err },
			seen{"GET", "/api/v1/executions", "", auth, ""},
		},
		"one execution, whose id can not lead elsewhere": {
			func(c *client.Client) error { _, err := c.Execution(ctx, "a/../b?x"); return err },
			seen{"GET", "/api/v1/executions/a%2F..%2Fb%3Fx", "", auth, ""},
		},
		"log": {
			func(c *client.Client) error { _, err := c.Log(ctx, "x1", 7, 100); return err },
			seen{"GET", "/api/v1/executions/x1/log?from=7&limit=100", "", auth, ""},
		},
		"run": {
			func(c *client.Client) error { _, err := c.Run(ctx, "core.echo", nil); return err },
			seen{"POST", "/api/v1/executions", `{"action":"core.echo","parameters":{}}`, auth, js},
		},
		"cancel": {
			func(c *client.Client) error { _, err := c.Cancel(ctx, "x1"); return err },
			seen{"POST", "/api/v1/executions/x1/cancel", "", auth, ""},
		},
		"rerun": {
			func(c *client.Client) error { _, err := c.Rerun(ctx, "x1", map[string]any{"n": 1}); return err },
			seen{"POST", "/api/v1/executions/x1/rerun", `{"parameters":{"n":1}}`, auth, js},
		},
		"rerun without a parameter": {
			func(c *client.Client) error { _, err := c.Rerun(ctx, "x1", nil, "n"); return err },
			seen{"POST", "/api/v1/executions/x1/rerun", `{"parameters":{},"remove":["n"]}`, auth, js},
		},
		"events": {
			func(c *client.Client) error {
				_, err := c.Events(ctx, client.EventQuery{Trigger: "core.*", Matched: &yes})
				return err
			},
			seen{"GET", "/api/v1/events?matched=true&trigger=core.%2A", "", auth, ""},
		},
		"send": {
			func(c *client.Client) error {
				_, err := c.Send(ctx, client.NewEvent{Trigger: "a.b", Payload: json.RawMessage(`{"n":9007199254740993}`)})
				return err
			},
			seen{"POST", "/api/v1/events", `{"trigger":"a.b","payload":{"n":9007199254740993}}`, auth, js},
		},
		"a webhook, which never sees the token": {
			func(c *client.Client) error {
				_, err := c.Webhook(ctx, "/team/pprof", "text/plain", strings.NewReader("hi"))
				return err
			},
			seen{"POST", "/api/v1/webhooks/team/pprof", "hi", "", "text/plain"},
		},
		"rule": {
			func(c *client.Client) error { _, err := c.Rule(ctx, "labs_sre.r"); return err },
			seen{"GET", "/api/v1/rules/labs_sre.r", "", auth, ""},
		},
		"rule test": {
			func(c *client.Client) error {
				_, err := c.TestRule(ctx, client.RuleTrial{Rule: "a: b", Event: "e1"})
				return err
			},
			seen{"POST", "/api/v1/rules/test", `{"rule":"a: b","event":"e1"}`, auth, js},
		},
		"artifacts": {
			func(c *client.Client) error {
				_, err := c.Artifacts(ctx, client.ArtifactQuery{Execution: "x1", MediaType: "text/plain"})
				return err
			},
			seen{"GET", "/api/v1/artifacts?execution=x1&media_type=text%2Fplain", "", auth, ""},
		},
		"doctor": {
			func(c *client.Client) error { _, err := c.Doctor(ctx, true); return err },
			seen{"GET", "/api/v1/doctor?deep=true", "", auth, ""},
		},
		"me": {
			func(c *client.Client) error { _, err := c.Me(ctx); return err },
			seen{"GET", "/api/v1/me", "", auth, ""},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, got := recorder(t, 200, `{}`)
			if err := tc.call(c); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, *got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestRefusalsBecomeErrorsOfTheirKind(t *testing.T) {
	t.Parallel()
	cases := map[int]string{
		400: "invalid", 401: "denied", 403: "denied", 404: "not_found", 409: "conflict", 413: "invalid",
		422: "invalid", 429: "unavailable", 500: "internal", 502: "unavailable", 503: "unavailable",
	}
	for status, kind := range cases {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			t.Parallel()
			c, _ := recorder(t, status, `{"detail":"no such thing","code":"gone_fishing","hint":"look elsewhere","request_id":"r1"}`)
			_, err := c.Execution(context.Background(), "x1")
			var e *automation.Error
			if !errors.As(err, &e) {
				t.Fatalf("%v is no error for people", err)
			}
			got := []string{automation.KindOf(err), e.Message, e.Code, automation.HintOf(err), client.RequestID(err)}
			want := []string{kind, "no such thing", "gone_fishing", "look elsewhere", "r1"}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestRefusalOfAProxyNamesTheStatus(t *testing.T) {
	t.Parallel()
	c, _ := recorder(t, 502, "<html>Bad Gateway</html>")
	_, err := c.Me(context.Background())
	if got := err.Error(); got != "the server answered 502 Bad Gateway" || !errors.Is(err, automation.ErrUnavailable) {
		t.Errorf("got %q", got)
	}
}

func TestAnswerThatIsNotOursIsUnavailable(t *testing.T) {
	t.Parallel()
	c, _ := recorder(t, 200, "<html>Welcome</html>")
	_, err := c.Me(context.Background())
	if !errors.Is(err, automation.ErrUnavailable) || automation.HintOf(err) == "" {
		t.Errorf("got %v", err)
	}
}

func TestServerThatIsNotThereIsUnavailableWithAHint(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close()
	c, err := client.New(client.Options{BaseURL: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.Me(context.Background())
	if !errors.Is(err, automation.ErrUnavailable) || !strings.Contains(automation.HintOf(err), "squall server") {
		t.Errorf("got %v (%s)", err, automation.HintOf(err))
	}
}

func TestCanceledCallIsNotAnUnreachableServer(t *testing.T) {
	t.Parallel()
	c, _ := recorder(t, 200, `{}`)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := c.Me(ctx); !errors.Is(err, context.Canceled) || errors.Is(err, automation.ErrUnavailable) {
		t.Errorf("got %v", err)
	}
}

func TestAddressesThatAreRefused(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"127.0.0.1:8085", "ftp://host", "http://", "http://u:p@host", "::"} {
		if _, err := client.New(client.Options{BaseURL: address}); !errors.Is(err, automation.ErrInvalid) {
			t.Errorf("%s: got %v", address, err)
		}
	}
}

func TestElementsThatNameNothingAreRefused(t *testing.T) {
	t.Parallel()
	c, got := recorder(t, 200, `{}`)
	for _, id := range []string{"", ".", ".."} {
		if _, err := c.Execution(context.Background(), id); !errors.Is(err, automation.ErrInvalid) {
			t.Errorf("%q: got %v", id, err)
		}
	}
	if got.Method != "" {
		t.Errorf("asked the server for %s", got.Target)
	}
}

func TestListKeepsNumbersAndItsPlaceInTheStream(t *testing.T) {
	t.Parallel()
	c, _ := recorder(t, 200, `{"items":[{"id":"e1","parameters":{"n":9007199254740993}}],"next":"e1"}`)
	l, err := c.Events(context.Background(), client.EventQuery{})
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprintf("%v %v %v", l.Items[0].Parameters["n"], l.Next, l.Seq); got != "9007199254740993 e1 41" {
		t.Errorf("got %s", got)
	}
}

func TestArtifactArrivesAsItIs(t *testing.T) {
	t.Parallel()
	c, _ := recorder(t, 200, "\x1f\x8bnot really gzip")
	content, err := c.ArtifactContent(context.Background(), "a1")
	if err != nil {
		t.Fatal(err)
	}
	defer content.Close()
	if got, _ := io.ReadAll(content); string(got) != "\x1f\x8bnot really gzip" {
		t.Errorf("got %q", got)
	}
}
