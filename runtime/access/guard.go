// Package access decides who may come in: API tokens, browser sessions and
// one-time login links. Secrets are kept as hashes only.
package access

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"sync"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/store"
)

// SessionLife is how long a browser stays logged in.
const SessionLife = 12 * time.Hour

// LoginCodeLife is how long a one-time login link works.
const LoginCodeLife = time.Hour

// In a LoginWindow maxFailures logins may fail; further ones are told
// CodeTooManyLogins.
const (
	LoginWindow       = time.Minute
	CodeTooManyLogins = "too_many_logins"
	maxFailures       = 10
)

// RoleAdmin may do everything.
const RoleAdmin = "admin"

// adminUser is who holds the first token.
const adminUser = "admin"

// Identity is who is asking.
type Identity struct {
	User string `json:"user"`
	Role string `json:"role"`
	// Token is the name of the token that vouches for them; empty for a session.
	Token string `json:"token,omitempty"`
}

// Guard checks credentials. Create it with New; safe for concurrent use.
type Guard struct {
	credentials store.Credentials
	now         func() time.Time

	mu       sync.Mutex // guards all below
	codes    map[string]time.Time
	failures []time.Time // of logins, the latest maxFailures, oldest first
}

// New makes a guard over stored credentials. now may be nil.
func New(credentials store.Credentials, now func() time.Time) *Guard {
	if now == nil {
		now = time.Now
	}
	return &Guard{credentials: credentials, now: now, codes: map[string]time.Time{}}
}

// EnsureAdmin makes the first API token when there is none yet. It returns the
// token's text, or "" when a token exists already. Keep is given the text before
// the token is valid: only its hash is stored, so a token that was not kept would
// shut everybody out.
func (g *Guard) EnsureAdmin(ctx context.Context, keep func(text string) error) (string, error) {
	tokens, err := g.credentials.Tokens(ctx)
	if err != nil || len(tokens) > 0 {
		return "", err
	}
	text := "squall_" + secret()
	if err := keep(text); err != nil {
		return "", err
	}
	t := store.Token{Hash: hash(text), Name: "first start", User: adminUser, Role: RoleAdmin, CreatedAt: g.now()}
	return text, g.credentials.PutToken(ctx, t, created(t))
}

// created is the record of a token that the server made by itself.
func created(t store.Token) automation.AuditRecord {
	return automation.AuditRecord{
		At: t.CreatedAt, Via: "server", Verb: "create", Kind: "token", ID: t.Name, Outcome: automation.AuditOK,
		Detail: map[string]string{"user": t.User, "role": t.Role},
	}
}

// NewLoginCode makes a code that logs one browser in, once, within
// LoginCodeLife. Codes do not survive a restart.
func (g *Guard) NewLoginCode() string {
	code := secret()
	g.mu.Lock()
	defer g.mu.Unlock()
	for old, until := range g.codes {
		if g.now().After(until) {
			delete(g.codes, old)
		}
	}
	g.codes[hash(code)] = g.now().Add(LoginCodeLife)
	return code
}

// Token finds out who holds an API token.
func (g *Guard) Token(ctx context.Context, text string) (Identity, error) {
	t, err := g.credentials.Token(ctx, hash(text))
	if errors.Is(err, automation.ErrNotFound) {
		return Identity{}, denied("this token is not known")
	}
	if err != nil {
		return Identity{}, err
	}
	return Identity{User: t.User, Role: t.Role, Token: t.Name}, nil
}

// Session finds out who holds a session cookie.
func (g *Guard) Session(ctx context.Context, cookie string) (Identity, error) {
	s, err := g.credentials.Session(ctx, hash(cookie), g.now())
	if errors.Is(err, automation.ErrNotFound) {
		return Identity{}, denied("the session has ended")
	}
	if err != nil {
		return Identity{}, err
	}
	return Identity{User: s.User, Role: s.Role}, nil
}

// LoginWithCode spends a one-time code and opens a session, whose cookie text it
// returns.
func (g *Guard) LoginWithCode(ctx context.Context, code string) (cookie string, who Identity, err error) {
	if !g.spend(hash(code)) {
		return "", Identity{}, g.failed(denied("this login link was used already or has expired"))
	}
	return g.open(ctx, Identity{User: adminUser, Role: RoleAdmin})
}

// LoginWithToken opens a session for the holder of an API token.
func (g *Guard) LoginWithToken(ctx context.Context, token string) (cookie string, who Identity, err error) {
	who, err = g.Token(ctx, token)
	if errors.Is(err, automation.ErrDenied) {
		err = g.failed(err)
	}
	if err != nil {
		return "", Identity{}, err
	}
	return g.open(ctx, who)
}

// Logout ends a session; one that is unknown is no error.
func (g *Guard) Logout(ctx context.Context, cookie string) error {
	return g.credentials.DeleteSession(ctx, hash(cookie))
}

func (g *Guard) spend(codeHash string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	until, ok := g.codes[codeHash]
	delete(g.codes, codeHash)
	return ok && g.now().Before(until)
}

// failed notes a login that failed, and answers with err or, when there were too
// many in a LoginWindow, with one that says so. What is right is let in all the
// same: secrets have 256 bits, so that nobody guesses them, and a lock-out would be
// a means to keep the operator out.
func (g *Guard) failed(err error) error {
	now := g.now()
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.failures) == maxFailures && now.Sub(g.failures[0]) < LoginWindow {
		return automation.Unavailable("too many logins have failed").WithCode(CodeTooManyLogins).
			WithHint("wait a minute; the server prints a fresh login link when it starts")
	}
	if len(g.failures) == maxFailures {
		g.failures = g.failures[1:]
	}
	g.failures = append(g.failures, now)
	return err
}

func (g *Guard) open(ctx context.Context, who Identity) (string, Identity, error) {
	cookie := secret()
	now := g.now()
	err := g.credentials.PutSession(ctx, store.Session{
		Hash: hash(cookie), User: who.User, Role: who.Role, CreatedAt: now, ExpiresAt: now.Add(SessionLife),
	})
	return cookie, who, err
}

func denied(message string) error {
	return automation.Denied("%s", message).WithCode("invalid_login").
		WithHint("the server prints a fresh login link when it starts; the API token stands in admin.token in its data directory")
}

// secret is 256 random bits; hashing it once is enough, there is nothing to guess.
func secret() string {
	var b [32]byte
	_, _ = rand.Read(b[:]) // never fails since Go 1.24
	return hex.EncodeToString(b[:])
}

// hash is what is stored and looked up. A look-up by hash leaks no timing about
// the secret itself.
func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}
