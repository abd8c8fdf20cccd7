package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/client"
)

func TestTableFitsTheScreen(t *testing.T) {
	t.Parallel()
	grid := table{trimmed: true, rows: [][]cell{
		{{"ID", toneFaint}, {"SUMMARY", toneFaint}},
		{{"é1", toneBad}, {"a long summary of it all", tonePlain}},
		{{"", tonePlain}, {"short", tonePlain}},
	}}
	cases := map[string]struct {
		screen terminal
		want   string
	}{
		"a pipe has tabs":       {terminal{}, "ID\tSUMMARY\né1\ta long summary of it all\n-\tshort\n"},
		"a screen has columns":  {terminal{tty: true, width: 16}, "ID  SUMMARY\né1  a long summ…\n-   short\n"},
		"an unknown width":      {terminal{tty: true}, "ID  SUMMARY\né1  a long summary of it all\n-   short\n"},
		"too narrow to cut":     {terminal{tty: true, width: 9}, "ID  SUMMARY\né1  a long summary of it all\n-   short\n"},
		"colour takes no space": {terminal{tty: true, width: 16, colour: true}, "\x1b[2mID\x1b[0m  \x1b[2mSUMMARY\x1b[0m\n\x1b[31mé1\x1b[0m  a long summ…\n-   short\n"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			if err := grid.write(&out, tc.screen); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, out.String()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestTextFromOutsideCanNotSteerTheTerminal(t *testing.T) {
	t.Parallel()
	for _, evil := range []string{"\x1b[2J", "\x9b2J", "\u009b2J", "\r", "\b", "\u202e", "\x00"} {
		var out bytes.Buffer
		p := &page{w: &out, t: terminal{tty: true}}
		p.line("%s", evil)
		p.pair("name", evil)
		p.block("name", evil)
		if strings.Contains(out.String(), evil) || strings.Contains(oneLine(evil), evil) {
			t.Errorf("%q came through: %q", evil, out.String())
		}
	}
}

func TestStyleOfPeopleAndPrograms(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	c := &cli{now: func() time.Time { return now }}
	screen, pipe := terminal{tty: true, unicode: true}, terminal{}
	ascii := terminal{tty: true}
	got := []string{
		c.when(screen, now.Add(-90*time.Second)), c.when(pipe, now.Add(-90*time.Second)), c.when(screen, now.Add(-72*time.Hour)), c.when(pipe, time.Time{}),
		screen.status(automation.Failed), ascii.status(automation.Failed), pipe.status(automation.TimedOut),
		took(1234567 * time.Nanosecond), took(83 * time.Second),
	}
	want := []string{"1m", "2026-11-22T09:58:30Z", "3d", "-", "✗ failed", "x failed", "timed_out", "1.2ms", "1m23s"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestColourIsAsPeopleWish(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		wish string
		env  map[string]string
		tty  bool
		want bool
	}{
		"a screen":                    {"auto", nil, true, true},
		"a pipe":                      {"auto", nil, false, false},
		"NO_COLOR on a screen":        {"auto", map[string]string{"NO_COLOR": "1"}, true, false},
		"a dumb screen":               {"auto", map[string]string{"TERM": "dumb"}, true, false},
		"forced in a pipe":            {"auto", map[string]string{"CLICOLOR_FORCE": "1"}, false, true},
		"not forced by 0":             {"auto", map[string]string{"CLICOLOR_FORCE": "0"}, false, false},
		"NO_COLOR goes before force":  {"auto", map[string]string{"CLICOLOR_FORCE": "1", "NO_COLOR": "1"}, true, false},
		"the flag goes before it all": {"always", map[string]string{"NO_COLOR": "1"}, false, true},
		"never":                       {"never", map[string]string{"CLICOLOR_FORCE": "1"}, true, false},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &streams{env: func(name string) string { return tc.env[name] }}
			if got := s.colour(tc.wish, tc.tty); got != tc.want {
				t.Errorf("got %v", got)
			}
		})
	}
}

func TestNearestWords(t *testing.T) {
	t.Parallel()
	known := []string{"k8s.drain", "k8s.describe", "core.echo", "core.fail", "http.get"}
	cases := map[string][]string{
		"k8s.drian": {"k8s.drain"},
		"core.ehco": {"core.echo"},
		"http":      {"http.get"},
		"core":      {"core.echo", "core.fail"},
		"zzzzzz":    nil,
		"":          nil,
	}
	for given, want := range cases {
		if diff := cmp.Diff(want, nearest(given, known)); diff != "" {
			t.Errorf("%s: %s", given, diff)
		}
	}
}

func TestErrorsHaveTheirExitCode(t *testing.T) {
	t.Parallel()
	cases := map[int]error{
		exitOK: nil, exitUnexpected: &automation.Error{Message: "fault"}, exitUsage: usage("x"), exitNotFound: automation.NotFound("x"),
		exitDenied: &client.Failure{Problem: automation.Denied("x")}, exitInvalid: automation.Conflict("x"), exitFailed: unsuccessful(automation.Execution{}),
		exitTimeout: errWaitTimeout.WithHint("x"), exitUnreachable: automation.Unavailable("x"), exitInterrupted: errInterrupted,
	}
	for code, err := range cases {
		if got := exitOf(err); got != code {
			t.Errorf("%v: got %d, not %d", err, got, code)
		}
	}
}

func TestWatchKeepsTheListInOrder(t *testing.T) {
	t.Parallel()
	row := func(id string, status automation.Status) automation.ExecutionSummary {
		return automation.ExecutionSummary{ID: id, Action: "core.echo", Status: status}
	}
	var out bytes.Buffer
	c := newCLI(&streams{out: &out, env: func(string) string { return "" }})
	w := &watcher{cli: c, most: 3, screen: terminal{tty: true}, query: client.ExecutionQuery{Statuses: []automation.Status{automation.Running}, Action: "core.*"}}
	for _, e := range []automation.ExecutionSummary{
		row("b", automation.Running), row("d", automation.Running), row("a", automation.Running), row("c", automation.Running),
		row("d", automation.Succeeded), {ID: "e", Action: "labs.x", Status: automation.Running},
	} {
		if err := w.take(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
	var ids []string
	for _, e := range w.rows {
		ids = append(ids, e.ID)
	}
	if diff := cmp.Diff([]string{"c", "b"}, ids); diff != "" {
		t.Error(diff)
	}
	frames := strings.Split(out.String(), "\x1b[J")
	if last := frames[len(frames)-1]; len(frames) != 6 || strings.Count(last, "\n") != 3 || !strings.HasSuffix(frames[4], "\x1b[3A") {
		t.Errorf("%d frames, the last %q", len(frames), last)
	}
}

func TestWatchOfAPipeGetsALineAChange(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(newFake())
	defer server.Close()
	defer server.CloseClientConnections()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	read, written := io.Pipe()
	c := newCLI(&streams{out: written, err: io.Discard})
	withToken(c)
	root := newRootCommand(c)
	root.SetArgs(strings.Fields("execution list --watch --status succeeded -o jsonl --fields id,summary --server " + server.URL))
	ended := make(chan error, 1)
	go func() { ended <- root.ExecuteContext(ctx) }()
	var got []string
	for lines := bufio.NewScanner(read); len(got) < 3 && lines.Scan(); {
		got = append(got, lines.Text())
	}
	cancel()
	if err := <-ended; !errors.Is(err, errInterrupted) {
		t.Errorf("ended with %v", err)
	}
	want := []string{`{"id":"` + good + `","summary":"say hello"}`, `{"id":"` + bad + `","summary":"say hello"}`, `{"id":"` + later + `","summary":"at last"}`}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
