package daemon

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/squall-dev/squall/hostfuncs"
	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/config"
	"github.com/squall-dev/squall/runtime/wasm"
)

// caseFile is the part of a test file that has the case.
const caseFile = "case.json"

// FormatCase writes a recorded case as a txtar archive
// (golang.org/x/tools/txtar): a comment for people, and one file.
func FormatCase(c automation.RecordedCase) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(c); err != nil {
		return nil, fmt.Errorf("write the case: %w", err)
	}
	return fmt.Appendf(nil, "%s, as execution %s ran it. squall pack test replays it without the world.\n-- %s --\n%s",
		c.Action, c.Execution, caseFile, b.Bytes()), nil
}

// parseCase reads what FormatCase wrote.
func parseCase(data []byte) (c automation.RecordedCase, err error) {
	_, text, found := bytes.Cut(data, []byte("-- "+caseFile+" --\n"))
	if !found {
		return c, automation.Invalid("it has no part %s", caseFile).WithHint("write it with: squall execution export-test ID")
	}
	if i := bytes.Index(text, []byte("\n-- ")); i >= 0 {
		text = text[:i+1]
	}
	if err := json.Unmarshal(text, &c); err != nil {
		return c, automation.Invalid("%s can not be read", caseFile).Because(err)
	}
	return c, nil
}

// TestPack replays the cases in the folder tests of the pack in dir, without a server.
func TestPack(ctx context.Context, dir string) (results []automation.CaseResult, err error) {
	status, err := CheckPack(ctx, dir)
	if err != nil {
		return nil, err
	}
	files, err := filepath.Glob(filepath.Join(dir, "tests", "*.txtar"))
	if err != nil {
		return nil, fmt.Errorf("look for tests: %w", err)
	}
	if len(files) == 0 {
		return nil, automation.NotFound("pack %s has no tests", status.Name).
			WithHint("make one of a real run: squall execution export-test ID > %s", filepath.Join(dir, "tests", "case.txtar"))
	}
	logger := slog.New(slog.DiscardHandler)
	funcs, closeFuncs, err := HostFuncs(config.Default(), logger, World{})
	if err != nil {
		return nil, err
	}
	defer func() { err = joined(err, closeFuncs()) }()
	sandbox, err := wasm.New(ctx, wasm.Options{HostFuncs: funcs, Logger: logger})
	if err != nil {
		return nil, err
	}
	defer func() { err = joined(err, patiently(sandbox.Close)()) }()
	slices.Sort(files)
	for _, file := range files {
		r, err := testCase(ctx, sandbox, dir, file, status)
		if err != nil {
			r.Error = err.Error()
		}
		r.File = filepath.Base(file)
		results = append(results, r)
	}
	return results, nil
}

func testCase(ctx context.Context, sandbox *wasm.Engine, dir, file string, status automation.PackStatus) (r automation.CaseResult, err error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return r, fmt.Errorf("read the test: %w", err)
	}
	c, err := parseCase(data)
	if err != nil {
		return r, err
	}
	r.Action, r.Want = c.Action, c.Want
	at := slices.IndexFunc(status.Modules, func(m automation.PackModule) bool { return slices.Contains(m.Actions, c.Action) })
	if at < 0 {
		return r, automation.NotFound("the pack has no action %s", c.Action)
	}
	code, err := moduleFile(dir, status.Modules[at].File)
	if err != nil {
		return r, err
	}
	m, err := sandbox.LoadProgram(ctx, string(c.Action), code, wasm.Program{Start: &c.Tape.Start})
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, m.Retire(context.WithoutCancel(ctx))) }()
	res, err := m.Call(ctx, wasm.Call{Export: c.Tape.Export, Input: c.Parameters, Limits: c.Limits, Replay: &c.Tape,
		Caller: hostfuncs.Caller{Log: func(automation.LogLevel, string) {}}})
	if err != nil {
		return r, err
	}
	r.Got = automation.ReplayedEnd{Code: res.Code, Message: res.Message, Output: res.Output, Fuel: res.Usage.Fuel}
	if d := res.Difference; d != nil {
		r.Differs = &automation.ReplayedCall{Number: d.Call + 1, Recorded: d.Recorded, Replayed: d.Replayed}
	}
	r.OK = r.Differs == nil && res.Code == c.Want.Code && sameValue(res.Output, c.Want.Output)
	return r, nil
}

// moduleFile reads a module of a pack: at its root, or beside its actions.
func moduleFile(dir, name string) ([]byte, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("open the pack: %w", err)
	}
	defer func() { _ = root.Close() }() // only read
	code, err := root.ReadFile(filepath.FromSlash(name))
	if err != nil {
		return nil, fmt.Errorf("read the module: %w", err)
	}
	return code, nil
}

// sameValue compares two values: a test file was indented.
func sameValue(a, b json.RawMessage) bool {
	var x, y bytes.Buffer
	if len(a) == 0 || len(b) == 0 {
		return len(a) == len(b)
	}
	if json.Compact(&x, a) != nil || json.Compact(&y, b) != nil {
		return strings.TrimSpace(string(a)) == strings.TrimSpace(string(b))
	}
	return bytes.Equal(x.Bytes(), y.Bytes())
}
