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
)

// version is the release, set by the linker: -ldflags "-X main.version=1.2.3".
var version string

func main() {
	os.Exit(run(context.Background(), os.Args[1:], &streams{in: os.Stdin, out: os.Stdout, err: os.Stderr, env: os.Getenv}))
}

// run performs one command line and returns its exit code. The first interrupt
// ends ctx, so that the command can put things away; the second ends the program.
func run(ctx context.Context, args []string, s *streams) int {
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
