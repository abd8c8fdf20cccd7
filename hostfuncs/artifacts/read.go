package artifacts

import (
	"context"
	"encoding/base64"
	"fmt"
	"io"

	"github.com/squall-dev/squall/hostfuncs"
	"github.com/squall-dev/squall/runtime/automation"
)

// ReadRequest asks for a part of a file.
type ReadRequest struct {
	ID     string `json:"id,omitempty" doc:"the file's id"`
	Name   string `json:"name,omitempty" doc:"or its name: the newest of that name, of the nearest execution that has one"`
	Offset int64  `json:"offset,omitempty" doc:"where to begin, in bytes; from the end when negative"`
	Length int64  `json:"length,omitempty" doc:"how many bytes; at most 1 MiB, which is meant when absent"`
}

// ReadResponse is a part of a file. Text is never cut within a character, so that it
// may hold up to three bytes less than asked for: read on at NextOffset.
type ReadResponse struct {
	Artifact      automation.Artifact `json:"artifact"`
	Offset        int64               `json:"offset" doc:"where the part begins"`
	Content       string              `json:"content,omitempty" doc:"the part, when it is text"`
	ContentBase64 string              `json:"content_base64,omitempty" doc:"the part, when it is not text"`
	NextOffset    int64               `json:"next_offset,omitempty" doc:"where the rest begins; absent at the end of the file"`
}

func (r ReadRequest) describe() string {
	return fmt.Sprintf("read %s%s from %d", r.ID, r.Name, r.Offset)
}

// Read reads a part of a file.
func (c *Client) Read(ctx context.Context, who hostfuncs.Caller, req ReadRequest) (ReadResponse, error) {
	if err := req.check(); err != nil {
		return ReadResponse{}, err
	}
	all, err := readable(ctx, who)
	if err != nil {
		return ReadResponse{}, err
	}
	a, err := req.find(all)
	if err != nil {
		return ReadResponse{}, err
	}
	from, err := who.Files.Open(a)
	if err != nil {
		return ReadResponse{}, err
	}
	defer from.Close()
	return req.read(from, a)
}

func (r ReadRequest) check() error {
	if (r.ID == "") == (r.Name == "") {
		return automation.Invalid("a file is named by exactly one of id and name")
	}
	if r.Length < 0 || r.Length > hostfuncs.MaxReplyBytes {
		return automation.Invalid("length is %d", r.Length).WithHint("give a number of bytes from 1 to %d, and read on at next_offset", hostfuncs.MaxReplyBytes)
	}
	return nil
}

// find looks among those of the nearest execution first, and there for the newest.
func (r ReadRequest) find(all []automation.Artifact) (automation.Artifact, error) {
	found := -1
	for i, a := range all {
		switch {
		case r.ID != "" && a.ID == r.ID:
			return a, nil
		case r.Name == "" || a.Name != r.Name:
		case found < 0 || all[found].Execution == a.Execution:
			found = i
		}
	}
	if found >= 0 {
		return all[found], nil
	}
	return automation.Artifact{}, automation.NotFound("neither this execution nor one that it was started from has an artifact %s", r.ID+r.Name).
		WithHint("artifact_list says what there is; a file that is being appended to can be read once it is closed")
}

func (r ReadRequest) read(from io.ReadSeeker, a automation.Artifact) (ReadResponse, error) {
	begin := r.Offset
	if begin < 0 {
		begin = max(0, a.Size+begin)
	}
	if begin > a.Size {
		return ReadResponse{}, automation.Invalid("artifact %s has %d bytes; offset is %d", a.Name, a.Size, begin)
	}
	length := min(a.Size-begin, hostfuncs.MaxReplyBytes)
	if r.Length > 0 {
		length = min(length, r.Length)
	}
	b := make([]byte, length)
	if _, err := from.Seek(begin, io.SeekStart); err != nil {
		return ReadResponse{}, fmt.Errorf("read artifact %s: %w", a.ID, err)
	}
	if _, err := io.ReadFull(from, b); err != nil {
		return ReadResponse{}, automation.Unavailable("artifact %s could not be read", a.ID).Because(err)
	}
	return part(a, begin, b), nil
}

// part is what was read. A character that the end cuts is left for the next time, but
// for one that would leave nothing.
func part(a automation.Artifact, begin int64, b []byte) ReadResponse {
	r := ReadResponse{Artifact: a, Offset: begin}
	read := len(b)
	text, encoded := hostfuncs.Text(b, begin+int64(len(b)) < a.Size)
	if encoded == "" && (text != "" || len(b) == 0) {
		r.Content, read = text, len(text)
	} else {
		r.ContentBase64 = base64.StdEncoding.EncodeToString(b) // Text may have left bytes out
	}
	if next := begin + int64(read); next < a.Size {
		r.NextOffset = next
	}
	return r
}
