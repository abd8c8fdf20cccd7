// Command squall is the whole program: the server, its demonstration, and the
// command line that speaks to a server. One file stands for one subcommand;
// root.go lists them.
package main

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"syscall"

	"github.com/squall-dev/squall/runtime/daemon"
	"github.com/squall-dev/squall/runtime/torture"
)

// version is the release, set by the linker: -ldflags "-X main.version=1.2.3".
var version string

func main() {
	os.Exit(run(context.Background(), os.Args[1:], &streams{in: os.Stdin, out: os.Stdout, err: os.Stderr, env: os.Getenv}))
}

// compileCommand makes the program the compiler process of a server. It is no
// command for people.
const compileCommand = "compile-module"

// compiler is how a server starts this program as its compiler. An update may have
// put another program in this one's place by then; Linux knows the one that runs.
func compiler() []string {
	const self = "/proc/self/exe"
	if _, err := os.Stat(self); err == nil {
		return []string{self, compileCommand}
	}
	if path, err := os.Executable(); err == nil {
		return []string{path, compileCommand}
	}
	return nil
}

// run performs one command line and returns its exit code. The first interrupt
// ends ctx, so that the command can put things away; the second ends the program.
func run(ctx context.Context, args []string, s *streams) int {
	if len(args) > 0 && args[0] == compileCommand { // before anything else takes memory
		return daemon.CompileModule(ctx, args[1:], s.in, s.err)
	}
	if len(args) == 1 && args[0] == tortureCommand {
		return torture.Child(ctx, s.out, s.err)
	}
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)
	c := newCLI(s)
	root := newRootCommand(c)
	root.SetArgs(args)
	cmd, err := root.ExecuteContextC(ctx)
	if err != nil && ctx.Err() != nil && (errors.Is(err, context.Cause(ctx)) || errors.Is(err, ctx.Err())) {
		err = errInterrupted
	}
	return c.report(args, cmd, err)
}
