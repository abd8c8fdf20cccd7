package artifacts_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/squall-dev/squall/hostfuncs"
	"github.com/squall-dev/squall/hostfuncs/artifacts"
	"github.com/squall-dev/squall/hostfuncs/hostfuncstest"
	"github.com/squall-dev/squall/runtime/automation"
)

const own, above = "65f0c0de0000000000000001", "65f0c0de0000000000000009"

// desk is a caller who may keep artifacts of up to 16 bytes, and read what the
// execution above has kept.
func desk(t *testing.T) (*artifacts.Client, hostfuncs.Caller, *hostfuncstest.Sink) {
	t.Helper()
	c, err := artifacts.New(artifacts.Options{})
	if err != nil {
		t.Fatal(err)
	}
	sink := &hostfuncstest.Sink{Execution: own}
	parent := automation.Artifact{ID: "65f0c0de000000000000000a", Execution: above, Name: "heap", Size: 5}
	return c, hostfuncs.Caller{
		Execution: own, Artifacts: sink, Appends: &hostfuncs.Appends{},
		Files:  hostfuncstest.Files{Own: sink, Above: []hostfuncstest.File{{Artifact: parent, Content: []byte("above")}}},
		Grants: automation.Capabilities{Artifacts: []automation.ArtifactCapability{{MaxBytes: 16}}},
	}, sink
}

func TestAFileGrowsPieceByPiece(t *testing.T) {
	t.Parallel()
	c, who, sink := desk(t)
	for i, piece := range []artifacts.AppendRequest{
		{Name: "a.txt", MediaType: "text/plain", Content: "one "}, {Name: "b", ContentBase64: "/w=="}, {Name: "a.txt", Content: "two"},
	} {
		if r, err := c.Append(t.Context(), who, piece); err != nil || r.Artifact != nil || r.Size == 0 {
			t.Fatalf("piece %d: %+v, %v", i, r, err)
		}
	}
	if len(sink.Kept()) != 0 {
		t.Error("kept before it was closed")
	}
	r, err := c.Append(t.Context(), who, artifacts.AppendRequest{Name: "a.txt", Content: "!", Close: true})
	if err != nil || r.Artifact == nil || r.Size != 8 || r.Artifact.MediaType != "text/plain" || string(sink.Kept()[0].Content) != "one two!" {
		t.Fatalf("%+v, %v", r, err)
	}
	if lost := who.Appends.CloseAll(); len(lost) != 0 || len(sink.Kept()) != 2 || string(sink.Kept()[1].Content) != "\xff" || sink.Open() != 0 {
		t.Errorf("at the end: lost %v, kept %v", lost, sink.Kept())
	}
	if _, err := c.Append(t.Context(), who, artifacts.AppendRequest{Name: "late"}); !errors.Is(err, automation.ErrConflict) {
		t.Errorf("after the end: %v", err)
	}
}

func TestAPieceThatDoesNotFitLosesNothing(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		req  artifacts.AppendRequest
		kind error
	}{
		{"more than the pack may keep", artifacts.AppendRequest{Name: "a", Content: strings.Repeat("x", 14)}, automation.ErrInvalid},
		{"another media type", artifacts.AppendRequest{Name: "a", MediaType: "text/html"}, automation.ErrInvalid},
		{"text and base64", artifacts.AppendRequest{Name: "a", Content: "x", ContentBase64: "/w=="}, automation.ErrInvalid},
		{"a name that is none", artifacts.AppendRequest{Name: "a/b", Content: "x"}, automation.ErrInvalid},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c, who, sink := desk(t)
			if _, err := c.Append(t.Context(), who, artifacts.AppendRequest{Name: "a", Content: "one"}); err != nil {
				t.Fatal(err)
			}
			if _, err := c.Append(t.Context(), who, tt.req); !errors.Is(err, tt.kind) {
				t.Errorf("got %v", err)
			}
			who.Appends.CloseAll()
			if kept := sink.Kept(); len(kept) != 1 || string(kept[0].Content) != "one" {
				t.Errorf("kept %v", kept)
			}
		})
	}
}

