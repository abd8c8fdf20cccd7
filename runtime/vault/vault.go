// Package vault keeps secrets: values that packs use and do not see. They lie
// encrypted in the store, or come from mounted files or the environment, and guests
// get a handle that the host replaces just before a request leaves. The vault also
// knows how to take every known value out of what is said.
//
// What it does not promise: whoever has the key file and the database has the values,
// and a guest whose pack may reveal a secret has that one.
package vault

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/disk"
)

// store remembers sealed values, as marks of one source.
type store interface {
	Marks(ctx context.Context, source string) ([]automation.Mark, error)
	PutMarks(ctx context.Context, marks []automation.Mark) error
}

// Options are what a vault is made of.
type Options struct {
	Store store // required
	// Keys are keys in base64, the first of which seals; else KeyFile has them, and is
	// made when it is not there.
	Keys, KeyFile string
	// Mounts is a directory with a secret in each file; empty for none.
	Mounts string
	// Environ gives the environment; nil means os.Environ.
	Environ func() []string
	Now     func() time.Time
	Logger  *slog.Logger
	Disk    disk.Layer // nil but in a torture
}

const (
	source = "secret"
	// envPrefix begins the names of environment variables that are secrets.
	envPrefix = "SQUALL_SECRET_VALUE_"
	maxValue  = 64 << 10
	// lookEvery is how often mounted files are looked at.
	lookEvery = 2 * time.Second
)

// Vault is safe for concurrent use.
type Vault struct {
	o Options

	mu      sync.Mutex // guards the fields below, and writing
	keys    []key
	sealed  map[string]sealed
	learned map[string]string // by the name that it was sealed under, see [Vault.Seal]
	looked  time.Time

	now atomic.Pointer[known]
}

// sealed is a stored secret.
type sealed struct {
	Key     string    `json:"key"`
	Value   []byte    `json:"value"`
	Created time.Time `json:"created"`
	Updated time.Time `json:"updated"`
	By      string    `json:"by"`
}

// known is what the vault has at one moment. It never changes.
type known struct {
	values map[string]string
	list   []automation.Secret
	scrub  *scrubber
}

