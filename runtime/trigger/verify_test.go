package trigger

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
)

const slackBody = "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar" +
	"&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J" +
	"%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"

func sum(secret, text string) []byte {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(text))
	return mac.Sum(nil)
}

// TestDeliveriesAreChecked uses the vendors' own examples for GitHub
// (docs.github.com, "Validating webhook deliveries"), Slack (api.slack.com,
// "Verifying requests from Slack") and Standard Webhooks (its reference libraries).
func TestDeliveriesAreChecked(t *testing.T) {
	t.Parallel()
	const standardSecret, standardBody = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", `{"test": 2432232314}`
	standard := []string{"Webhook-Id", "msg_p5jXN8AQM9LWM0D4loKWxJek", "Webhook-Timestamp", "1614265330", "Webhook-Signature"}
	slack := []string{"X-Slack-Request-Timestamp", "1531420618", "X-Slack-Signature", "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"}
	github := []string{"X-Hub-Signature-256", "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"}
	stripe := "t=1700000000,v1=" + hex.EncodeToString(sum("s", "1700000000.{}")) + ",v0=abc"
	grafana := Endpoint{Auth: AuthHMAC, Header: "X-Sig", TimestampHeader: "X-Time", Signed: "{timestamp}:{body}", Secrets: []string{"s"}}
	named := Endpoint{Auth: AuthHMAC, Header: "X-Sig", Signed: "v0:{header:X-Id}:{body}", Secrets: []string{"s"}}
	pager := Endpoint{Auth: AuthHMAC, Header: "X-Sig", Prefix: "v1=", Secrets: []string{"old", "s"}}
	hi := hex.EncodeToString(sum("s", "hi"))
	tests := []struct {
		name   string
		e      Endpoint
		at     int64
		header []string
		body   string
		want   string // code; empty accepts
	}{
		{"none accepts everything", Endpoint{Auth: AuthNone}, 0, nil, "x", ""},
		{"a bearer token", Endpoint{Auth: AuthToken, Secrets: []string{"s"}}, 0, []string{"Authorization", "Bearer s"}, "", ""},
		{"the older of two tokens", Endpoint{Auth: AuthToken, Secrets: []string{"new", "s"}}, 0, []string{"Authorization", "bearer s"}, "", ""},
		{"a wrong bearer token", Endpoint{Auth: AuthToken, Secrets: []string{"s"}}, 0, []string{"Authorization", "Bearer t"}, "", CodeWrongCredentials},
		{"no token", Endpoint{Auth: AuthToken, Secrets: []string{"s"}}, 0, nil, "", CodeMissingCredentials},
		{"a token in a header", Endpoint{Auth: AuthToken, Header: "X-Key", Secrets: []string{"s"}}, 0, []string{"X-Key", "s"}, "", ""},
		{"a user and password", Endpoint{Auth: AuthBasic, Username: "u", Secrets: []string{"p"}}, 0, []string{"Authorization", "Basic dTpw"}, "", ""},
		{"another user", Endpoint{Auth: AuthBasic, Username: "v", Secrets: []string{"p"}}, 0, []string{"Authorization", "Basic dTpw"}, "", CodeWrongCredentials},
		{"another password", Endpoint{Auth: AuthBasic, Username: "u", Secrets: []string{"q"}}, 0, []string{"Authorization", "Basic dTpw"}, "", CodeWrongCredentials},
		{"Alertmanager with a token", Endpoint{Auth: AuthAlertmanager, Secrets: []string{"s"}}, 0, []string{"Authorization", "Bearer s"}, "", ""},
		{"Alertmanager with a password", Endpoint{Auth: AuthAlertmanager, Username: "u", Secrets: []string{"p"}}, 0, []string{"Authorization", "Basic dTpw"}, "", ""},
		{"GitLab", Endpoint{Auth: AuthGitLab, Secrets: []string{"s"}}, 0, []string{"X-Gitlab-Token", "s"}, "", ""},
		{"GitHub", Endpoint{Auth: AuthGitHub, Secrets: []string{"It's a Secret to Everybody"}}, 0, github, "Hello, World!", ""},
		{"GitHub, another body", Endpoint{Auth: AuthGitHub, Secrets: []string{"It's a Secret to Everybody"}}, 0, github, "Hello, World?", CodeWrongSignature},
		{"GitHub, no signature", Endpoint{Auth: AuthGitHub, Secrets: []string{"x"}}, 0, nil, "", CodeMissingSignature},
		{"Slack", Endpoint{Auth: AuthSlack, Secrets: []string{"8f742231b10e8888abcd99yyyzzz85a5"}}, 1531420618, slack, slackBody, ""},
		{"Slack, sent again later", Endpoint{Auth: AuthSlack, Secrets: []string{"8f742231b10e8888abcd99yyyzzz85a5"}}, 1531420618 + 301, slack, slackBody, CodeStale},
		{"Slack, from the future", Endpoint{Auth: AuthSlack, Secrets: []string{"8f742231b10e8888abcd99yyyzzz85a5"}}, 1531420618 - 301, slack, slackBody, CodeStale},
		{"Standard Webhooks", Endpoint{Auth: AuthStandardWebhooks, Secrets: []string{standardSecret}}, 1614265330, append(standard, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="), standardBody, ""},
		{"Standard Webhooks, the second of two signatures", Endpoint{Auth: AuthStandardWebhooks, Secrets: []string{standardSecret}}, 1614265330,
			append(standard, "v1,AAAA v2,zzz v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="), standardBody, ""},
		{"Standard Webhooks, of another version", Endpoint{Auth: AuthStandardWebhooks, Secrets: []string{standardSecret}}, 1614265330,
			append(standard, "v2,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="), standardBody, CodeMissingSignature},
		{"Stripe", Endpoint{Auth: AuthStripe, Secrets: []string{"s"}}, 1700000000, []string{"Stripe-Signature", stripe}, "{}", ""},
		{"Stripe, another time than was signed", Endpoint{Auth: AuthStripe, Secrets: []string{"s"}}, 1700000000,
			[]string{"Stripe-Signature", strings.Replace(stripe, "t=1700000000", "t=1700000001", 1)}, "{}", CodeWrongSignature},
		{"a scheme of one's own", Endpoint{Auth: AuthHMAC, Header: "X-Sig", Encoding: "base64", Prefix: "v=", Secrets: []string{"s"}}, 0,
			[]string{"X-Sig", "v=" + base64.StdEncoding.EncodeToString(sum("s", "hi"))}, "hi", ""},
		{"a scheme of one's own with a time", Endpoint{Auth: AuthHMAC, Header: "X-Sig", TimestampHeader: "X-Time", Window: time.Minute, Secrets: []string{"s"}}, 1000,
			[]string{"X-Sig", hex.EncodeToString(sum("s", "990.hi")), "X-Time", "990"}, "hi", ""},
		{"its time missing", Endpoint{Auth: AuthHMAC, Header: "X-Sig", TimestampHeader: "X-Time", Secrets: []string{"s"}}, 1000,
			[]string{"X-Sig", hex.EncodeToString(sum("s", "hi"))}, "hi", CodeMissingSignature},
		{"Grafana with a time", grafana, 1000, []string{"X-Sig", hex.EncodeToString(sum("s", "990:hi")), "X-Time", "990"}, "hi", ""},
		{"Grafana, another time than was signed", grafana, 1000, []string{"X-Sig", hex.EncodeToString(sum("s", "990:hi")), "X-Time", "991"}, "hi", CodeWrongSignature},
		{"Grafana, signed as others do", grafana, 1000, []string{"X-Sig", hex.EncodeToString(sum("s", "990.hi")), "X-Time", "990"}, "hi", CodeWrongSignature},
		{"Grafana, sent again later", grafana, 2000, []string{"X-Sig", hex.EncodeToString(sum("s", "990:hi")), "X-Time", "990"}, "hi", CodeStale},
		{"a header that is signed too", named, 0, []string{"X-Sig", hex.EncodeToString(sum("s", "v0:a1:hi")), "X-Id", "a1"}, "hi", ""},
		{"a signed header that was replaced", named, 0, []string{"X-Sig", hex.EncodeToString(sum("s", "v0:a1:hi")), "X-Id", "a2"}, "hi", CodeWrongSignature},
		{"a signed header that is missing", named, 0, []string{"X-Sig", hex.EncodeToString(sum("s", "v0::hi"))}, "hi", CodeMissingSignature},
		{"a body that looks like a template", named, 0, []string{"X-Sig", hex.EncodeToString(sum("s", "v0:a1:{header:X-Id}")), "X-Id", "a1"}, "{header:X-Id}", ""},
		{"PagerDuty, the first of two signatures", pager, 0, []string{"X-Sig", "v1=" + hi + ",v1=00"}, "hi", ""},
		{"PagerDuty, the second of two signatures", pager, 0, []string{"X-Sig", "v1=00,v1=" + hi}, "hi", ""},
		{"PagerDuty, with a space between", pager, 0, []string{"X-Sig", "v1=00, v1=" + hi}, "hi", ""},
		{"PagerDuty, none of two", pager, 0, []string{"X-Sig", "v1=00,v1=11"}, "hi", CodeWrongSignature},
		{"PagerDuty, of another version", pager, 0, []string{"X-Sig", "v2=" + hi}, "hi", CodeMissingSignature},
		{"a signature behind more than anybody sends", pager, 0, []string{"X-Sig", strings.Repeat("v1=00,", 10) + "v1=" + hi}, "hi", CodeWrongSignature},
		{"a prefix with a space in it", Endpoint{Auth: AuthHMAC, Header: "Authorization", Prefix: "HMAC ", Secrets: []string{"s"}}, 0, []string{"Authorization", "HMAC " + hi}, "hi", ""},
		{"no hexadecimal signature", Endpoint{Auth: AuthHMAC, Header: "X-Sig", Secrets: []string{"s"}}, 0, []string{"X-Sig", "zz"}, "hi", CodeWrongSignature},
		{"an unknown kind lets nothing in", Endpoint{Auth: "magic", Secrets: []string{"s"}}, 0, nil, "", "misconfigured"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := http.Header{}
			for i := 0; i+1 < len(tt.header); i += 2 {
				h.Set(tt.header[i], tt.header[i+1])
			}
			err := tt.e.Verify(Delivery{Header: h, Body: []byte(tt.body)}, time.Unix(tt.at, 0))
			if got := codeOf(err); got != tt.want {
				t.Errorf("got %q (%v), want %q", got, err, tt.want)
			}
			if err != nil && !errors.Is(err, automation.ErrDenied) {
				t.Errorf("err = %v is not of kind denied", err)
			}
		})
	}
}

func codeOf(err error) string {
	if e := (*automation.Error)(nil); errors.As(err, &e) {
		return e.Code
	}
	return ""
}

func TestEndpointsThatCheckNothingAreRefused(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		e    Endpoint
		want string
	}{
		{"no kind", Endpoint{}, "auth"},
		{"no secret", Endpoint{Auth: AuthGitHub}, "secrets"},
		{"an empty secret", Endpoint{Auth: AuthGitHub, Secrets: []string{""}}, "empty"},
		{"secrets that nobody looks at", Endpoint{Auth: AuthNone, Secrets: []string{"s"}}, "none"},
		{"an empty key", Endpoint{Auth: AuthStandardWebhooks, Secrets: []string{"whsec_"}}, "whsec_"},
		{"a key that is no base64", Endpoint{Auth: AuthStandardWebhooks, Secrets: []string{"whsec_?"}}, "whsec_"},
		{"no user", Endpoint{Auth: AuthBasic, Secrets: []string{"s"}}, "username"},
		{"no header", Endpoint{Auth: AuthHMAC, Secrets: []string{"s"}}, "header"},
		{"an algorithm that is none", Endpoint{Auth: AuthHMAC, Header: "X", Algorithm: "md5", Secrets: []string{"s"}}, "md5"},
		{"an algorithm with a slip", Endpoint{Auth: AuthHMAC, Header: "X", Algorithm: "sha265", Secrets: []string{"s"}}, "did you mean sha256?"},
		{"signed without the body", Endpoint{Auth: AuthHMAC, Header: "X", Signed: "v0", Secrets: []string{"s"}}, "{body}"},
		{"a placeholder that is none", Endpoint{Auth: AuthHMAC, Header: "X", TimestampHeader: "T", Signed: "{timestmp}.{body}", Secrets: []string{"s"}}, "did you mean timestamp?"},
		{"a placeholder without an end", Endpoint{Auth: AuthHMAC, Header: "X", Signed: "{body", Secrets: []string{"s"}}, "signed"},
		{"a brace too many", Endpoint{Auth: AuthHMAC, Header: "X", Signed: "{body}}", Secrets: []string{"s"}}, "signed"},
		{"a header without its name", Endpoint{Auth: AuthHMAC, Header: "X", Signed: "{header:}{body}", Secrets: []string{"s"}}, "signed"},
		{"a time that nobody sends", Endpoint{Auth: AuthHMAC, Header: "X", Signed: "{timestamp}.{body}", Secrets: []string{"s"}}, "timestamp_header"},
		{"a time that nobody signs", Endpoint{Auth: AuthHMAC, Header: "X", TimestampHeader: "T", Signed: "{body}", Secrets: []string{"s"}}, "{timestamp}"},
		{"no subjects", Endpoint{Auth: AuthMTLS}, "subjects"},
		{"a subject that is nobody", Endpoint{Auth: AuthMTLS, Subjects: []string{"cn:"}}, "cn:"},
		{"secrets beside subjects", Endpoint{Auth: AuthMTLS, Subjects: []string{"x"}, Secrets: []string{"s"}}, "mtls"},
		{"an encoding that is none", Endpoint{Auth: AuthHMAC, Header: "X", Encoding: "rot13", Secrets: []string{"s"}}, "rot13"},
	} {
		if err := tt.e.Check(); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: err = %v, want one about %q", tt.name, err, tt.want)
		}
	}
	if err := (Endpoint{Auth: AuthNone}).Check(); err != nil {
		t.Error(err)
	}
}

