package trigger

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
)

// Endpoint says how deliveries to one webhook are checked.
type Endpoint struct {
	Path string
	// Pack is whose file says so; empty means the server's configuration.
	Pack string
	// Auth is one of [AuthKinds].
	Auth string
	// Header carries the token or the signature; schemes of vendors know theirs.
	Header string
	// Prefix stands before each signature in the header: "sha256=".
	Prefix string
	// Algorithm is sha1, sha256 or sha512; Encoding hex or base64.
	Algorithm string
	Encoding  string
	// TimestampHeader holds the Unix seconds at which the sender signed.
	TimestampHeader string
	// Signed is the text that is signed, with {body}, {timestamp} and {header:NAME}.
	// Empty means "{body}", or "{timestamp}.{body}" with a TimestampHeader.
	Signed   string
	Username string // of basic
	// Subjects may send with mtls: "cn:NAME", "dns:NAME", "uri:...", "email:...",
	// "ip:...", or a name of any kind. "*" stands for anything without a dot or a
	// slash, "**" for anything.
	Subjects []string
	// Secrets are all valid at once, so that one can be replaced by the next.
	Secrets []string
	// Window is how far a signed time may be from now; zero means 5 minutes.
	Window time.Duration
	// Observe accepts what would be rejected, and notes it.
	Observe bool
	// IdempotencyHeader names a delivery; one that was accepted within Remember is
	// not accepted again. Empty means the scheme's own, if it has one.
	IdempotencyHeader string
	Remember          time.Duration // zero means 24 hours
	// WaitFor is the rule whose execution's result answers the sender, who waits up to
	// Wait for it; zero means 10 seconds.
	WaitFor automation.Ref
	Wait    time.Duration
}

// The ways to check who sends.
const (
	AuthNone             = "none"
	AuthToken            = "token"
	AuthBasic            = "basic"
	AuthHMAC             = "hmac"
	AuthStandardWebhooks = "standard_webhooks"
	AuthGitHub           = "github"
	AuthGitLab           = "gitlab"
	AuthSlack            = "slack"
	AuthStripe           = "stripe"
	AuthAlertmanager     = "alertmanager"
	AuthMTLS             = "mtls"
)

// AuthKinds lists them.
func AuthKinds() []string {
	return []string{AuthNone, AuthToken, AuthBasic, AuthHMAC, AuthStandardWebhooks, AuthGitHub, AuthGitLab, AuthSlack, AuthStripe, AuthAlertmanager, AuthMTLS}
}

const (
	defaultWindow   = 5 * time.Minute
	defaultRemember = 24 * time.Hour
	defaultWait     = 10 * time.Second
	longestWait     = 60 * time.Second
)

// Check tells what is wrong with the endpoint's settings.
func (e Endpoint) Check() error {
	switch {
	case !slices.Contains(AuthKinds(), e.Auth):
		return automation.Invalid("auth: %q is none of %s", e.Auth, strings.Join(AuthKinds(), ", "))
	case e.Wait < 0 || e.Wait > longestWait:
		return automation.Invalid("answer: a sender waits at most %s", longestWait)
	case e.Window < 0 || e.Remember < 0:
		return automation.Invalid("a window can not be negative")
	}
	if err := e.checkSecrets(); err != nil {
		return err
	}
	switch e.Auth {
	case AuthBasic:
		if e.Username == "" {
			return automation.Invalid("auth basic needs a username")
		}
	case AuthHMAC:
		return e.checkHMAC()
	case AuthMTLS:
		return e.checkSubjects()
	}
	return nil
}

