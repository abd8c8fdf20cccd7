package main

import (
	"fmt"
	"strings"
	"time"
	"unicode"

	"github.com/squall-dev/squall/runtime/automation"
)

// tone is what a colour is to say.
type tone string

// The tones, as parameters of the terminal's colour command.
const (
	tonePlain tone = ""
	toneOK    tone = "32"
	toneBad   tone = "31"
	toneRun   tone = "34"
	toneWarn  tone = "33"
	toneFaint tone = "2"
	toneHead  tone = "1"
)

func (t terminal) paint(as tone, text string) string {
	if !t.colour || as == tonePlain || text == "" {
		return text
	}
	return "\x1b[" + string(as) + "m" + text + "\x1b[0m"
}

// mark chooses between a sign and what stands for it where signs can not be shown.
func (t terminal) mark(sign, plain string) string {
	if t.unicode {
		return sign
	}
	return plain
}

// status shows a status as the page does; only the word when it goes to a pipe.
func (t terminal) status(s automation.Status) string {
	if !t.tty {
		return string(s)
	}
	return t.statusMark(s) + " " + string(s)
}

func (t terminal) statusMark(s automation.Status) string {
	switch s {
	case automation.Succeeded:
		return t.mark("✓", "+")
	case automation.Failed:
		return t.mark("✗", "x")
	case automation.Running:
		return t.mark("●", "*")
	case automation.TimedOut:
		return t.mark("⧗", "t")
	case automation.Canceled:
		return t.mark("⊘", "-")
	case automation.Delayed, automation.Waiting:
		return t.mark("◷", "d")
	case automation.Paused:
		return t.mark("‖", "p")
	}
	return t.mark("○", "o")
}

func statusTone(s automation.Status) tone {
	switch s {
	case automation.Succeeded:
		return toneOK
	case automation.Failed:
		return toneBad
	case automation.TimedOut:
		return toneWarn
	case automation.Running:
		return toneRun
	}
	return toneFaint
}

func (t terminal) held(matched bool) string {
	if matched {
		return t.paint(toneOK, t.mark("✓", "+"))
	}
	return t.paint(toneBad, t.mark("✗", "x"))
}

// printable replaces what could steer a terminal. Text of events and logs comes
// from anywhere.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' || !steers(r) {
			return r
		}
		return unicode.ReplacementChar
	}, text)
}

// steers reports whether a terminal may obey a character instead of showing it.
func steers(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) }

// oneLine makes text fit into a cell.
func oneLine(text string) string {
	return printable(strings.Join(strings.Fields(text), " "))
}

// when shows a time: how long ago to people, the time itself to programs.
func (c *cli) when(t terminal, at time.Time) string {
	if at.IsZero() {
		return "-"
	}
	if !t.tty {
		return at.UTC().Format(time.RFC3339)
	}
	return ago(c.now().Sub(at))
}

func ago(d time.Duration) string {
	switch {
	case d < time.Second:
		return "now"
	case d < time.Minute:
		return fmt.Sprintf("%ds", d/time.Second)
	case d < time.Hour:
		return fmt.Sprintf("%dm", d/time.Minute)
	case d < 48*time.Hour:
		return fmt.Sprintf("%dh", d/time.Hour)
	}
	return fmt.Sprintf("%dd", d/(24*time.Hour))
}

// took shows a duration with three digits or so.
func took(d time.Duration) string {
	switch {
	case d < time.Millisecond:
		return d.Round(time.Microsecond).String()
	case d < time.Second:
		return d.Round(100 * time.Microsecond).String()
	}
	return d.Round(10 * time.Millisecond).String()
}

func plural(n int) string {
	if n == 1 {
		return ""
	}
	return "s"
}
