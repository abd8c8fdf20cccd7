package config

import (
	"os"
	"strings"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
)

// Webhook says how deliveries to one path are checked. A path without an entry is
// open to everybody, unless webhooks_default says otherwise.
type Webhook struct {
	// Auth is one of the kinds in [WebhookAuths].
	Auth string `yaml:"auth"`
	// Header, Prefix, Algorithm, Encoding, TimestampHeader and Signed describe hmac;
	// Header also names where a token stands that is no bearer token.
	Header          string `yaml:"header"`
	Prefix          string `yaml:"prefix"`
	Algorithm       string `yaml:"algorithm"`
	Encoding        string `yaml:"encoding"`
	TimestampHeader string `yaml:"timestamp_header"`
	Signed          string `yaml:"signed"`
	Username        string `yaml:"username"`
	// Subjects of client certificates, for mtls.
	Subjects []string `yaml:"subjects"`
	// Secrets are all valid at once, so that one can be replaced by the next.
	Secrets []Secret `yaml:"secrets"`
	// ReplayWindow is how far a signed time may be from now: 5m.
	ReplayWindow time.Duration `yaml:"replay_window"`
	// Mode is strict or observe; an observing webhook accepts what it would reject,
	// and notes it.
	Mode string `yaml:"mode"`
	// IdempotencyHeader names a delivery, which is accepted once in
	// IdempotencyWindow: 24h.
	IdempotencyHeader string        `yaml:"idempotency_header"`
	IdempotencyWindow time.Duration `yaml:"idempotency_window"`
	// Answer makes the sender wait for what came of the delivery.
	Answer WebhookAnswer `yaml:"answer"`
}

// WebhookAnswer names the rule whose execution's result is the answer, and how long
// the sender waits for it: 10s. Without a rule the answer is that the event is stored.
type WebhookAnswer struct {
	WaitFor string        `yaml:"wait_for"`
	Timeout time.Duration `yaml:"timeout"`
}

// Secret is where a secret stands: an environment variable or a file. The
// configuration itself holds none, because it is read by many.
type Secret struct {
	Env  string `yaml:"env"`
	File string `yaml:"file"`
	// Name stands in the files of packs only: pack_secrets says where it is.
	Name string `yaml:"-"`
}

// Read returns the secret, without a line feed at its end.
func (s Secret) Read() (string, error) {
	switch {
	case (s.Env == "") == (s.File == ""):
		return "", automation.Invalid("a secret names either env or file")
	case s.Env != "":
		v, ok := os.LookupEnv(s.Env)
		if !ok || v == "" {
			return "", automation.Invalid("the environment variable %s is not set", s.Env)
		}
		return v, nil
	}
	data, err := os.ReadFile(s.File)
	if err != nil {
		return "", automation.Invalid("the secret in %s can not be read", s.File).Because(err)
	}
	text := strings.TrimRight(string(data), "\r\n")
	if text == "" {
		return "", automation.Invalid("the secret in %s is empty", s.File)
	}
	return text, nil
}

// The values of webhooks_default: what becomes of a path without an entry.
const (
	WebhooksOpen     = "open"
	WebhooksDeclared = "declared" // only paths with an entry are accepted
)
