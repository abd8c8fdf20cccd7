package squall_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	squall "github.com/squall-dev/squall/sdk/go"
	"github.com/squall-dev/squall/sdk/go/squalltest"
)

type in struct {
	Name string `json:"name"`
}

type out struct {
	Text string `json:"text"`
}

func TestRun(t *testing.T) {
	t.Parallel()
	refused := &squall.HostError{Kind: squall.ErrDenied, Message: "may not", Hint: "add a line"}
	tests := []struct {
		name       string
		parameters string
		fn         func(in) (out, error)
		code       int32
		output     string
		message    string
	}{
		{"parameters become output", `{"name":"Ada"}`, func(i in) (out, error) { return out{"hi " + i.Name}, nil }, 0, `{"text":"hi Ada"}`, ""},
		{"an empty output is still written", `{}`, func(in) (out, error) { return out{}, nil }, 0, `{"text":""}`, ""},
		{"marks of HTML stay readable", `{}`, func(in) (out, error) { return out{"<a & b>"}, nil }, 0, `{"text":"<a & b>"}`, ""},
		{"an error is the message", `{}`, func(in) (out, error) { return out{}, errors.New("no luck") }, 1, "", "no luck"},
		{"an output beside an error is kept", `{}`, func(in) (out, error) { return out{"half"}, errors.New("no luck") }, 1, `{"text":"half"}`, "no luck"},
		{"a refusal brings its hint", `{}`, func(in) (out, error) { return out{}, fmt.Errorf("ask: %w", refused) }, 1, "", "ask: may not - add a line"},
		{"a panic is an error", `{}`, func(in) (out, error) { panic("oh") }, 1, "", "the action panicked: oh"},
		{"parameters of another type are named", `{"name":3}`, func(in) (out, error) { return out{}, nil }, 1, "", "read the parameters: json: cannot unmarshal number into Go struct field in.name of type string"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := squalltest.New().Run(func() int32 { return squall.Run(tt.fn) }, tt.parameters)
			if got.Code != tt.code || string(got.Output) != tt.output || got.Message() != tt.message {
				t.Errorf("code %d, output %s, message %q; want %d, %s, %q",
					got.Code, got.Output, got.Message(), tt.code, tt.output, tt.message)
			}
		})
	}
}

func TestAnOutputThatIsNotJSONFails(t *testing.T) {
	t.Parallel()
	action := func(in) (any, error) { return func() {}, nil }
	got := squalltest.New().Run(func() int32 { return squall.Run(action) }, `{}`)
	if got.Code != 1 || !strings.HasPrefix(got.Message(), "write the output: ") {
		t.Errorf("code %d, message %q", got.Code, got.Message())
	}
}

func TestThePlaceOfAPanicIsLogged(t *testing.T) {
	t.Parallel()
	action := func(in) (out, error) { panic("oh") }
	got := squalltest.New().Run(func() int32 { return squall.Run(action) }, `{}`)
	if !strings.Contains(got.LogText(), "run_test.go") {
		t.Errorf("no stack in the log:\n%s", got.LogText())
	}
}

func TestWarmAcceptsEveryType(t *testing.T) {
	t.Parallel()
	squall.Warm[in, out]()
	squall.Warm[any, func()]()
	squall.Warm[*in, map[string]out]()
}

func TestLogLevels(t *testing.T) {
	t.Parallel()
	got := squalltest.New().Run(func() int32 {
		squall.Debugf("a %d", 1)
		squall.Infof("b")
		squall.Warnf("c")
		squall.Errorf("d")
		return 0
	}, `{}`)
	if want := "debug: a 1\ninfo: b\nwarning: c\nerror: d\n"; got.LogText() != want {
		t.Errorf("log %q, want %q", got.LogText(), want)
	}
}
