package storetest

import (
	"testing"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/store"
)

func testCredentials(t *testing.T, open func(*testing.T) store.Store) {
	cases{
		{"tokens are found by hash and listed oldest first", credentialsTokens},
		{"a token can be put again", credentialsTokenAgain},
		{"a session lives until it expires", credentialsSession},
		{"a session can be ended, also twice", credentialsEnd},
	}.run(t, open)
}

func credentialsTokens(t *testing.T, b *bench) {
	_, err := b.Token(t.Context(), hash(1))
	wantKind(t, err, automation.ErrNotFound)
	var want []store.Token
	for i := range 3 {
		token := store.Token{Hash: hash(9 - i), Name: strange, User: "ada", Role: "admin", CreatedAt: b.pass(time.Second)}
		must(t, b.PutToken(t.Context(), token))
		want = append(want, token)
	}
	got, err := b.Token(t.Context(), hash(8))
	must(t, err)
	same(t, "token", got, want[1])
	list, err := b.Tokens(t.Context())
	must(t, err)
	same(t, "tokens", list, want)
}

func credentialsTokenAgain(t *testing.T, b *bench) {
	token := store.Token{Hash: hash(1), Name: "first", User: "ada", Role: "admin", CreatedAt: b.time()}
	must(t, b.PutToken(t.Context(), token))
	token.Name = "second"
	must(t, b.PutToken(t.Context(), token))
	list, err := b.Tokens(t.Context())
	must(t, err)
	same(t, "tokens", list, []store.Token{token})
}

func (b *bench) session(n int) store.Session {
	return store.Session{Hash: hash(n), User: "ada", Role: "admin", CreatedAt: b.time(), ExpiresAt: b.time().Add(time.Hour)}
}

func credentialsSession(t *testing.T, b *bench) {
	s := b.session(1)
	must(t, b.PutSession(t.Context(), s))
	got, err := b.Session(t.Context(), s.Hash, s.ExpiresAt.Add(-1))
	must(t, err)
	same(t, "session", got, s)
	_, err = b.Session(t.Context(), s.Hash, s.ExpiresAt)
	wantKind(t, err, automation.ErrNotFound)
	_, err = b.Session(t.Context(), hash(2), b.time())
	wantKind(t, err, automation.ErrNotFound)
}

func credentialsEnd(t *testing.T, b *bench) {
	s, other := b.session(1), b.session(2)
	must(t, b.PutSession(t.Context(), s))
	must(t, b.PutSession(t.Context(), other))
	must(t, b.DeleteSession(t.Context(), s.Hash))
	must(t, b.DeleteSession(t.Context(), s.Hash))
	_, err := b.Session(t.Context(), s.Hash, b.time())
	wantKind(t, err, automation.ErrNotFound)
	_, err = b.Session(t.Context(), other.Hash, b.time())
	must(t, err)
}
