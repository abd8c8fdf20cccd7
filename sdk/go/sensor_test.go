package squall_test

import (
	"errors"
	"testing"
	"time"

	squall "github.com/squall-dev/squall/sdk/go"
	"github.com/squall-dev/squall/sdk/go/squalltest"
)

func TestPoll(t *testing.T) {
	t.Parallel()
	count := func(n int) ([]squall.Found, int, error) {
		return []squall.Found{{Trigger: "tick", Payload: map[string]int{"n": n + 1}}}, n + 1, nil
	}
	tests := []struct {
		name    string
		input   string
		fn      func(int) ([]squall.Found, int, error)
		code    int32
		output  string
		message string
	}{
		{"the first poll gets the zero value", `{"cursor":null}`, count, 0, `{"events":[{"trigger":"tick","payload":{"n":1}}],"cursor":1}`, ""},
		{"the next goes on from its cursor", `{"cursor":7}`, count, 0, `{"events":[{"trigger":"tick","payload":{"n":8}}],"cursor":8}`, ""},
		{"what the server adds later is no error", `{"config":{},"cursor":7}`, count, 0, `{"events":[{"trigger":"tick","payload":{"n":8}}],"cursor":8}`, ""},
		{"nothing found is an empty list", `{"cursor":7}`, func(n int) ([]squall.Found, int, error) { return nil, n, nil }, 0, `{"events":[],"cursor":7}`, ""},
		{"a key is passed on", `{"cursor":7}`, func(n int) ([]squall.Found, int, error) { return []squall.Found{{Trigger: "tick", Key: "k"}}, n, nil },
			0, `{"events":[{"trigger":"tick","payload":null,"key":"k"}],"cursor":7}`, ""},
		{"after an error nothing is answered", `{"cursor":7}`,
			func(n int) ([]squall.Found, int, error) {
				return []squall.Found{{Trigger: "tick"}}, n + 1, errors.New("no luck")
			}, 1, "", "no luck"},
		{"a cursor of another type is named", `{"cursor":"x"}`, count, 1, "",
			"read the parameters: json: cannot unmarshal string into Go struct field polled[int].cursor of type int"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := squalltest.New().Run(func() int32 { return squall.Poll(tt.fn) }, tt.input)
			if got.Code != tt.code || string(got.Output) != tt.output || got.Message() != tt.message {
				t.Errorf("code %d, output %s, message %q; want %d, %s, %q", got.Code, got.Output, got.Message(), tt.code, tt.output, tt.message)
			}
		})
	}
}

func TestPollAgain(t *testing.T) {
	t.Parallel()
	got := squalltest.New().Run(func() int32 {
		return squall.PollAgain(func(n int) ([]squall.Found, int, time.Duration, error) { return nil, n, 1500 * time.Millisecond, nil })
	}, `{"cursor":1}`)
	if want := `{"events":[],"cursor":1,"poll_after":1.5}`; string(got.Output) != want {
		t.Errorf("output %s, want %s", got.Output, want)
	}
}
