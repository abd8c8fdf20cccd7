package main

import (
	"strings"
	"testing"

	squall "github.com/squall-dev/squall/sdk/go"
	"github.com/squall-dev/squall/sdk/go/squalltest"
)

func TestLook(t *testing.T) {
	t.Parallel()
	const two = `[{"id":9007199254740993},{"id":1}]`
	tests := []struct {
		name, cursor, body string
		status             int
		output, message    string
	}{
		{"the first poll remembers where the feed stands", `null`, two, 200, `{"events":[],"cursor":"9007199254740993"}`, ""},
		{"what is above the last one seen is new", `"1"`, two, 200,
			`{"events":[{"trigger":"item","payload":{"id":"9007199254740993","item":{"id":9007199254740993}}}],"cursor":"9007199254740993"}`, ""},
		{"nothing new keeps the cursor", `"9007199254740993"`, two, 200, `{"events":[],"cursor":"9007199254740993"}`, ""},
		{"items come oldest first; all of them when the last one seen is gone", `"gone"`, `{"items":[{"id":"b"},{"id":"a"}]}`, 200,
			`{"events":[{"trigger":"item","payload":{"id":"a","item":{"id":"a"}}},{"trigger":"item","payload":{"id":"b","item":{"id":"b"}}}],"cursor":"b"}`, ""},
		{"an empty feed has a place too", `null`, `[]`, 200, `{"events":[],"cursor":""}`, ""},
		{"an empty feed that fills", `""`, `[{"id":"a"}]`, 200, `{"events":[{"trigger":"item","payload":{"id":"a","item":{"id":"a"}}}],"cursor":"a"}`, ""},
		{"a server that fails", `"1"`, two, 500, "", "status 500"},
		{"an item without an id", `"1"`, `[{"id":2},{"title":"x"}]`, 200, "", "item 1: it has no id"},
		{"what is no feed", `"1"`, `hello`, 200, "", "neither a JSON Feed nor a JSON list"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := squalltest.New()
			s.Config(map[string]string{"feed_url": "https://example.com/feed"})
			squalltest.Handle(s, "http_send", func(squall.HTTPRequest) (squall.HTTPReply, error) {
				return squall.HTTPReply{Status: tt.status, Body: tt.body}, nil
			})
			got := s.Run(poll, `{"cursor":`+tt.cursor+`}`)
			if string(got.Output) != tt.output || !strings.Contains(got.Message(), tt.message) || (got.Code == 0) != (tt.message == "") {
				t.Errorf("code %d, output %s, message %q", got.Code, got.Output, got.Message())
			}
		})
	}
}

func TestWithoutAnAddressNothingIsAsked(t *testing.T) {
	t.Parallel()
	s := squalltest.New()
	s.Config(map[string]string{})
	got := s.Run(poll, `{"cursor":null}`)
	if got.Code != 0 || string(got.Output) != `{"events":[],"cursor":null}` || len(got.Calls) != 1 {
		t.Errorf("code %d, output %s, calls %v", got.Code, got.Output, got.Calls)
	}
}

func TestOnePollRaisesABoundedNumber(t *testing.T) {
	t.Parallel()
	var all []item
	for range 3 * most {
		all = append(all, item{id: strings.Repeat("x", len(all)+1)})
	}
	got := newer(all, "none")
	if len(got) != most || got[0].id != all[len(all)-1].id {
		t.Errorf("%d items, the first %q", len(got), got[0].id)
	}
}
