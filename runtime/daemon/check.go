package daemon

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"

	"github.com/squall-dev/squall/packs"
	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/config"
	"github.com/squall-dev/squall/runtime/wasm"
	"github.com/squall-dev/squall/runtime/wasm/rewrite"
)

// CompileModule is the compiler process of a daemon; see Options.Compiler.
func CompileModule(ctx context.Context, args []string, stdin io.Reader, stderr io.Writer) int {
	return wasm.CompilerMain(ctx, args, stdin, stderr)
}

// CheckPack loads the pack in dir as a server with the defaults would, and puts
// it away again. It needs no data directory.
func CheckPack(ctx context.Context, dir string) (status automation.PackStatus, err error) {
	logger := slog.New(slog.DiscardHandler)
	funcs, closeFuncs, err := HostFuncs(config.Default(), logger, World{})
	if err != nil {
		return status, err
	}
	defer func() { err = errors.Join(err, closeFuncs()) }()
	sandbox, err := wasm.New(ctx, wasm.Options{HostFuncs: funcs, Logger: logger})
	if err != nil {
		return status, err
	}
	defer func() { err = errors.Join(err, patiently(sandbox.Close)()) }()
	loader, err := packs.NewLoader(packs.LoaderOptions{Engine: sandbox, HostFuncs: funcs, CheckWebhook: checkAlone, Logger: logger})
	if err != nil {
		return status, err
	}
	return packs.Check(ctx, loader, dir)
}

// InspectModule says what the module in a file is, and whether a server with the
// defaults answers all its imports. None of it runs. What could be found out is
// there beside an error too.
func InspectModule(ctx context.Context, path string) (info automation.ModuleInfo, err error) {
	code, err := readModule(path)
	if err != nil {
		return info, err
	}
	logger := slog.New(slog.DiscardHandler)
	funcs, closeFuncs, err := HostFuncs(config.Default(), logger, World{})
	if err != nil {
		return info, err
	}
	defer func() { err = joined(err, closeFuncs()) }()
	sandbox, err := wasm.New(ctx, wasm.Options{HostFuncs: funcs, Logger: logger})
	if err != nil {
		return info, err
	}
	defer func() { err = joined(err, patiently(sandbox.Close)()) }()
	return sandbox.Inspect(code)
}

// joined is errors.Join that leaves a single error as it is, hint and all.
func joined(err, other error) error {
	if other == nil {
		return err
	}
	return errors.Join(err, other)
}

// readModule reads a file that is not larger than any module may be, and unpacks it if
// it is compressed.
func readModule(path string) ([]byte, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, automation.NotFound("file %s does not exist", path)
	}
	if err != nil {
		return nil, automation.Invalid("file %s can not be read", path).Because(err)
	}
	defer func() { _ = f.Close() }() // only read
	limit := int64(rewrite.DefaultLimits().Size)
	if info, err := f.Stat(); err == nil && info.Size() > limit {
		return nil, automation.Invalid("the module is refused").WithCode("invalid_module").
			Because(fmt.Errorf("it has %d bytes, the limit is %d", info.Size(), limit))
	}
	code, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, automation.Invalid("file %s can not be read", path).Because(err)
	}
	return packs.ModuleCode(path, code)
}
