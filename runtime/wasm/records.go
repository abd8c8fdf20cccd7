package wasm

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"sync"
	"time"

	"golang.org/x/sys/cpu"

	"github.com/squall-dev/squall/runtime/wasm/rewrite"
)

// records are the cache's memory of modules: what checking and rewriting them found
// out, and which file has their machine code. The names of those files are the
// runtime's secret.
//
// The rewritten module is trusted as it lies there, unchecked. That gives nobody
// anything: who can write a record can write the machine code beside it.
type records struct {
	dir   string // the cache
	maker string // all that a record depends on beside the module
	sums  sums
	// damaged is told of a file that is not what was written, before it is made anew;
	// nil tells nobody.
	damaged func(file string, err error)
}

func (s *records) tell(file string, err error) {
	if s.damaged != nil && !errors.Is(err, fs.ErrNotExist) {
		s.damaged(file, err)
	}
}

// sums remembers the SHA-256 of the code that was asked about last: a load asks about
// the same code several times, and it has megabytes. The code is kept, so that its
// memory can not become another code's.
type sums struct {
	mu   sync.Mutex
	code []byte
	sum  string
}

func (s *sums) of(code []byte) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(code) == 0 || len(code) != len(s.code) || &code[0] != &s.code[0] {
		sum := sha256.Sum256(code)
		s.code, s.sum = code, hex.EncodeToString(sum[:])
	}
	return s.sum
}

// forget lets the code go.
func (s *sums) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.code, s.sum = nil, ""
}

func newRecords(dir string, l rewrite.Limits, interprets bool) *records {
	return &records{dir: dir, maker: fmt.Sprintf("%d %d %s %+v %v %+v %+v",
		findingsVersion, rewrite.Version, runtimeVersion(), l, interprets, cpu.X86, cpu.ARM64)}
}

// runtimeVersion tells which release of the runtime is linked: another one does not
// read what this one compiled.
func runtimeVersion() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	for _, dep := range info.Deps {
		if dep.Path == "github.com/tetratelabs/wazero" {
			return dep.Version
		}
	}
	return ""
}

// key names the record of a module with this SHA-256.
func (s *records) key(sum string) string {
	h := sha256.Sum256([]byte(s.maker + " " + sum))
	return hex.EncodeToString(h[:])
}

func (s *records) path(key string) string { return filepath.Join(s.dir, "records", key) }

// find returns what is known of a module, and marks it as used; nil when that is
// nothing, or when it or the machine code is not as it was written. Both are then
// made anew and replaced. Without a cache nothing is known.
func (s *records) find(code []byte) *findings {
	if s == nil {
		return nil
	}
	return s.findSum(s.sums.of(code))
}

// findSum is find for a module of which only the SHA-256 is there.
func (s *records) findSum(sum string) *findings {
	r := s.readSum(sum)
	if r == nil {
		return nil
	}
	if err := r.Compiled.check(s.dir); err != nil {
		s.tell(filepath.Join(s.dir, r.Compiled.File), err)
		return nil
	}
	now := time.Now()
	err := os.Chtimes(s.path(r.Key), now, now)
	if r.Compiled.File != "" {
		err = errors.Join(err, os.Chtimes(filepath.Join(s.dir, r.Compiled.File), now, now))
	}
	if err != nil { // somebody tidies
		return nil
	}
	r.Findings.recorded = true
	return r.Findings
}

// known is find without a look at the machine code, for a module that is not started
// yet.
func (s *records) known(code []byte) *findings {
	r := s.read(code)
	if r == nil {
		return nil
	}
	return r.Findings
}

func (s *records) read(code []byte) *record {
	if s == nil {
		return nil
	}
	return s.readSum(s.sums.of(code))
}

func (s *records) readSum(sum string) *record {
	if s == nil {
		return nil
	}
	key := s.key(sum)
	b, err := os.ReadFile(s.path(key))
	if err != nil {
		return nil
	}
	r, err := decodeRecord(b, key)
	if err != nil {
		s.tell(s.path(key), err)
		return nil
	}
	return r
}

// keep writes what is known of a module. Whoever reads meanwhile sees the old record
// or the new one.
func (s *records) keep(f *findings, compiled machineCode) error {
	if s == nil {
		return nil
	}
	r := record{Key: s.key(f.Info.SHA256), Compiled: compiled, Findings: f}
	b, err := r.encode()
	if err != nil {
		return fmt.Errorf("write what is known of a module: %w", err)
	}
	temp, err := os.CreateTemp(s.dir, unfinished)
	if err != nil {
		return fmt.Errorf("write what is known of a module: %w", err)
	}
	_, err = temp.Write(b)
	if err = errors.Join(err, temp.Close()); err == nil {
		err = moveInto(temp.Name(), s.path(r.Key))
	}
	if err != nil {
		return errors.Join(fmt.Errorf("write what is known of a module: %w", err), os.Remove(temp.Name()))
	}
	return nil
}

// prove notes of a module that it could be started. What is gone meanwhile is proved
// another time.
func (s *records) prove(sum string) error {
	r := s.readSum(sum)
	if r == nil {
		return nil
	}
	r.Findings.Proved = true
	return s.keep(r.Findings, r.Compiled)
}

// moveInto renames a file into a directory that may not be there yet.
func moveInto(from, to string) error {
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		return err
	}
	return os.Rename(from, to)
}

// check looks whether a file is what it was when it was made.
func (c machineCode) check(dir string) error {
	if c.File == "" {
		return nil
	}
	sum, err := fileSum(filepath.Join(dir, c.File))
	if err == nil && sum != c.Sum {
		err = errors.New("its checksum does not fit")
	}
	return err
}

func fileSum(path string) (uint32, error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer func() { _ = f.Close() }() // it was only read
	h := crc32.New(checksums())
	_, err = io.Copy(h, f)
	return h.Sum32(), err
}
