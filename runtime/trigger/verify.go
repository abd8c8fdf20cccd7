package trigger

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // senders that know nothing newer sign with it; HMAC-SHA1 is not broken
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"hash"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Codes of deliveries that are not accepted.
const (
	CodeMissingCredentials = "missing_credentials"
	CodeWrongCredentials   = "wrong_credentials"
	CodeMissingSignature   = "missing_signature"
	CodeWrongSignature     = "wrong_signature"
	CodeStale              = "stale" // signed too long ago, or in the future
	CodeMissingCertificate = "missing_certificate"
	CodeWrongCertificate   = "wrong_certificate"
	CodeUntrustedProxy     = "untrusted_proxy" // named a sender, and may not
)

func hashOf(name string) func() hash.Hash {
	switch name {
	case "sha1":
		return sha1.New
	case "sha256":
		return sha256.New
	case "sha512":
		return sha512.New
	}
	return nil
}

// verifyToken reads the endpoint's header, or a bearer token.
func (e Endpoint) verifyToken(d Delivery) error {
	if e.Header != "" {
		return e.anySecret(d.Header.Get(e.Header), e.Header)
	}
	return e.verifyBearer(d)
}

func (e Endpoint) verifyBearer(d Delivery) error {
	scheme, token, _ := strings.Cut(d.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return denied(CodeMissingCredentials, "the delivery has no bearer token")
	}
	return e.anySecret(strings.TrimSpace(token), "Authorization")
}

func (e Endpoint) verifyBasic(d Delivery) error {
	user, password, ok := (&http.Request{Header: d.Header}).BasicAuth()
	if !ok {
		return denied(CodeMissingCredentials, "the delivery has no user and password")
	}
	right := equal(user, e.Username)
	if err := e.anySecret(password, "Authorization"); err != nil || !right {
		return denied(CodeWrongCredentials, "user or password are wrong")
	}
	return nil
}

// anySecret compares with every secret, so that the time tells nothing.
func (e Endpoint) anySecret(given, header string) error {
	if given == "" {
		return denied(CodeMissingCredentials, "the delivery has no header %s", header)
	}
	found := false
	for _, s := range e.Secrets {
		found = equal(given, s) || found
	}
	if !found {
		return denied(CodeWrongCredentials, "the token in %s is wrong", header)
	}
	return nil
}

func equal(a, b string) bool {
	x, y := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b)) // of equal length, whatever is sent
	return subtle.ConstantTimeCompare(x[:], y[:]) == 1
}

// signature says where signatures stand, how they are made, and over what.
type signature struct {
	header, algorithm, encoding string
	text                        []byte
}

// verifySignature checks one header against the HMAC of a text.
func (e Endpoint) verifySignature(d Delivery, prefix string, sig signature) error {
	given, ok := strings.CutPrefix(d.Header.Get(sig.header), prefix)
	if !ok || given == "" {
		return denied(CodeMissingSignature, "the delivery has no signature in %s", sig.header)
	}
	return e.anySignature([]string{given}, sig, e.Secrets)
}

// by tells whether one of the secrets has made a signature.
func (sig signature) by(given string, secrets []string) bool {
	decoded, err := decodeSignature(given, sig.encoding)
	if err != nil {
		return false
	}
	found := false
	for _, secret := range secrets {
		mac := hmac.New(hashOf(sig.algorithm), []byte(secret))
		mac.Write(sig.text)
		found = hmac.Equal(mac.Sum(nil), decoded) || found
	}
	return found
}

func decodeSignature(s, encoding string) ([]byte, error) {
	if encoding == "base64" {
		return base64.StdEncoding.DecodeString(s)
	}
	return hex.DecodeString(s)
}

// verifySlack follows https://api.slack.com/authentication/verifying-requests-from-slack
func (e Endpoint) verifySlack(d Delivery, now time.Time) error {
	stamp := d.Header.Get("X-Slack-Request-Timestamp")
	if err := e.fresh(stamp, now); err != nil {
		return err
	}
	return e.verifySignature(d, "v0=", signature{"X-Slack-Signature", "sha256", "hex", join("v0:"+stamp, ":", d.Body)})
}

// verifyStripe follows https://docs.stripe.com/webhooks#verify-manually
func (e Endpoint) verifyStripe(d Delivery, now time.Time) error {
	var stamp string
	var signatures []string
	for part := range strings.SplitSeq(d.Header.Get("Stripe-Signature"), ",") {
		switch name, value, _ := strings.Cut(strings.TrimSpace(part), "="); name {
		case "t":
			stamp = value
		case "v1":
			signatures = append(signatures, value)
		}
	}
	if err := e.fresh(stamp, now); err != nil {
		return err
	}
	return e.anySignature(signatures, signature{"Stripe-Signature", "sha256", "hex", join(stamp, ".", d.Body)}, e.Secrets)
}

// verifyStandard follows https://github.com/standard-webhooks/standard-webhooks
func (e Endpoint) verifyStandard(d Delivery, now time.Time) error {
	id, stamp := d.Header.Get("Webhook-Id"), d.Header.Get("Webhook-Timestamp")
	if id == "" {
		return denied(CodeMissingSignature, "the delivery has no header Webhook-Id")
	}
	if err := e.fresh(stamp, now); err != nil {
		return err
	}
	var signatures, secrets []string
	for _, part := range strings.Fields(d.Header.Get("Webhook-Signature")) {
		if version, value, _ := strings.Cut(part, ","); version == "v1" {
			signatures = append(signatures, value)
		}
	}
	for _, s := range e.Secrets {
		if key, err := standardKey(s); err == nil && len(key) > 0 { // anybody can sign with an empty one
			secrets = append(secrets, string(key))
		}
	}
	return e.anySignature(signatures, signature{"Webhook-Signature", "sha256", "base64", join(id+"."+stamp, ".", d.Body)}, secrets)
}

func standardKey(secret string) ([]byte, error) {
	return base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
}

func noStandardKey(secret string) bool {
	key, err := standardKey(secret)
	return err != nil || len(key) == 0
}

// anySignature accepts a delivery one of whose signatures is right: senders send
// several while they replace a secret. A few are enough for that.
func (e Endpoint) anySignature(given []string, sig signature, secrets []string) error {
	const most = 10
	if len(given) == 0 {
		return denied(CodeMissingSignature, "the delivery has no signature in %s", sig.header)
	}
	for _, s := range given[:min(len(given), most)] {
		if sig.by(s, secrets) {
			return nil
		}
	}
	return denied(CodeWrongSignature, "the signature in %s is wrong", sig.header)
}

// fresh checks when the sender signed, so that a delivery that somebody overheard
// can not be sent again later.
func (e Endpoint) fresh(stamp string, now time.Time) error {
	if stamp == "" {
		return denied(CodeMissingSignature, "the delivery does not say when it was signed")
	}
	seconds, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil {
		return denied(CodeWrongSignature, "the time of the signature is not a number of seconds")
	}
	window := cmp.Or(e.Window, defaultWindow)
	at := time.Unix(seconds, 0)
	if at.Before(now.Add(-window)) || at.After(now.Add(window)) {
		return denied(CodeStale, "the delivery was signed more than %s before or after now", window)
	}
	return nil
}

func join(head, between string, body []byte) []byte {
	return append([]byte(head+between), body...)
}
