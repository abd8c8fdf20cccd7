package main

import (
	"testing"

	"github.com/squall-dev/squall/sdk/go/squalltest"
)

func TestActions(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name       string
		action     func() int32
		parameters string
		code       int32
		output     string
		message    string
	}{
		{"echo gives back its message", echo, `{"message":"hi"}`, 0, `{"message":"hi"}`, ""},
		{"noop has no output", noop, `{}`, 0, `null`, ""},
		{"sleep says how long it waited", sleep, `{"seconds":0.001}`, 0, `{"seconds":0.001}`, ""},
		{"sleep refuses a negative time", sleep, `{"seconds":-1}`, 1, ``, "seconds is -1: nobody can wait less than nothing"},
		{"fail fails with its message", fail, `{"message":"no luck"}`, 1, ``, "no luck"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := squalltest.New().Run(tt.action, tt.parameters)
			if got.Code != tt.code || string(got.Output) != tt.output || got.Message() != tt.message {
				t.Errorf("code %d, output %s, message %q; want %d, %s, %q",
					got.Code, got.Output, got.Message(), tt.code, tt.output, tt.message)
			}
		})
	}
}

func TestEchoLogsItsMessage(t *testing.T) {
	t.Parallel()
	got := squalltest.New().Run(echo, `{"message":"50% done"}`)
	if want := "info: 50% done\n"; got.LogText() != want {
		t.Errorf("log %q, want %q", got.LogText(), want)
	}
}
