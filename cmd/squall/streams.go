package main

import (
	"io"
	"os"
	"strings"

	"golang.org/x/term"
)

// streams is what a command reads, writes and is surrounded by.
type streams struct {
	in       io.Reader
	out, err io.Writer
	env      func(string) string
}

// terminal says what can be shown where something is written.
type terminal struct {
	tty     bool
	colour  bool
	unicode bool
	width   int // columns; zero when it is not known
}

// terminalOf looks at a stream. The wish is the --color flag: "auto", "always"
// or "never".
func (s *streams) terminalOf(w io.Writer, wish string) terminal {
	file, ok := w.(*os.File)
	t := terminal{unicode: s.unicode()}
	if ok && term.IsTerminal(int(file.Fd())) {
		t.tty = true
		t.width, _, _ = term.GetSize(int(file.Fd())) // zero means unknown
	}
	t.colour = s.colour(wish, t.tty)
	return t
}

func (s *streams) colour(wish string, tty bool) bool {
	switch {
	case wish == "always":
		return true
	case wish == "never", s.env("NO_COLOR") != "", s.env("TERM") == "dumb":
		return false
	case s.env("CLICOLOR_FORCE") != "" && s.env("CLICOLOR_FORCE") != "0":
		return true
	}
	return tty
}

func (s *streams) unicode() bool {
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if value := s.env(name); value != "" {
			value = strings.ToLower(value)
			return strings.Contains(value, "utf-8") || strings.Contains(value, "utf8")
		}
	}
	return false
}