func TestLongKeysStayApart(t *testing.T) {
	t.Parallel()
	e := Endpoint{Auth: AuthNone, IdempotencyHeader: "Key"}
	long := strings.Repeat("x", 300)
	a, b := e.Key(http.Header{"Key": {long + "a"}}), e.Key(http.Header{"Key": {long + "b"}})
	if a == b || len(a) > 256 || e.Key(http.Header{"Key": {"short"}}) != "short" {
		t.Errorf("keys %q and %q", a, b)
	}
}

// FuzzVerify lets strangers write every header: nobody has signed, and no proxy is
// trusted, so that nothing may come in.
func FuzzVerify(f *testing.F) {
	f.Add("t=1,v1=00", "body", "v1=", "{body}", int64(1))
	f.Add("v1,AAAA v1,", "", ",", "{timestamp}:{body}", int64(-1))
	f.Add("v0=zz", "\x00", "", "{header:X-Sig}{body}", int64(1<<62))
	f.Add("CN=alertmanager", "", " ", "}{", int64(0))
	f.Fuzz(func(t *testing.T, header, body, prefix, signed string, at int64) {
		h := http.Header{"Authorization": {header}}
		for _, name := range []string{"X-Hub-Signature-256", "X-Slack-Signature", "X-Slack-Request-Timestamp", "Stripe-Signature", "Webhook-Id", "Webhook-Timestamp", "Webhook-Signature", "X-Sig", "X-Gitlab-Token", "X-Time", "X-Subject"} {
			h.Set(name, header)
		}
		d := Delivery{Header: h, Body: []byte(body), Client: Proxies{Header: "X-Subject"}.Client(&http.Request{Header: h, RemoteAddr: "192.0.2.1:1"})}
		for _, kind := range AuthKinds()[1:] {
			e := Endpoint{Auth: kind, Header: "X-Sig", Username: "u", Secrets: []string{"a secret that nobody guesses"}, Subjects: []string{"**"}}
			for _, e.Prefix = range []string{"", prefix} {
				for _, e.Signed = range []string{"", signed} {
					for _, e.TimestampHeader = range []string{"", "X-Time"} {
						if e.Verify(d, time.Unix(at%1e10, 0)) == nil {
							t.Errorf("%s lets in what nobody signed: %q", kind, header)
						}
					}
				}
			}
		}
	})
}
