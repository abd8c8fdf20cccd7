package client

import (
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func read(text string) (all []message, end error) {
	messages := newMessages(strings.NewReader(text))
	for {
		m, err := messages.next()
		if err != nil {
			return all, err
		}
		all = append(all, m)
	}
}

func TestMessages(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		text string
		want []message
	}{
		"a whole message":               {"id: 1\nevent: a\ndata: {}\n\n", []message{{id: "1", event: "a", data: "{}"}}},
		"carriage returns":              {"data: x\r\n\r\n", []message{{data: "x"}}},
		"data of several lines":         {"data: a\ndata:b\n\n", []message{{data: "a\nb"}}},
		"an id that stays":              {"id: 1\ndata: a\n\ndata: b\n\n", []message{{id: "1", data: "a"}, {id: "1", data: "b"}}},
		"heartbeats are no messages":    {": beat\n\n: beat\n\ndata: a\n\n", []message{{data: "a"}}},
		"unknown fields are passed by":  {"color: red\ndata: a\n\n", []message{{data: "a"}}},
		"a wish for patience":           {"retry: 2000\n\n", []message{{retry: 2 * time.Second}}},
		"a wish that is no number":      {"retry: soon\n\n", []message{{}}},
		"the cut off rest is dropped":   {"data: a\n\ndata: b\n", []message{{data: "a"}}},
		"a line longer than the buffer": {"data: " + strings.Repeat("x", 10000) + "\n\n", []message{{data: strings.Repeat("x", 10000)}}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := read(tc.text)
			if diff := cmp.Diff(tc.want, got, cmp.AllowUnexported(message{})); diff != "" || err != io.EOF {
				t.Error(err, diff)
			}
		})
	}
}

func TestMessageWithoutEndIsRefused(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"data: " + strings.Repeat("x", maxMessage), strings.Repeat("data: x\n", maxMessage/6)} {
		if _, err := read(text); !errors.Is(err, errMessageTooLong) {
			t.Errorf("got %v", err)
		}
	}
}

func FuzzMessages(f *testing.F) {
	f.Add("id: 1\nevent: a\ndata: {}\n\n")
	f.Add(": beat\n\nretry: 1\ndata\n\n")
	f.Fuzz(func(t *testing.T, text string) {
		all, err := read(text)
		if err == nil {
			t.Fatal("no end")
		}
		for _, m := range all {
			if strings.ContainsAny(m.id+m.event, "\n") || m.retry < 0 {
				t.Fatalf("%+v", m)
			}
		}
	})
}