func TestOnlySoManyFilesGrowAtOnce(t *testing.T) {
	t.Parallel()
	c, who, _ := desk(t)
	for i := range hostfuncs.MaxAppended {
		if _, err := c.Append(t.Context(), who, artifacts.AppendRequest{Name: fmt.Sprint("n", i)}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := c.Append(t.Context(), who, artifacts.AppendRequest{Name: "more"}); !errors.Is(err, automation.ErrInvalid) || automation.HintOf(err) == "" {
		t.Errorf("got %v", err)
	}
	if _, err := c.Append(t.Context(), who, artifacts.AppendRequest{Name: "n3", Close: true}); err != nil {
		t.Error(err)
	}
	if _, err := c.Append(t.Context(), who, artifacts.AppendRequest{Name: "more"}); err != nil {
		t.Error(err)
	}
}

func TestADiskThatFailsIsSaid(t *testing.T) {
	t.Parallel()
	c, who, sink := desk(t)
	sink.Fail = automation.Unavailable("the disk is full")
	if _, err := c.Append(t.Context(), who, artifacts.AppendRequest{Name: "a", Content: "x"}); !errors.Is(err, automation.ErrUnavailable) || sink.Open() != 0 {
		t.Errorf("got %v, %d open", err, sink.Open())
	}
}

func TestList(t *testing.T) {
	t.Parallel()
	c, who, _ := desk(t)
	for _, name := range []string{"heap", "report"} {
		if _, err := c.Create(t.Context(), who, artifacts.CreateRequest{Name: name, Content: name}); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct {
		req  artifacts.ListRequest
		want string
	}{
		{artifacts.ListRequest{}, "heap report heap"},
		{artifacts.ListRequest{Own: true}, "heap report"},
		{artifacts.ListRequest{Name: "heap"}, "heap heap"},
		{artifacts.ListRequest{Name: "nope"}, ""},
	} {
		r, err := c.List(t.Context(), who, tt.req)
		var names []string
		for _, a := range r.Artifacts {
			names = append(names, a.Name)
		}
		if got := strings.Join(names, " "); err != nil || got != tt.want || r.Artifacts == nil {
			t.Errorf("%+v: %q, %v", tt.req, got, err)
		}
	}
}

func TestRead(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, content    string
		req              artifacts.ReadRequest
		text, bytes      string
		offset, next     int64
		kind             error
		ofWhom, fileName string
	}{
		{name: "all of it", content: "all is well", req: artifacts.ReadRequest{Name: "f"}, text: "all is well"},
		{name: "a middle", content: "all is well", req: artifacts.ReadRequest{Name: "f", Offset: 4, Length: 2}, text: "is", offset: 4, next: 6},
		{name: "an end", content: "all is well", req: artifacts.ReadRequest{Name: "f", Offset: -4}, text: "well", offset: 7},
		{name: "more than there is from the end", content: "x", req: artifacts.ReadRequest{Name: "f", Offset: -9}, text: "x"},
		{name: "nothing, at the end", content: "x", req: artifacts.ReadRequest{Name: "f", Offset: 1}, offset: 1},
		{name: "an empty file", content: "", req: artifacts.ReadRequest{Name: "f"}},
		{name: "a character is not cut", content: "aé!", req: artifacts.ReadRequest{Name: "f", Length: 2}, text: "a", next: 1},
		{name: "but one byte is one byte", content: "é!", req: artifacts.ReadRequest{Name: "f", Length: 1}, bytes: "\xc3", next: 1},
		{name: "bytes lose nothing at a cut", content: "\xffa\xc3\xa9", req: artifacts.ReadRequest{Name: "f", Length: 3}, bytes: "\xffa\xc3", next: 3},
		{name: "a file from above", req: artifacts.ReadRequest{Name: "heap"}, text: "above", ofWhom: above, fileName: "heap"},
		{name: "a file from above, by id", req: artifacts.ReadRequest{ID: "65f0c0de000000000000000a"}, text: "above", ofWhom: above, fileName: "heap"},
		{name: "behind the end", content: "x", req: artifacts.ReadRequest{Name: "f", Offset: 2}, kind: automation.ErrInvalid},
		{name: "too much", req: artifacts.ReadRequest{Name: "f", Length: hostfuncs.MaxReplyBytes + 1}, kind: automation.ErrInvalid},
		{name: "a negative length", req: artifacts.ReadRequest{Name: "f", Length: -1}, kind: automation.ErrInvalid},
		{name: "nothing named", req: artifacts.ReadRequest{}, kind: automation.ErrInvalid},
		{name: "named twice", req: artifacts.ReadRequest{ID: "x", Name: "f"}, kind: automation.ErrInvalid},
		{name: "somebody else's", req: artifacts.ReadRequest{ID: "65f0c0de00000000000000ff"}, kind: automation.ErrNotFound},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c, who, _ := desk(t)
			create := artifacts.CreateRequest{Name: "f", ContentBase64: base64.StdEncoding.EncodeToString([]byte(tt.content))}
			if _, err := c.Create(t.Context(), who, create); err != nil {
				t.Fatal(err)
			}
			r, err := c.Read(t.Context(), who, tt.req)
			if !errors.Is(err, tt.kind) {
				t.Fatalf("got %v", err)
			}
			got, _ := base64.StdEncoding.DecodeString(r.ContentBase64)
			if r.Content != tt.text || string(got) != tt.bytes || r.Offset != tt.offset || r.NextOffset != tt.next {
				t.Errorf("%+v", r)
			}
			if tt.ofWhom != "" && (r.Artifact.Execution != tt.ofWhom || r.Artifact.Name != tt.fileName) {
				t.Errorf("it is %+v", r.Artifact)
			}
		})
	}
}

