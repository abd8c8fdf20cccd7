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

func FuzzVerify(f *testing.F) {
	f.Add("t=1,v1=00", "body", int64(1))
	f.Add("v1,AAAA v1,", "", int64(-1))
	f.Add("v0=zz", "\x00", int64(1<<62))
	f.Fuzz(func(t *testing.T, header, body string, at int64) {
		h := http.Header{"Authorization": {header}}
		for _, name := range []string{"X-Hub-Signature-256", "X-Slack-Signature", "X-Slack-Request-Timestamp", "Stripe-Signature", "Webhook-Id", "Webhook-Timestamp", "Webhook-Signature", "X-Sig", "X-Gitlab-Token"} {
			h.Set(name, header)
		}
		for _, kind := range AuthKinds()[1:] {
			e := Endpoint{Auth: kind, Header: "X-Sig", Username: "u", Secrets: []string{"a secret that nobody guesses"}}
			if e.Verify(Delivery{Header: h, Body: []byte(body)}, time.Unix(at%1e10, 0)) == nil {
				t.Errorf("%s lets in what nobody signed: %q", kind, header)
			}
		}
	})
}
