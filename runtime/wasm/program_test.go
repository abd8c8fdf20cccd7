package wasm

import (
	"context"
	"testing"

	"github.com/squall-dev/squall/hostfuncs"
	"github.com/squall-dev/squall/runtime/automation"
)

func TestACommandFindsItsArgumentsAfterTheActionsName(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		args []string
		want string
	}{
		{"no arguments", nil, "bad hello"},
		{"an option and a script", []string{"-c", "print(1)"}, "bad hello\x00-c\x00print(1)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			m, err := newEngine(t, Options{}).LoadProgram(context.Background(), "cat", fixture(t, "cat"), Program{Args: c.args})
			if err != nil {
				t.Fatal(err)
			}
			last := ""
			log := func(_ automation.LogLevel, text string) { last = text }
			res, err := m.Call(context.Background(), Call{Export: "hello", Input: []byte("1"), Caller: hostfuncs.Caller{Log: log}})
			if err != nil || res.Code != "" {
				t.Fatal(res, err)
			}
			if last != c.want {
				t.Errorf("the program saw %q, want %q", last, c.want)
			}
		})
	}
}
