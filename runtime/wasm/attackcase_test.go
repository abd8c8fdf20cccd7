package wasm

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
)

// attack is a module that means harm, and what must become of it.
type attack struct {
	name         string
	build        func() [][]byte // one module, or a family with the same end
	expect       []expectation
	peak         int64 // bytes of resident memory that the process may reach
	compilerOnly bool  // the interpreter has limits of its own
	generated    bool
	slow         bool   // left out of quick runs
	failsUntil   string // a known fault; when it is mended, the test says so
}

// runs reports whether the module lives to be called.
func (a attack) runs() bool { return a.expect[0].export != nil }

// Ends of an attack besides the codes of automation.
const (
	endOK          = "ok"          // the call succeeds with the output that follows, or one that begins so
	endText        = "text"        // it succeeds with output that is not JSON
	endRefused     = "refused"     // Load fails with kind ErrInvalid and a message with the parts that follow
	endInterrupted = "interrupted" // Load runs until its context ends
	endAny         = "any"         // whatever: the process survives
)

// expectation is one line of the corpus: [EXPORT] [SETTING=VALUE...] END [PART...].
type expectation struct {
	line   string
	export *string // nil: about Load
	end    string
	parts  []string
	input  string
	limits automation.Limits
}

// Deadlines of calls: those that must end by themselves have time enough on a busy
// machine.
const (
	attackTime   = 200 * time.Millisecond
	attackLeeway = 20 * time.Second
)

const (
	peakOfRuns  = 400 << 20
	peakOfLoads = 1280 << 20 // the compiler's part: one function of a MiB comes to 1,060 MiB
)

// readAttacks reads testdata/attacks. What a module must come to stands in the
// comments that its text begins with.
func readAttacks(t *testing.T) (all []attack) {
	t.Helper()
	texts, err := filepath.Glob(filepath.Join("testdata", "attacks", "*.wat"))
	if err != nil || len(texts) == 0 {
		t.Fatal("no attacks", err)
	}
	for _, path := range texts {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		code, err := os.ReadFile(strings.TrimSuffix(path, ".wat") + ".wasm")
		if err != nil {
			t.Fatal(err)
		}
		if len(code) >= 1024 {
			t.Errorf("%s has %d bytes; generate it instead", path, len(code))
		}
		a := attack{name: strings.TrimSuffix(filepath.Base(path), ".wat"), peak: peakOfRuns, build: func() [][]byte { return [][]byte{code} }}
		a.readHeader(t, string(text))
		all = append(all, a)
	}
	return all
}

func (a *attack) readHeader(t *testing.T, text string) {
	t.Helper()
	for line := range strings.Lines(text) {
		words, isComment := strings.CutPrefix(strings.TrimSpace(line), ";; ")
		if !isComment {
			break
		}
		if want, ok := strings.CutPrefix(words, "expect "); ok {
			a.expect = append(a.expect, parseExpectation(t, want))
		}
		if why, ok := strings.CutPrefix(words, "fails until "); ok {
			a.failsUntil = why
		}
		a.compilerOnly = a.compilerOnly || words == "only compiler"
	}
	if len(a.expect) == 0 {
		t.Fatalf("%s expects nothing", a.name)
	}
}

// parseExpectation reads a line such as: run fuel=1000 out_of_fuel "1,000".
func parseExpectation(t *testing.T, line string) expectation {
	t.Helper()
	e := expectation{line: line, limits: automation.Limits{Timeout: attackLeeway}}
	for rest := line; rest != ""; rest = strings.TrimLeft(rest, " ") {
		var word string
		if quoted, err := strconv.QuotedPrefix(rest); err == nil {
			rest = rest[len(quoted):]
			if word, err = strconv.Unquote(quoted); err != nil {
				t.Fatal(line, err)
			}
			e.put(t, word, true)
			continue
		}
		word, rest, _ = strings.Cut(rest, " ")
		e.put(t, word, false)
	}
	switch e.end {
	case "":
		t.Fatalf("%q says no end", line)
	case string(automation.CodeTimeout), endAny:
		e.limits.Timeout = attackTime
	}
	return e
}

func (e *expectation) put(t *testing.T, word string, quoted bool) {
	t.Helper()
	name, value, setting := strings.Cut(word, "=")
	switch {
	case e.end != "":
		e.parts = append(e.parts, word)
	case setting && !quoted:
		e.set(t, name, value)
	case e.export == nil && (quoted || !isLoadEnd(word)):
		e.export = &word
	default:
		e.end = word
	}
}

func isLoadEnd(word string) bool {
	return word == endRefused || word == endInterrupted || word == endAny
}

func (e *expectation) set(t *testing.T, name, value string) {
	t.Helper()
	if name == "input" {
		e.input = value
		return
	}
	n, err := strconv.ParseInt(value, 10, 64)
	switch {
	case err != nil:
		t.Fatal(e.line, err)
	case name == "fuel":
		e.limits.Fuel = n
	case name == "depth":
		e.limits.CallDepth = int(n)
	default:
		t.Fatalf("%q sets %q", e.line, name)
	}
}
