package wasm

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/tetratelabs/wazero"
)

// What a compiler process may use. The largest modules that the check lets pass
// take a quarter of it.
const (
	compilerMemory = 4 << 30 // bytes of address space
	compilerTime   = 60      // seconds of CPU time
)

// unfinished begins the names of directories that a compiler works in.
const unfinished = "unfinished-"

// compiler compiles modules into the cache, in a process of its own or in this one.
// What it makes is moved there when it is whole.
type compiler struct {
	command []string // empty compiles in this process
	dir     string   // the cache
}

// compile has a module compiled and takes the result into the cache. The second
// context is the caller's.
func (c *compiler) compile(within, ctx context.Context, code []byte) (made machineCode, err error) {
	work, err := os.MkdirTemp(c.dir, unfinished)
	if err != nil {
		return made, fmt.Errorf("make room to compile in: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(work)) }()
	if len(c.command) == 0 {
		err = c.here(within, work, code)
	} else {
		err = c.run(within, work, code)
	}
	if why := interrupted(within, ctx); err != nil && why != nil {
		return made, why
	}
	if err != nil {
		return made, err
	}
	return c.keep(work)
}

// run compiles in a process of its own.
func (c *compiler) run(ctx context.Context, work string, code []byte) error {
	var stderr beginning
	cmd := exec.CommandContext(ctx, c.command[0], append(c.command[1:], work)...)
	cmd.Stdin, cmd.Stderr = bytes.NewReader(code), &stderr
	cmd.Env = []string{} // nothing of it is the compiler's business
	cmd.WaitDelay = time.Second
	if err := cmd.Run(); err != nil {
		return compilerFailed(err, stderr.String())
	}
	return nil
}

// here compiles in this process.
func (c *compiler) here(ctx context.Context, work string, code []byte) (err error) {
	r, done, err := compilingInto(ctx, work)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, done()) }()
	if _, err := compileSafely(ctx, r, code); err != nil {
		return invalidModule(err)
	}
	return nil
}

// compilingInto makes a runtime that leaves what it compiles in a directory.
func compilingInto(ctx context.Context, dir string) (r wazero.Runtime, done func() error, err error) {
	cache, err := wazero.NewCompilationCacheWithDir(dir)
	if err != nil {
		return nil, nil, fmt.Errorf("open the directory: %w", err)
	}
	r = wazero.NewRuntimeWithConfig(ctx, runtimeConfig(false, cache))
	return r, func() error { return errors.Join(r.Close(ctx), cache.Close(ctx)) }, nil
}

// compilerFailed tells a module that is not valid from a compiler that died of it.
func compilerFailed(err error, said string) error {
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		return fmt.Errorf("start the compiler: %w", err)
	}
	if exit.ExitCode() == exitInvalid {
		return invalidModule(errors.New(strings.TrimSpace(said)))
	}
	return automation.Invalid("the compiler died of the module: it may use %s of memory and %d s of CPU time", bytesText(compilerMemory), compilerTime).
		WithCode("invalid_module").Because(fmt.Errorf("%w: %s", err, firstLine(said)))
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(s), "\n")
	return line
}

// keep moves the one file that was made into the cache.
func (c *compiler) keep(work string) (made machineCode, err error) {
	files, err := filepath.Glob(filepath.Join(work, "*", "*"))
	if err != nil || len(files) != 1 {
		return made, fmt.Errorf("the compiler made %d files instead of one", len(files))
	}
	if made.File, err = filepath.Rel(work, files[0]); err != nil {
		return made, fmt.Errorf("find what was compiled: %w", err)
	}
	if made.Sum, err = fileSum(files[0]); err != nil {
		return made, fmt.Errorf("read what was compiled: %w", err)
	}
	if err := moveInto(files[0], filepath.Join(c.dir, made.File)); err != nil {
		return made, fmt.Errorf("keep what was compiled: %w", err)
	}
	return made, nil
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
	r, done, err := compilingInto(ctx, args[0])
	if err != nil {
		return fail(1, err)
	}
	if _, err := compileSafely(ctx, r, code); err != nil {
		return fail(exitInvalid, err)
	}
	if err := done(); err != nil {
		return fail(1, err)
	}
	return 0
}
