package vault_test

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/vault"
)

// shelf keeps marks as a store does, and refuses when it is told to.
type shelf struct {
	mu     sync.Mutex
	marks  map[string]automation.Mark
	broken bool
}

func newShelf() *shelf { return &shelf{marks: map[string]automation.Mark{}} }

func (s *shelf) Marks(context.Context, string) ([]automation.Mark, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []automation.Mark
	for _, m := range s.marks {
		all = append(all, m)
	}
	return all, nil
}

func (s *shelf) PutMarks(_ context.Context, marks []automation.Mark) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.broken {
		return errors.New("disk full")
	}
	for _, m := range marks {
		s.marks[m.Key] = m
	}
	return nil
}

func (s *shelf) text() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var b strings.Builder
	for _, m := range s.marks {
		b.Write(m.Value)
	}
	return b.String()
}

func open(t *testing.T, s *shelf, dir string, change func(*vault.Options)) *vault.Vault {
	t.Helper()
	o := vault.Options{Store: s, KeyFile: filepath.Join(dir, "secret.key"), Environ: func() []string { return nil }}
	if change != nil {
		change(&o)
	}
	v, err := vault.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func want(t *testing.T, v *vault.Vault, name, value string) {
	t.Helper()
	if got, there := v.Secret(name); got != value || there != (value != "") {
		t.Errorf("%s is %q (%v), want %q", name, got, there, value)
	}
}

func TestSecretsAreSealedAndOutliveARestart(t *testing.T) {
	t.Parallel()
	s, dir := newShelf(), t.TempDir()
	v := open(t, s, dir, nil)
	d, err := v.Set(t.Context(), "slack", "https://hooks/T0/xyz", "ada")
	if err != nil || d.Source != automation.SecretStored || d.By != "ada" || d.Created == nil {
		t.Fatalf("%+v, %v", d, err)
	}
	if strings.Contains(s.text(), "hooks") || strings.Contains(s.text(), base64.StdEncoding.EncodeToString([]byte("https://hooks"))[:12]) {
		t.Errorf("the store has the value: %s", s.text())
	}
	info, err := os.Stat(filepath.Join(dir, "secret.key"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("key file: %v, %v", info.Mode(), err)
	}
	v = open(t, s, dir, nil)
	want(t, v, "slack", "https://hooks/T0/xyz")
	if err := v.Delete(t.Context(), "slack"); err != nil {
		t.Fatal(err)
	}
	want(t, v, "slack", "")
	want(t, open(t, s, dir, nil), "slack", "")
	if err := v.Delete(t.Context(), "slack"); automation.KindOf(err) != "not_found" {
		t.Errorf("deleted twice: %v", err)
	}
	s.broken = true
	if _, err := v.Set(t.Context(), "x", "not kept", "ada"); err == nil {
		t.Error("what could not be stored was accepted")
	}
	want(t, v, "x", "")
}

func TestBadSecretsAreRefused(t *testing.T) {
	t.Parallel()
	v := open(t, newShelf(), t.TempDir(), nil)
	for name, value := range map[string]string{"": "x", "a/b": "x", "1a": "x", strings.Repeat("a", 129): "x", "empty": "", "large": strings.Repeat("x", 65<<10)} {
		if _, err := v.Set(t.Context(), name, value, "ada"); automation.KindOf(err) != "invalid" {
			t.Errorf("%q: %v", name, err)
		}
	}
}

func TestRotationSealsAllAnew(t *testing.T) {
	t.Parallel()
	s, dir := newShelf(), t.TempDir()
	v := open(t, s, dir, nil)
	for _, name := range []string{"a", "b"} {
		if _, err := v.Set(t.Context(), name, "value of "+name, "ada"); err != nil {
			t.Fatal(err)
		}
	}
	file := filepath.Join(dir, "secret.key")
	old, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	s.broken = true
	if _, err := v.Rotate(t.Context(), nil); err == nil {
		t.Error("nothing could be stored, and nobody said so")
	}
	s.broken = false
	want(t, open(t, s, dir, nil), "a", "value of a") // both keys are there
	n, err := v.Rotate(t.Context(), nil)
	if err != nil || n != 2 {
		t.Fatalf("%d, %v", n, err)
	}
	now, err := os.ReadFile(file)
	if err != nil || strings.Contains(string(now), strings.TrimSpace(string(old))) || strings.Count(string(now), "\n") != 1 {
		t.Errorf("the key file still has the old key: %v", err)
	}
	v = open(t, s, dir, nil)
	want(t, v, "a", "value of a")
	want(t, v, "b", "value of b")

	if err := os.WriteFile(file, old, 0o600); err != nil {
		t.Fatal(err)
	}
	v = open(t, s, dir, nil)
	want(t, v, "a", "")
	if list := v.List(); len(list) != 2 || list[0].Error == "" {
		t.Errorf("with the old key alone: %+v", list)
	}
	if _, err := v.Rotate(t.Context(), nil); automation.KindOf(err) != "conflict" {
		t.Errorf("rotated what can not be opened: %v", err)
	}
}

func TestASealedValueIsBoundToItsName(t *testing.T) {
	t.Parallel()
	s, dir := newShelf(), t.TempDir()
	v := open(t, s, dir, nil)
	if _, err := v.Set(t.Context(), "public", "harmless", "ada"); err != nil {
		t.Fatal(err)
	}
	if _, err := v.Set(t.Context(), "root", "dangerous", "ada"); err != nil {
		t.Fatal(err)
	}
	s.marks["public"] = automation.Mark{Source: "secret", Key: "public", Value: s.marks["root"].Value}
	want(t, open(t, s, dir, nil), "public", "")
}

func TestKeysFromTheEnvironment(t *testing.T) {
	t.Parallel()
	s := newShelf()
	one, two := base64.StdEncoding.EncodeToString(make([]byte, 32)), base64.StdEncoding.EncodeToString([]byte(strings.Repeat("k", 32)))
	with := func(keys string) *vault.Vault {
		return open(t, s, "/nowhere", func(o *vault.Options) { o.Keys = keys })
	}
	if _, err := with(one).Set(t.Context(), "a", "the value", "ada"); err != nil {
		t.Fatal(err)
	}
	want(t, with(two+","+one), "a", "the value")
	want(t, with(two), "a", "")
	if _, err := with(one).Rotate(t.Context(), nil); automation.KindOf(err) != "conflict" {
		t.Errorf("without a new key: %v", err)
	}
	if n, err := with(two+","+one).Rotate(t.Context(), nil); err != nil || n != 1 {
		t.Fatalf("rotated: %d, %v", n, err)
	}
	want(t, with(two), "a", "the value")
	for _, bad := range []string{"nonsense!", base64.StdEncoding.EncodeToString([]byte("short"))} {
		if _, err := vault.Open(t.Context(), vault.Options{Store: s, Keys: bad}); automation.KindOf(err) != "invalid" {
			t.Errorf("%s: %v", bad, err)
		}
	}
}

func TestOthersMustNotReadTheKey(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	open(t, newShelf(), dir, nil)
	if err := os.Chmod(filepath.Join(dir, "secret.key"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := vault.Open(t.Context(), vault.Options{Store: newShelf(), KeyFile: filepath.Join(dir, "secret.key")}); automation.KindOf(err) != "invalid" {
		t.Errorf("err = %v", err)
	}
}

// A mount wins over the environment, and that over the store; a mount that changes is
// read again.
func TestSecretsFromOutside(t *testing.T) {
	t.Parallel()
	mounts := t.TempDir()
	put := func(name, value string) {
		if err := os.WriteFile(filepath.Join(mounts, name), []byte(value), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put("token", "from the mount\n")
	put("..data", "what Kubernetes keeps beside")
	now := time.Now()
	v := open(t, newShelf(), t.TempDir(), func(o *vault.Options) {
		o.Mounts, o.Now = mounts, func() time.Time { return now }
		o.Environ = func() []string {
			return []string{"SQUALL_SECRET_VALUE_TOKEN=from the environment", "SQUALL_SECRET_VALUE_OTHER=other value", "HOME=/"}
		}
	})
	if _, err := v.Set(t.Context(), "token", "from the store", "ada"); err != nil {
		t.Fatal(err)
	}
	want(t, v, "token", "from the mount")
	want(t, v, "other", "other value")
	want(t, v, "home", "")
	list := v.List()
	if len(list) != 3 || list[0].ShadowedBy != automation.SecretMount {
		t.Errorf("%+v", list)
	}
	if text := v.ScrubText("from the store, from the mount"); text != "********, ********" {
		t.Errorf("a shadowed value is a value: %s", text)
	}
	put("token", "another one")
	want(t, v, "token", "from the mount")
	now = now.Add(3 * time.Second)
	want(t, v, "token", "another one")
}

func TestEveryWritingOfAValueIsTakenOut(t *testing.T) {
	t.Parallel()
	const value = `p@ss/w"ord+ü?&x`
	v := open(t, newShelf(), t.TempDir(), nil)
	if _, err := v.Set(t.Context(), "a", value, "ada"); err != nil {
		t.Fatal(err)
	}
	quoted, err := json.Marshal(map[string]string{"k": value})
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"raw": value, "twice": value + value, "JSON": string(quoted), "query": url.QueryEscape(value), "path": url.PathEscape(value),
		"hex": hex.EncodeToString([]byte(value)), "base64": base64.StdEncoding.EncodeToString([]byte(value)),
		"base64 for URLs": base64.URLEncoding.EncodeToString([]byte(value)),
		"basic auth":      base64.StdEncoding.EncodeToString([]byte("user:" + value)),
		"in base64, one":  base64.StdEncoding.EncodeToString([]byte("x" + value + "yz")),
		"in base64, two":  base64.StdEncoding.EncodeToString([]byte("xy" + value + "z")),
	} {
		clean := v.ScrubText("before " + text + " after")
		if !strings.Contains(clean, vault.Mask) || !strings.HasPrefix(clean, "before ") || !strings.HasSuffix(clean, " after") {
			t.Errorf("%s: %s", name, clean)
		}
		for _, leak := range []string{value, url.QueryEscape(value), base64.StdEncoding.EncodeToString([]byte(value))[4:16]} {
			if strings.Contains(clean, leak) {
				t.Errorf("%s: %s still has %s", name, clean, leak)
			}
		}
	}
	if text := "nothing to see here"; v.ScrubText(text) != text {
		t.Error("ordinary text was changed")
	}
	if d, err := v.Set(t.Context(), "pin", "1234", "ada"); err != nil || !d.Short {
		t.Errorf("a short value: %+v, %v", d, err)
	}
	if got := v.ScrubText("in 1234 ways"); got != "in 1234 ways" {
		t.Errorf("a short value was taken out of ordinary text: %s", got)
	}
}

// Values that lie elsewhere are sealed with the same keys, and bound to their names.
func TestValuesThatLieElsewhere(t *testing.T) {
	t.Parallel()
	s, dir := newShelf(), t.TempDir()
	v := open(t, s, dir, nil)
	text := v.Seal("kv/token", "the s3cret value")
	if strings.Contains(text, "s3cret") || v.ScrubText("it is the s3cret value!") != "it is ********!" {
		t.Errorf("sealed: %s; said: %s", text, v.ScrubText("it is the s3cret value!"))
	}
	if _, err := v.Unseal("kv/other", text); automation.KindOf(err) != "conflict" {
		t.Errorf("under another name: %v", err)
	}
	for _, bad := range []string{"", "nonsense", "00:AAAA", text[:len(text)-8]} {
		if _, err := v.Unseal("kv/token", bad); automation.KindOf(err) != "conflict" {
			t.Errorf("%q: %v", bad, err)
		}
	}
	n, err := v.Rotate(t.Context(), func(_ context.Context, reseal vault.Reseal) (int, error) {
		before := text
		var err error
		if text, err = reseal("kv/token", text); text == before {
			t.Error("it is the same as before")
		}
		return 1, err
	})
	if err != nil || n != 1 {
		t.Fatalf("rotated %d, %v", n, err)
	}
	again := open(t, s, dir, nil)
	if value, err := again.Unseal("kv/token", text); err != nil || value != "the s3cret value" {
		t.Errorf("after the rotation and a restart: %q, %v", value, err)
	}
	if again.ScrubText("the s3cret value") != "********" {
		t.Error("what was opened is not looked for")
	}
	again.Forget("kv/token")
	if again.ScrubText("the s3cret value") == "********" {
		t.Error("what was forgotten is still looked for")
	}
	if _, err := again.Rotate(t.Context(), func(context.Context, vault.Reseal) (int, error) { return 0, errors.New("the store is full") }); err == nil {
		t.Error("a rotation that could not seal everything succeeded")
	}
	if value, err := open(t, s, dir, nil).Unseal("kv/token", text); err != nil || value != "the s3cret value" {
		t.Errorf("after a rotation that failed: %q, %v", value, err)
	}
}