func TestTheNewestOfANameIsRead(t *testing.T) {
	t.Parallel()
	c, who, _ := desk(t)
	for _, content := range []string{"old", "new"} {
		if _, err := c.Create(t.Context(), who, artifacts.CreateRequest{Name: "heap", Content: content}); err != nil {
			t.Fatal(err)
		}
	}
	if r, err := c.Read(t.Context(), who, artifacts.ReadRequest{Name: "heap"}); err != nil || r.Content != "new" {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestFilesNeedTheRight(t *testing.T) {
	t.Parallel()
	c, _, _ := desk(t)
	set, err := hostfuncs.NewSet(c.Funcs())
	if err != nil {
		t.Fatal(err)
	}
	for name, f := range set {
		if got, _ := f.Call(t.Context(), hostfuncs.Caller{}, nil); !strings.Contains(string(got), `"denied"`) || !strings.Contains(string(got), "artifacts: [") {
			t.Errorf("%s: %s", name, got)
		}
	}
}

// Whatever part of whatever file is asked for, reading on gives the file.
func FuzzReadingOnGivesTheFile(f *testing.F) {
	f.Add([]byte("aé\xff€"), int64(1))
	f.Add([]byte("\U0001F300\U0001F300"), int64(3))
	f.Fuzz(func(t *testing.T, content []byte, length int64) {
		if length <= 0 || len(content) > 256 {
			return
		}
		c, who, _ := desk(t)
		who.Grants.Artifacts[0].MaxBytes = 256
		if _, err := c.Create(t.Context(), who, artifacts.CreateRequest{Name: "f", ContentBase64: base64.StdEncoding.EncodeToString(content)}); err != nil {
			t.Fatal(err)
		}
		var got []byte
		for offset := int64(0); ; {
			r, err := c.Read(t.Context(), who, artifacts.ReadRequest{Name: "f", Offset: offset, Length: min(length, 256)})
			if err != nil || !utf8.ValidString(r.Content) {
				t.Fatal(err, r)
			}
			b, _ := base64.StdEncoding.DecodeString(r.ContentBase64)
			got = append(append(got, r.Content...), b...)
			if r.NextOffset == 0 {
				break
			}
			if r.NextOffset <= offset {
				t.Fatalf("it does not go on from %d: %+v", offset, r)
			}
			offset = r.NextOffset
		}
		if string(got) != string(content) {
			t.Errorf("got %q, want %q", got, content)
		}
	})
}

// Whatever a guest sends, it gets an envelope.
func FuzzRequests(f *testing.F) {
	for _, seed := range []string{`{"name":"f","offset":-9223372036854775808}`, `{"name":"f","content":"x","close":true}`, `{"id":"","own":true}`, "\xff{", `[]`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, request []byte) {
		c, who, _ := desk(t)
		for _, fn := range c.Funcs() {
			envelope, record := fn.Call(t.Context(), who, request)
			var reply map[string]json.RawMessage
			if err := json.Unmarshal(envelope, &reply); err != nil || len(reply) != 1 || strings.Contains(record.Message, "fault in the host function") {
				t.Errorf("%s: %s, %+v", fn.Name, envelope, record)
			}
		}
	})
}