func (e Endpoint) checkSecrets() error {
	without := e.Auth == AuthNone || e.Auth == AuthMTLS
	switch {
	case without && len(e.Secrets) > 0:
		return automation.Invalid("auth %s checks no secrets", e.Auth).WithHint("name the way to check, such as github or token")
	case !without && len(e.Secrets) == 0:
		return automation.Invalid("auth %s needs secrets", e.Auth).WithHint("secrets: [{env: NAME_OF_A_VARIABLE}] or [{file: /path}]")
	case slices.Contains(e.Secrets, ""):
		return automation.Invalid("a secret is empty")
	case e.Auth == AuthStandardWebhooks && slices.ContainsFunc(e.Secrets, noStandardKey):
		return automation.Invalid("a secret of standard_webhooks is whsec_ and base64 after it")
	}
	return nil
}

func (e Endpoint) checkHMAC() error {
	encodings := []string{"hex", "base64"}
	switch {
	case e.Header == "":
		return automation.Invalid("auth hmac needs the header that holds the signature")
	case hashOf(e.algorithm()) == nil:
		return automation.Invalid("algorithm: %q is none of sha1, sha256, sha512%s", e.Algorithm, didYouMean(e.Algorithm, []string{"sha1", "sha256", "sha512"}))
	case e.Encoding != "" && !slices.Contains(encodings, e.Encoding):
		return automation.Invalid("encoding: %q is neither hex nor base64%s", e.Encoding, didYouMean(e.Encoding, encodings))
	}
	return e.checkSigned()
}

func (e Endpoint) algorithm() string { return cmp.Or(e.Algorithm, "sha256") }

// Verify tells whether a delivery may come in: nil, or an error of kind ErrDenied
// whose code says why it may not. It never quotes what was sent.
func (e Endpoint) Verify(d Delivery, now time.Time) error {
	switch e.Auth {
	case AuthNone:
		return nil
	case AuthToken:
		return e.verifyToken(d)
	case AuthBasic:
		return e.verifyBasic(d)
	case AuthAlertmanager:
		if e.Username != "" {
			return e.verifyBasic(d)
		}
		return e.verifyBearer(d)
	case AuthGitLab:
		return e.anySecret(d.Header.Get("X-Gitlab-Token"), "X-Gitlab-Token")
	case AuthGitHub:
		return e.verifySignature(d, "sha256=", signature{"X-Hub-Signature-256", "sha256", "hex", d.Body})
	case AuthHMAC:
		return e.verifyHMAC(d, now)
	case AuthSlack:
		return e.verifySlack(d, now)
	case AuthStripe:
		return e.verifyStripe(d, now)
	case AuthStandardWebhooks:
		return e.verifyStandard(d, now)
	case AuthMTLS:
		return e.verifyMTLS(d)
	}
	return denied("misconfigured", "the webhook's way of checking is not known")
}

// Key is what the sender calls this delivery; empty when it does not say.
func (e Endpoint) Key(h http.Header) string {
	name := e.IdempotencyHeader
	if name == "" {
		name = map[string]string{AuthStandardWebhooks: "Webhook-Id", AuthGitHub: "X-Github-Delivery", AuthGitLab: "X-Gitlab-Event-Uuid"}[e.Auth]
	}
	if name == "" {
		return ""
	}
	const most = 256
	key := h.Get(name)
	if len(key) > most { // two long keys may begin alike
		sum := sha256.Sum256([]byte(key))
		return hex.EncodeToString(sum[:])
	}
	return key
}

// Remembered is how long a delivery's key is kept.
func (e Endpoint) Remembered() time.Duration { return cmp.Or(e.Remember, defaultRemember) }

// Waits is how long a sender waits for the answer of a rule.
func (e Endpoint) Waits() time.Duration { return cmp.Or(e.Wait, defaultWait) }

// SecretHeaders are the headers of a delivery that hold credentials or signatures.
func (e Endpoint) SecretHeaders() []string {
	all := []string{"Authorization", "Cookie", "X-Gitlab-Token", "X-Hub-Signature", "X-Hub-Signature-256", "X-Slack-Signature", "Stripe-Signature", "Webhook-Signature"}
	if e.Header != "" && e.Auth != AuthNone {
		all = append(all, e.Header)
	}
	return all
}

func denied(code, format string, args ...any) error {
	return automation.Denied(format, args...).WithCode(code)
}
