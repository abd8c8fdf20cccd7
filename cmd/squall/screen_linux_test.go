package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"syscall"
	"testing"
	"unsafe"
)

// openScreen makes a pseudo-terminal: what is written to screen is read from
// keeper as a terminal would get it.
func openScreen(t *testing.T) (keeper, screen *os.File) {
	t.Helper()
	keeper, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Skip("no pseudo-terminals here: ", err)
	}
	var number, unlocked uint32
	control := func(request uintptr, value *uint32) {
		if _, _, failed := syscall.Syscall(syscall.SYS_IOCTL, keeper.Fd(), request, uintptr(unsafe.Pointer(value))); failed != 0 {
			t.Skip("no pseudo-terminals here: ", failed)
		}
	}
	control(syscall.TIOCSPTLCK, &unlocked)
	control(syscall.TIOCGPTN, &number)
	screen, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Skip("no pseudo-terminals here: ", err)
	}
	return keeper, screen
}

// seen runs a command line on a screen and returns what reaches it.
func seen(t *testing.T, args ...string) string {
	t.Helper()
	keeper, screen := openScreen(t)
	defer keeper.Close()
	all := make(chan string)
	go func() {
		text, _ := io.ReadAll(keeper) // ends with an error when the screen is closed
		all <- string(text)
	}()
	c := newCLI(&streams{in: strings.NewReader(""), out: screen, err: screen})
	withToken(c)
	root := newRootCommand(c)
	root.SetArgs(args)
	cmd, err := root.ExecuteContextC(t.Context())
	c.report(args, cmd, err)
	screen.Close()
	return <-all
}

// evil is the fake server with text in every answer that steers terminals.
func evil(f http.Handler) http.Handler {
	const text = `E\u001b[2JV\u001b]0;owned\u0007\u009b2JI\u202eL\r\b`
	words := strings.NewReplacer("say hello", text, `"hello"`, `"`+text+`"`, "line 1", text, "pod ", text, "Says it again", text,
		"Node", text, "unknown key", text, "POST pprof", text, "heap", text, "text/plain", text)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer := httptest.NewRecorder()
		f.ServeHTTP(answer, r)
		for name, values := range answer.Header() {
			w.Header()[name] = values
		}
		w.Header().Del("Content-Length")
		w.WriteHeader(answer.Code)
		io.WriteString(w, words.Replace(answer.Body.String()))
	})
}

func TestNothingSteersAScreen(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(evil(newFake()))
	t.Cleanup(server.Close)
	reached := 0
	for _, line := range []string{
		"execution list", "execution get " + good, "execution get " + bad, "execution logs " + good, "execution wait " + bad,
		"event list", "event get " + event, "rule list", "rule get labs_sre.on_memory", "rule test labs_sre.on_memory --event " + event,
		"action list", "action get core.echo", "pack list", "artifact list", "artifact get " + file, "execution get missing",
		"execution get " + good + " --jq .output.said", "execution list --fields summary", "execution get " + good + " --jq .",
	} {
		for _, format := range []string{"table", "wide", "json", "jsonl", "yaml", "name"} {
			args := append(strings.Fields(line), "-o", format, "--color", "never", "--server", server.URL)
			text := strings.ReplaceAll(seen(t, args...), "\r\n", "\n") // the terminal's own ends of lines
			if at := strings.IndexFunc(text, func(r rune) bool { return r != '\n' && r != '\t' && steers(r) }); at >= 0 {
				t.Errorf("%s: %q reaches the screen", args, text[at:min(at+20, len(text))])
			}
			if strings.Contains(text, "owned") {
				reached++
			}
		}
	}
	if reached < 40 {
		t.Errorf("only %d answers held what this test is about", reached)
	}
}
