package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/squall-dev/squall/runtime/automation"
)

func newPackInspectCommand(c *cli) *cobra.Command {
	return &cobra.Command{
		Use:   "inspect FILE",
		Short: "Say what a WebAssembly module is and asks for, without running it",
		Long: "Say what a WebAssembly module is and asks for, without running it and without a server:\n" +
			"its kind and why, the functions that can be actions, the host functions and memory that it\n" +
			"wants, and whether its instances can be used again after a run. It is an error (exit code 5)\n" +
			"if a server would refuse it; what is known is shown all the same.",
		Example: "  squall pack inspect ./packs/labs_sre/pack.wasm\n  squall pack inspect pack.wasm.gz -o json --jq .host_functions",
		Args:    exactly("FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.inspect(cmd.Context(), args[0])
		},
	}
}

// inspect shows what it could find out also when the module is no good.
func (c *cli) inspect(ctx context.Context, file string) error {
	info, err := c.inspectModule(ctx, file)
	if info.SHA256 == "" { // nothing was found out
		return err
	}
	shown := c.print(thing(info, file, func(w io.Writer, t terminal, wide bool) error {
		p := &page{w: w, t: t}
		p.line("%s %s is %s", styled(t.held(err == nil)), file, moduleLine(info))
		p.module(info, 0, wide)
		return p.err
	}))
	return oneOrAll([]error{shown, err})
}

// moduleLine says what a module is in a few words.
func moduleLine(m automation.ModuleInfo) string {
	if m.Kind == "" {
		return "not an action: nothing in it can be called"
	}
	article := "a "
	if strings.ContainsAny(string(m.Kind[:1]), "aeiou") {
		article = "an "
	}
	return article + string(m.Kind) + " module: " + m.Why
}

// module shows what a module is made of; all of its imports only to those who
// look closer.
func (p *page) module(m automation.ModuleInfo, leftOut int, wide bool) {
	exports := strings.Join(m.Exports, ", ")
	if leftOut > 0 {
		exports += fmt.Sprintf(" and %d more", leftOut)
	}
	p.pair("Exports", exports)
	p.pair("Asks for", firstOf(strings.Join(m.HostFunctions, ", "), "no host function by name"))
	p.pair("Unknown", strings.Join(m.UnknownImports, ", "))
	p.pair("Memory", memoryText(m))
	p.pair("After a run", resetText(m))
	p.pair("Size", fmt.Sprintf("%s, %s function%s, %s instruction%s", automation.SizeText(int64(m.Size)),
		thousands(int64(m.Functions)), plural(m.Functions), thousands(int64(m.Instructions)), plural(m.Instructions)))
	p.pair("SHA-256", m.SHA256)
	imports := fmt.Sprint(len(m.Imports))
	if wide || len(m.Imports) <= 5 {
		imports = firstOf(strings.Join(m.Imports, ", "), "none")
	}
	p.pair("Imports", imports)
}

func memoryText(m automation.ModuleInfo) string {
	switch {
	case m.MemoryMin == 0 && m.MemoryMax == 0:
		return "none at the start"
	case m.MemoryMax == 0:
		return automation.SizeText(m.MemoryMin) + " at the start, then up to the limit of the run"
	}
	return automation.SizeText(m.MemoryMin) + " at the start, " + automation.SizeText(m.MemoryMax) + " at most"
}

func resetText(m automation.ModuleInfo) string {
	if m.Resettable {
		return "its memory is put back, and the instance is used again"
	}
	return m.ResetWhy
}

// thousands writes a number with its thousands apart.
func thousands(n int64) string {
	s := fmt.Sprint(n)
	for at := len(s) - 3; at > 0 && s[at-1] != '-'; at -= 3 {
		s = s[:at] + "," + s[at:]
	}
	return s
}
