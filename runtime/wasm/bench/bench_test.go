package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

func TestSeries(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name             string
		in               series
		low, median, top float64
	}{
		{"nothing is zero", nil, 0, 0, 0},
		{"one figure is all there is", series{3}, 3, 3, 3},
		{"an odd number has one in the middle", series{9, 1, 5}, 1, 5, 9},
		{"an even number has two", series{4, 1, 2, 9}, 1, 3, 9},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if c.in.at(0) != c.low || c.in.median() != c.median || c.in.at(1) != c.top {
				t.Errorf("got %v, %v, %v", c.in.at(0), c.in.median(), c.in.at(1))
			}
		})
	}
}

func TestARatioIsOfTheSameRounds(t *testing.T) {
	t.Parallel()
	// The machine was ten times slower in the second round, for both.
	if r := (series{20, 200, 20}).over(series{10, 100, 10}); r.median() != 2 || r.at(1) != 2 {
		t.Errorf("got %v", r)
	}
}

func TestEveryContenderTakesATurnInEveryRound(t *testing.T) {
	t.Parallel()
	var order strings.Builder
	player := func(name string) *contender {
		return &contender{name: name, check: func([]byte) error { return nil }, call: func() ([]byte, error) {
			order.WriteString(name)
			return nil, nil
		}}
	}
	all := []*contender{player("a"), player("b"), player("c")}
	if err := interleave(t.Context(), pace{rounds: 2, slice: 0}, all); err != nil {
		t.Fatal(err)
	}
	if order.String() != "abcbcacab" {
		t.Errorf("the order was %s", &order)
	}
	if n := len(all[0].times); n != 2 {
		t.Errorf("%d rounds count instead of 2", n)
	}
}

func TestAContenderWithAWrongOutputIsNotMeasured(t *testing.T) {
	t.Parallel()
	for _, output := range []string{"", "{}", `{"greeting":"Hello, World","sum":5051,"tags":3}`} {
		c := &contender{name: "liar", check: check, call: func() ([]byte, error) { return []byte(output), nil }}
		if err := interleave(t.Context(), pace{rounds: 1}, []*contender{c}); err != nil || c.err == nil || len(c.times) > 0 {
			t.Errorf("%q was accepted", output)
		}
	}
}

func TestTheActionInGoGivesTheExpectedOutput(t *testing.T) {
	t.Parallel()
	output, err := act([]byte(input))
	if err != nil {
		t.Fatal(err)
	}
	if err := check(output); err != nil {
		t.Error(err)
	}
}

func TestAGuestThatIsNotBuiltIsARowThatSaysWhatItNeeds(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	tab := &table{out: &out}
	o := options{guests: "guests", out: t.TempDir(), cache: t.TempDir(), rows: regexp.MustCompile("isolated/C reactor"), pace: pace{rounds: 1}}
	if err := measure(context.Background(), o, tab); err != nil {
		t.Fatal(err)
	}
	if want := "C reactor"; !regexp.MustCompile(want + ` +not built: needs the Debian packages clang and lld`).MatchString(out.String()) {
		t.Errorf("the table is\n%s", &out)
	}
	if problems := tab.close(); problems != 3 { // the guest, its plugin, its program
		t.Errorf("%d problems instead of 3:\n%s", problems, &out)
	}
}

func TestAMissedTargetCounts(t *testing.T) {
	t.Parallel()
	tab := &table{out: &bytes.Buffer{}}
	if got := tab.judge(5, 5) + tab.judge(5.1, 5); got != "okMISSED" || tab.close() != 1 {
		t.Errorf("got %s, %d missed", got, tab.missed)
	}
}

func TestSlackForgivesWhatIsMissedByLittle(t *testing.T) {
	t.Parallel()
	tab := &table{out: &bytes.Buffer{}, slack: 2}
	if got := tab.judge(9, 5) + tab.judge(11, 5); got != "MISSEDMISSED" || tab.close() != 1 {
		t.Errorf("got %s, %d missed by far", got, tab.far)
	}
}

func TestDurationsHaveThreeDigits(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		0: "0 ns", 999: "999 ns", 1234: "1.23 us", 25 * time.Microsecond: "25 us", 123456: "123 us", 1999999: "2.00 ms", 2 * time.Second: "2 s",
	} {
		if got := duration(float64(d)); got != want {
			t.Errorf("%d ns is %q, want %q", d, got, want)
		}
	}
}

func TestEveryGuestsScriptIsThere(t *testing.T) {
	t.Parallel()
	scripts := 0
	for _, g := range guests() {
		p, err := options{guests: "guests"}.program(g)
		if err != nil {
			t.Errorf("%s: %v", g.name, err)
		}
		scripts += len(p.Args)
	}
	if scripts == 0 {
		t.Error("no guest has arguments: the test looks at nothing")
	}
	if _, err := (options{guests: "guests"}).program(guest{args: []string{"@nothing"}}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a script that is not there: %v", err)
	}
}

func TestEveryBuiltFileIsInTheMakefile(t *testing.T) {
	t.Parallel()
	makefile, err := os.ReadFile(filepath.Join("guests", "Makefile"))
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range append(guests(), plugins()...) {
		language, kind, _ := strings.Cut(strings.TrimSuffix(g.file, ".wasm"), "-")
		list := regexp.MustCompile(`(?m)^` + strings.ToUpper(kind) + `S? +:=.*\b` + language + `\b`)
		if !list.Match(makefile) {
			t.Errorf("%s is not in the Makefile's list of %ss", language, kind)
		}
	}
}
