package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/squall-dev/squall/runtime/wasm"
)

// guest is a module of the benchmark.
type guest struct {
	name    string
	file    string        // in the folder of built guests
	needs   string        // what it is built with
	args    []string      // arguments of a command; a name that begins with @ stands for that file's content
	target  time.Duration // for one isolated execution
	against []string      // keys of contenders
	heavy   bool          // starting one takes a tenth of a second
}

const (
	needsClang = "the Debian packages clang and lld"
	needsWASI  = "the Debian packages clang, lld, wasi-libc and libclang-rt-dev-wasm32"
	needsRust  = "the Debian packages rustc, libstd-rust-dev-wasm32 and lld"
	needsNPM   = "npm"
)

// guests are those that the server's own interfaces run.
func guests() []guest {
	return []guest{
		{name: "C reactor", file: "c-reactor.wasm", needs: needsClang, target: 5 * time.Microsecond,
			against: []string{"native Go", "go-sdk fresh c", "process c-native"}},
		{name: "Rust reactor", file: "rust-reactor.wasm", needs: needsRust, target: 5 * time.Microsecond,
			against: []string{"native Go", "go-sdk fresh rust", "process rust-native"}},
		{name: "AssemblyScript reactor", file: "assemblyscript-reactor.wasm", needs: needsNPM, target: 5 * time.Microsecond,
			against: []string{"native Go", "go-sdk fresh assemblyscript"}},
		{name: "Go reactor", file: "go-reactor.wasm", needs: "Go", target: 50 * time.Microsecond,
			against: []string{"native Go", "go-sdk fresh go", "process go-native"}},
		{name: "JavaScript reactor (QuickJS)", file: "quickjs-reactor.wasm", needs: needsWASI + " and npm", target: 40 * time.Microsecond,
			against: []string{"process node"}},
		{name: "C command", file: "c-command.wasm", needs: needsWASI, target: 25 * time.Microsecond,
			against: []string{"process c-native"}},
		{name: "Rust command", file: "rust-command.wasm", needs: needsRust, target: 25 * time.Microsecond,
			against: []string{"process rust-native"}},
		{name: "Go command", file: "go-command.wasm", needs: "Go", target: 300 * time.Microsecond,
			against: []string{"process go-native"}},
		{name: "Python command (CPython)", file: "python-command.wasm", needs: needsNPM, target: 500 * time.Microsecond,
			args: []string{"-I", "-c", "@python/action.py"}, against: []string{"process python3"}, heavy: true},
	}
}

// plugins are those that speak Extism's interface.
func plugins() []guest {
	plugin := func(name, file, needs string) guest {
		return guest{name: name + " plugin", file: file + "-extism.wasm", needs: needs, against: []string{"go-sdk fresh " + file, "go-sdk reused " + file}}
	}
	return []guest{
		plugin("C", "c", needsClang), plugin("Rust", "rust", needsRust),
		plugin("AssemblyScript", "assemblyscript", needsNPM), plugin("Go", "go", "Go"),
	}
}

// missing is why there is no figure.
type missing struct{ why string }

func (m missing) Error() string { return m.why }

// read returns a built file.
func (o options) read(file, needs string) ([]byte, error) {
	b, err := os.ReadFile(filepath.Join(o.out, file))
	if errors.Is(err, os.ErrNotExist) {
		return nil, missing{"not built: needs " + needs}
	}
	return b, err
}

// program is what a guest is loaded with.
func (o options) program(g guest) (wasm.Program, error) {
	var p wasm.Program
	for _, arg := range g.args {
		if arg[0] == '@' {
			content, err := os.ReadFile(filepath.Join(o.guests, arg[1:]))
			if err != nil {
				return p, fmt.Errorf("read a guest's script: %w", err)
			}
			arg = string(content)
		}
		p.Args = append(p.Args, arg)
	}
	return p, nil
}

// The action's input, an input that makes it write a line of log, and its output.
const (
	input   = `{"name":"World","n":100,"tags":["a","b","c"]}`
	talking = `{"name":"World","n":0,"tags":[]}`
)

func expected() answer { return answer{"Hello, World", 5050, 3} }

// check compares an output with the expected one.
func check(output []byte) error {
	var got answer
	if err := json.Unmarshal(output, &got); err != nil {
		return fmt.Errorf("read the output %q: %w", output, err)
	}
	if got != expected() {
		return fmt.Errorf("the output is %s", output)
	}
	return nil
}