// Open reads keys and stored secrets.
func Open(ctx context.Context, o Options) (*Vault, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Environ == nil {
		o.Environ = os.Environ
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	v := &Vault{o: o, sealed: map[string]sealed{}, learned: map[string]string{}}
	var err error
	if o.Keys != "" {
		v.keys, err = parseKeys(o.Keys)
	} else {
		v.keys, err = o.readKeyFile()
	}
	if err != nil {
		return nil, err
	}
	marks, err := o.Store.Marks(ctx, source)
	if err != nil {
		return nil, fmt.Errorf("read the secrets: %w", err)
	}
	for _, m := range marks {
		var s *sealed
		if err := json.Unmarshal(m.Value, &s); err != nil {
			return nil, fmt.Errorf("read secret %s: %w", m.Key, err)
		}
		if s != nil {
			v.sealed[m.Key] = *s
		}
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.renewLocked()
	return v, nil
}

func nameForm() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_.-]{0,127}$`) }

// Set keeps a value under a name.
func (v *Vault) Set(ctx context.Context, name, value, by string) (automation.Secret, error) {
	if !nameForm().MatchString(name) {
		return automation.Secret{}, automation.Invalid("%q can not name a secret", name).WithHint("letters, digits, _ . and -, beginning with a letter")
	}
	if value == "" || len(value) > maxValue {
		return automation.Secret{}, automation.Invalid("the value has %d bytes; it may have 1 to %d", len(value), maxValue)
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	now := v.o.Now().UTC()
	s := sealed{Key: v.keys[0].id, Value: v.keys[0].seal(name, value), Created: now, Updated: now, By: by}
	if old, there := v.sealed[name]; there {
		s.Created = old.Created
	}
	if err := v.put(ctx, map[string]*sealed{name: &s}); err != nil {
		return automation.Secret{}, err
	}
	v.sealed[name] = s
	v.renewLocked()
	return v.described(name), nil
}

// Delete forgets a stored secret.
func (v *Vault) Delete(ctx context.Context, name string) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	if _, there := v.sealed[name]; !there {
		return automation.NotFound("there is no stored secret %s", name).WithCode("unknown_secret").WithHint("list them: squall secret list")
	}
	if err := v.put(ctx, map[string]*sealed{name: nil}); err != nil {
		return err
	}
	delete(v.sealed, name)
	v.renewLocked()
	return nil
}

func (v *Vault) put(ctx context.Context, all map[string]*sealed) error {
	var marks []automation.Mark
	for _, name := range slices.Sorted(maps.Keys(all)) {
		value, err := json.Marshal(all[name])
		if err != nil {
			return fmt.Errorf("store secret %s: %w", name, err)
		}
		marks = append(marks, automation.Mark{Source: source, Key: name, Value: value, At: v.o.Now()})
	}
	if err := v.o.Store.PutMarks(ctx, marks); err != nil {
		return fmt.Errorf("store secrets: %w", err)
	}
	return nil
}

// Rotate makes a new key and seals every stored value with it, and so does also, which
// may be nil, with what lies elsewhere. The key file has both keys until all is sealed
// anew: a server that dies in between opens all of them. Where the keys come from the
// environment the first of several is the new one.
func (v *Vault) Rotate(ctx context.Context, also others) (sealedAnew int, err error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if err := v.newKeyLocked(); err != nil {
		return 0, err
	}
	fresh := v.keys[0]
	anew := map[string]*sealed{}
	for name, s := range v.sealed {
		value, err := v.openLocked(name, s)
		if err != nil {
			return 0, automation.Conflict("secret %s can not be opened, so nothing was sealed anew", name).
				WithHint("bring its key back, or delete it: squall secret delete %s", name)
		}
		s.Key, s.Value = fresh.id, fresh.seal(name, value)
		anew[name] = &s
	}
	if err := v.put(ctx, anew); err != nil {
		return 0, err
	}
	for name, s := range anew {
		v.sealed[name] = *s
	}
	sealedAnew = len(anew)
	if also != nil {
		n, err := also(ctx, v.resealLocked)
		if err != nil {
			return 0, fmt.Errorf("seal anew: %w", err)
		}
		sealedAnew += n
	}
	v.renewLocked()
	if v.o.Keys != "" {
		return sealedAnew, nil // the old ones are the operator's to take away
	}
	v.keys = []key{fresh}
	return sealedAnew, v.o.writeKeyFile(v.keys)
}

// newKeyLocked makes the first key one that nothing was sealed with before.
func (v *Vault) newKeyLocked() error {
	if v.o.Keys != "" {
		if len(v.keys) < 2 {
			return automation.Conflict("the keys come from the environment, and there is no new one").
				WithHint("put a new key before the old one in SQUALL_SECRET_KEY, restart, and rotate; then take the old one away")
		}
		return nil
	}
	fresh, err := randomKey()
	if err != nil {
		return err
	}
	keys := append([]key{fresh}, v.keys...)
	if err := v.o.writeKeyFile(keys); err != nil {
		return err
	}
	v.keys = keys
	return nil
}

func (v *Vault) openLocked(name string, s sealed) (string, error) {
	for _, k := range v.keys {
		if k.id == s.Key {
			return k.open(name, s.Value)
		}
	}
	return "", errors.New("its key is not there")
}

// renewLocked opens everything and makes what readers see.
func (v *Vault) renewLocked() {
	k := &known{values: map[string]string{}}
	outside := v.outside()
	var all []string // every value, also shadowed ones
	for _, name := range slices.Sorted(maps.Keys(v.sealed)) {
		s := v.sealed[name]
		d := automation.Secret{Name: name, Source: automation.SecretStored, Created: &s.Created, Updated: &s.Updated, By: s.By}
		value, err := v.openLocked(name, s)
		if err != nil {
			d.Error = err.Error()
			v.o.Logger.Error("a secret can not be opened", "name", name, "err", err)
		} else {
			k.values[name] = value
			all = append(all, value)
		}
		d.Short = err == nil && len(value) < shortest
		if o, there := outside[name]; there {
			d.ShadowedBy = o.source
		}
		k.list = append(k.list, d)
	}
	for _, name := range slices.Sorted(maps.Keys(outside)) {
		o := outside[name]
		k.values[name] = o.value
		all = append(all, o.value)
		k.list = append(k.list, automation.Secret{Name: name, Source: o.source, Short: len(o.value) < shortest})
	}
	all = slices.AppendSeq(all, maps.Values(v.learned))
	k.scrub = newScrubber(all)
	v.looked = v.o.Now()
	v.now.Store(k)
}

type external struct {
	value  string
	source automation.SecretSource
}

// outside reads environment and mounted files; the latter win.
func (v *Vault) outside() map[string]external {
	out := map[string]external{}
	for _, pair := range v.o.Environ() {
		name, value, _ := strings.Cut(pair, "=")
		if name, is := strings.CutPrefix(name, envPrefix); is && nameForm().MatchString(name) && value != "" {
			out[strings.ToLower(name)] = external{value, automation.SecretEnvironment}
		}
	}
	if v.o.Mounts == "" {
		return out
	}
	entries, err := os.ReadDir(v.o.Mounts)
	if err != nil {
		v.o.Logger.Error("mounted secrets can not be read", "dir", v.o.Mounts, "err", err)
	}
	for _, e := range entries {
		if !nameForm().MatchString(e.Name()) { // Kubernetes' ..data among them
			continue
		}
		data, err := os.ReadFile(filepath.Join(v.o.Mounts, e.Name()))
		if err == nil && len(data) > 0 && len(data) <= maxValue {
			out[e.Name()] = external{strings.TrimRight(string(data), "\r\n"), automation.SecretMount}
		}
	}
	return out
}

// current is what is known now; mounted files may have changed.
func (v *Vault) current() *known {
	if v.o.Mounts != "" {
		v.mu.Lock()
		if v.o.Now().Sub(v.looked) >= lookEvery {
			v.renewLocked()
		}
		v.mu.Unlock()
	}
	return v.now.Load()
}

// Secret returns a value by its name.
func (v *Vault) Secret(name string) (string, bool) {
	value, there := v.current().values[name]
	return value, there
}

// List describes all secrets, without their values.
func (v *Vault) List() []automation.Secret { return slices.Clone(v.current().list) }

func (v *Vault) described(name string) automation.Secret {
	for _, s := range v.now.Load().list {
		if s.Name == name && s.Source == automation.SecretStored {
			return s
		}
	}
	return automation.Secret{Name: name}
}

// ScrubText takes every known value out of a text.
func (v *Vault) ScrubText(text string) string { return v.current().scrub.text(text) }

// Scrub takes every known value out of bytes; what has none stays the same slice.
func (v *Vault) Scrub(b []byte) []byte {
	s := v.current().scrub
	if s.replace == nil || len(b) == 0 {
		return b
	}
	text := string(b)
	if clean := s.text(text); clean != text {
		return []byte(clean)
	}
	return b
}
