package access

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/store"
)

// memory keeps credentials in maps.
type memory struct {
	mu       sync.Mutex
	tokens   map[string]store.Token
	sessions map[string]store.Session
}

func newMemory() *memory {
	return &memory{tokens: map[string]store.Token{}, sessions: map[string]store.Session{}}
}

func (m *memory) PutToken(_ context.Context, t store.Token, _ ...automation.AuditRecord) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.tokens[t.Hash] = t
	return nil
}

func (m *memory) Token(_ context.Context, hash string) (store.Token, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if t, ok := m.tokens[hash]; ok {
		return t, nil
	}
	return store.Token{}, automation.NotFound("no such token")
}

func (m *memory) Tokens(context.Context) ([]store.Token, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []store.Token
	for _, t := range m.tokens {
		out = append(out, t)
	}
	return out, nil
}

func (m *memory) PutSession(_ context.Context, s store.Session) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.sessions[s.Hash] = s
	return nil
}

func (m *memory) Session(_ context.Context, hash string, at time.Time) (store.Session, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if s, ok := m.sessions[hash]; ok && at.Before(s.ExpiresAt) {
		return s, nil
	}
	return store.Session{}, automation.NotFound("no such session")
}

func (m *memory) DeleteSession(_ context.Context, hash string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.sessions, hash)
	return nil
}

func TestFirstStartMakesOneTokenOnly(t *testing.T) {
	t.Parallel()
	m := newMemory()
	g := New(m, nil)
	token, err := g.EnsureAdmin(t.Context(), kept)
	if err != nil || token == "" {
		t.Fatalf("first start: %q, %v", token, err)
	}
	if again, err := g.EnsureAdmin(t.Context(), kept); err != nil || again != "" {
		t.Errorf("second start made a token again: %q, %v", again, err)
	}
	who, err := g.Token(t.Context(), token)
	if err != nil || who.Role != RoleAdmin {
		t.Errorf("token holder = %+v, %v", who, err)
	}
	for hash := range m.tokens {
		if strings.Contains(token, hash) || hash == token {
			t.Error("the store holds the token itself")
		}
	}
	if _, err := g.Token(t.Context(), token+"x"); !errors.Is(err, automation.ErrDenied) {
		t.Errorf("wrong token: %v, want denied", err)
	}
}

func TestLoginCodeWorksOnce(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_700_000_000, 0)
	g := New(newMemory(), func() time.Time { return now })
	code := g.NewLoginCode()
	cookie, who, err := g.LoginWithCode(t.Context(), code)
	if err != nil || who.Role != RoleAdmin {
		t.Fatalf("first use: %+v, %v", who, err)
	}
	if _, _, err := g.LoginWithCode(t.Context(), code); !errors.Is(err, automation.ErrDenied) {
		t.Errorf("second use: %v, want denied", err)
	}
	if _, err := g.Session(t.Context(), cookie); err != nil {
		t.Errorf("session: %v", err)
	}
	now = now.Add(SessionLife)
	if _, err := g.Session(t.Context(), cookie); !errors.Is(err, automation.ErrDenied) {
		t.Errorf("expired session: %v, want denied", err)
	}
	late := g.NewLoginCode()
	now = now.Add(LoginCodeLife)
	if _, _, err := g.LoginWithCode(t.Context(), late); !errors.Is(err, automation.ErrDenied) {
		t.Errorf("expired code: %v, want denied", err)
	}
}

func TestLogoutEndsTheSession(t *testing.T) {
	t.Parallel()
	g := New(newMemory(), nil)
	token, err := g.EnsureAdmin(t.Context(), kept)
	if err != nil {
		t.Fatal(err)
	}
	cookie, _, err := g.LoginWithToken(t.Context(), token)
	if err != nil {
		t.Fatal(err)
	}
	if err := g.Logout(t.Context(), cookie); err != nil {
		t.Fatal(err)
	}
	if _, err := g.Session(t.Context(), cookie); !errors.Is(err, automation.ErrDenied) {
		t.Errorf("after logout: %v, want denied", err)
	}
}

func TestFailuresAreLimitedAndTheRightSecretIsNot(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_700_000_000, 0)
	g := New(newMemory(), func() time.Time { return now })
	token, err := g.EnsureAdmin(t.Context(), kept)
	if err != nil {
		t.Fatal(err)
	}
	fail := func() error { _, _, err := g.LoginWithCode(t.Context(), "wrong"); return err }
	for range maxFailures {
		if err := fail(); !errors.Is(err, automation.ErrDenied) {
			t.Fatalf("err = %v, want denied", err)
		}
		now = now.Add(time.Second)
	}
	if err := fail(); !errors.Is(err, automation.ErrUnavailable) {
		t.Errorf("one too many: %v, want unavailable", err)
	}
	if _, _, err := g.LoginWithToken(t.Context(), "wrong"); !errors.Is(err, automation.ErrUnavailable) {
		t.Errorf("one too many, with a token: %v, want unavailable", err)
	}
	if _, _, err := g.LoginWithToken(t.Context(), token); err != nil {
		t.Errorf("the right token: %v", err)
	}
	now = now.Add(LoginWindow - maxFailures*time.Second) // the first failure is a window old
	if err := fail(); !errors.Is(err, automation.ErrDenied) {
		t.Errorf("after a minute: %v, want denied", err)
	}
	if err := fail(); !errors.Is(err, automation.ErrUnavailable) {
		t.Errorf("the window slides: %v, want unavailable", err)
	}
}

func kept(string) error { return nil }

func TestATokenThatWasNotKeptIsNotValid(t *testing.T) {
	t.Parallel()
	m := newMemory()
	g := New(m, nil)
	full := errors.New("disk full")
	if _, err := g.EnsureAdmin(t.Context(), func(string) error { return full }); !errors.Is(err, full) || len(m.tokens) != 0 {
		t.Errorf("%v, tokens %v", err, m.tokens)
	}
	if token, err := g.EnsureAdmin(t.Context(), kept); err != nil || token == "" {
		t.Errorf("the next start: %q, %v", token, err)
	}
}
