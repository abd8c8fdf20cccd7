package wasm

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/tetratelabs/wazero"
	"golang.org/x/sys/cpu"

	"github.com/squall-dev/squall/runtime/automation"
)

// What a compiler process may use. The largest modules that the check lets pass
// take a quarter of it.
const (
	compilerMemory = 4 << 30 // bytes of address space
	compilerTime   = 60      // seconds of CPU time
)

// unfinished begins the names of directories that a compiler works in.
const unfinished = "unfinished-"

// compiler compiles modules in a process of its own. What it makes is moved into
// the cache when it is whole; a note beside it says for which module.
//
// The cache's own names are the runtime's secret, so the notes have names of ours:
// of the module, the processor and the way of compiling.
type compiler struct {
	command []string
	dir     string // the cache
}

func (c *compiler) note(code []byte) string {
	h := sha256.New()
	h.Write(code)
	_, _ = fmt.Fprintf(h, "%+v %+v", cpu.X86, cpu.ARM64) // a hash does not fail
	return filepath.Join(c.dir, "notes", fmt.Sprintf("%x", h.Sum(nil)))
}

// has reports whether a module was compiled before, and marks it as used.
func (c *compiler) has(code []byte) bool {
	note := c.note(code)
	file, err := os.ReadFile(note)
	if err != nil {
		return false
	}
	now := time.Now()
	return errors.Join(os.Chtimes(filepath.Join(c.dir, string(file)), now, now), os.Chtimes(note, now, now)) == nil
}

// forget removes what was compiled of a module.
func (c *compiler) forget(code []byte) {
	note := c.note(code)
	if file, err := os.ReadFile(note); err == nil {
		_ = os.Remove(filepath.Join(c.dir, string(file))) // compiling again replaces it
	}
	_ = os.Remove(note)
}

// compile has a module compiled and takes the result into the cache. The second
// context is the caller's.
func (c *compiler) compile(within, ctx context.Context, code []byte) (err error) {
	work, err := os.MkdirTemp(c.dir, unfinished)
	if err != nil {
		return fmt.Errorf("make room to compile in: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(work)) }()
	var stderr beginning
	cmd := exec.CommandContext(within, c.command[0], append(c.command[1:], work)...)
	cmd.Stdin, cmd.Stderr = bytes.NewReader(code), &stderr
	cmd.Env = []string{} // nothing of it is the compiler's business
	cmd.WaitDelay = time.Second
	if err := cmd.Run(); err != nil {
		if why := interrupted(within, ctx); why != nil {
			return why
		}
		return compilerFailed(err, stderr.String())
	}
	return c.keep(work, code)
}

// compilerFailed tells a module that is not valid from a compiler that died of it.
func compilerFailed(err error, said string) error {
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		return fmt.Errorf("start the compiler: %w", err)
	}
	if exit.ExitCode() == exitInvalid {
		return automation.Invalid("the module is not valid").WithCode("invalid_module").Because(errors.New(strings.TrimSpace(said)))
	}
	return automation.Invalid("the compiler died of the module: it may use %s of memory and %d s of CPU time", bytesText(compilerMemory), compilerTime).
		WithCode("invalid_module").Because(fmt.Errorf("%w: %s", err, firstLine(said)))
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(s), "\n")
	return line
}

// keep moves the one file that was made into the cache.
func (c *compiler) keep(work string, code []byte) error {
	files, err := filepath.Glob(filepath.Join(work, "*", "*"))
	if err != nil || len(files) != 1 {
		return fmt.Errorf("the compiler made %d files instead of one", len(files))
	}
	file, err := filepath.Rel(work, files[0])
	if err != nil {
		return fmt.Errorf("find what was compiled: %w", err)
	}
	note, kept := c.note(code), filepath.Join(c.dir, file)
	for _, dir := range []string{filepath.Dir(note), filepath.Dir(kept)} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return fmt.Errorf("keep what was compiled: %w", err)
		}
	}
	if err := os.Rename(files[0], kept); err != nil {
		return fmt.Errorf("keep what was compiled: %w", err)
	}
	if err := os.WriteFile(note, []byte(file), 0o600); err != nil {
		return fmt.Errorf("note what was compiled: %w", err)
	}
	return nil
}

// beginning keeps the first words of what a process says.
type beginning struct{ buf bytes.Buffer }

func (t *beginning) Write(b []byte) (int, error) {
	if room := 4096 - t.buf.Len(); room > 0 {
		t.buf.Write(b[:min(len(b), room)])
	}
	return len(b), nil
}

func (t *beginning) String() string { return t.buf.String() }

// exitInvalid is how a compiler says that the module is to blame.
const exitInvalid = 3

// CompilerMain is the compiler process: it compiles the module on standard input
// into the directory named by its argument, within limits that it sets itself, and
// returns the exit code. See Options.Compiler.
func CompilerMain(ctx context.Context, args []string, stdin io.Reader, stderr io.Writer) int {
	fail := func(code int, err error) int {
		_, _ = fmt.Fprintln(stderr, err) // the exit code says it too
		return code
	}
	if len(args) != 1 {
		return fail(1, errors.New("the compiler takes one argument, a directory"))
	}
	if err := limitCompiler(); err != nil {
		return fail(1, fmt.Errorf("limit the compiler: %w", err))
	}
	code, err := io.ReadAll(stdin)
	if err != nil {
		return fail(1, fmt.Errorf("read the module: %w", err))
	}
	cache, err := wazero.NewCompilationCacheWithDir(args[0])
	if err != nil {
		return fail(1, fmt.Errorf("open the directory: %w", err))
	}
	if _, err = compileSafely(ctx, wazero.NewRuntimeWithConfig(ctx, runtimeConfig(false, cache)), code); err != nil {
		return fail(exitInvalid, err)
	}
	return 0
}
