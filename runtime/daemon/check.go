package daemon

import (
	"context"
	"errors"
	"io"
	"log/slog"

	"github.com/squall-dev/squall/packs"
	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/config"
	"github.com/squall-dev/squall/runtime/wasm"
)

// CompileModule is the compiler process of a daemon; see Options.Compiler.
func CompileModule(ctx context.Context, args []string, stdin io.Reader, stderr io.Writer) int {
	return wasm.CompilerMain(ctx, args, stdin, stderr)
}

// CheckPack loads the pack in dir as a server with the defaults would, and puts
// it away again. It needs no data directory.
func CheckPack(ctx context.Context, dir string) (status automation.PackStatus, err error) {
	logger := slog.New(slog.DiscardHandler)
	funcs, closeFuncs, err := HostFuncs(config.Default(), logger)
	if err != nil {
		return status, err
	}
	defer func() { err = errors.Join(err, closeFuncs()) }()
	sandbox, err := wasm.New(ctx, wasm.Options{HostFuncs: funcs, Logger: logger})
	if err != nil {
		return status, err
	}
	defer func() { err = errors.Join(err, patiently(sandbox.Close)()) }()
	loader, err := packs.NewLoader(packs.LoaderOptions{Engine: sandbox, HostFuncs: funcs, Logger: logger})
	if err != nil {
		return status, err
	}
	return packs.Check(ctx, loader, dir)
}
