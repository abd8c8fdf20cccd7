package vault

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"strings"

	"github.com/squall-dev/squall/runtime/automation"
)

// key seals and opens values with AES-256-GCM (NIST SP 800-38D), with a random nonce of
// 96 bits: good for 2^32 values, far more than there will be.
type key struct {
	id   string // the first eight bytes of its SHA-256, hexadecimal
	raw  []byte
	aead cipher.AEAD
}

const keySize = 32

func newKey(raw []byte) (key, error) {
	if len(raw) != keySize {
		return key{}, automation.Invalid("a key has %d bytes instead of %d", len(raw), keySize)
	}
	block, err := aes.NewCipher(raw)
	if err != nil {
		return key{}, err
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return key{}, err
	}
	sum := sha256.Sum256(raw)
	return key{id: hex.EncodeToString(sum[:8]), raw: raw, aead: aead}, nil
}

func randomKey() (key, error) {
	raw := make([]byte, keySize)
	_, _ = rand.Read(raw) // it never fails
	return newKey(raw)
}

// seal binds a value to its name: a sealed value that is moved to another name does
// not open.
func (k key) seal(name, value string) []byte {
	nonce := make([]byte, k.aead.NonceSize())
	_, _ = rand.Read(nonce) // it never fails
	return k.aead.Seal(nonce, nonce, []byte(value), []byte(name))
}

func (k key) open(name string, sealed []byte) (string, error) {
	if len(sealed) < k.aead.NonceSize() {
		return "", errors.New("it is too short")
	}
	n := k.aead.NonceSize()
	plain, err := k.aead.Open(nil, sealed[:n], sealed[n:], []byte(name))
	return string(plain), err
}

// parseKeys reads base64, separated by commas or lines. The first one seals, all open.
func parseKeys(text string) ([]key, error) {
	var keys []key
	for _, word := range strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == '\n' || r == '\r' || r == ' ' }) {
		raw, err := base64.StdEncoding.DecodeString(word)
		if err != nil {
			return nil, automation.Invalid("a key is not base64").WithHint("make one with: openssl rand -base64 32")
		}
		k, err := newKey(raw)
		if err != nil {
			return nil, err
		}
		keys = append(keys, k)
	}
	if len(keys) == 0 {
		return nil, automation.Invalid("there is no key").WithHint("make one with: openssl rand -base64 32")
	}
	return keys, nil
}

// readKeyFile reads the keys of a file, which is made with a new key when it is not
// there.
func (o Options) readKeyFile() ([]key, error) {
	path := o.KeyFile
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		k, err := randomKey()
		if err != nil {
			return nil, err
		}
		return []key{k}, o.writeKeyFile([]key{k})
	}
	if err != nil {
		return nil, fmt.Errorf("read the key of secrets: %w", err)
	}
	if info, err := os.Stat(path); err == nil && info.Mode().Perm()&0o077 != 0 && runtime.GOOS != "windows" {
		return nil, automation.Invalid("others may read the key of secrets, %s", path).WithHint("chmod 600 %s", path)
	}
	keys, err := parseKeys(string(data))
	if err != nil {
		return nil, fmt.Errorf("read the key of secrets, %s: %w", path, err)
	}
	return keys, nil
}

// writeKeyFile replaces the file as a whole, or not at all. It is durable when it
// returns, with its name: values that are sealed next must not outlive their key.
func (o Options) writeKeyFile(keys []key) error {
	var text strings.Builder
	for _, k := range keys {
		text.WriteString(base64.StdEncoding.EncodeToString(k.raw) + "\n")
	}
	if err := o.Disk.WriteFile(o.KeyFile, []byte(text.String()), 0o600); err != nil {
		return fmt.Errorf("write the key of secrets: %w", err)
	}
	return nil
}
