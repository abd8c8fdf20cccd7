package hostfuncs

import (
	"context"
	"fmt"
	"io"

	"github.com/squall-dev/squall/runtime/automation"
)

// Received is a stream as a guest gets to see it: its text, its base64 or the
// artifact that it became.
type Received struct {
	Text, Base64 string
	Size         int64 // bytes that were read
	Truncated    bool  // there is more, which was not read
	Artifact     *automation.Artifact
}

// Receive reads a stream on behalf of who: into an artifact when spec is set, of
// which the guest sees only the description, else the beginning into the guest.
// A positive maxBytes narrows what is read; an artifact that would be larger is
// refused whole. So is a stream that ends once ctx is done: a server that is hung up
// on may end its answer as if it were whole.
func Receive(ctx context.Context, who Caller, from io.Reader, spec *ArtifactSpec, maxBytes int64) (Received, error) {
	if spec == nil {
		return receiveBody(ctx, from, maxBytes)
	}
	w, err := spec.Open(ctx, who, maxBytes)
	if err != nil {
		return Received{}, err
	}
	defer w.Abort()
	source := &source{from: from}
	size, err := io.Copy(w, source)
	if source.err != nil {
		return Received{}, brokenOff(ctx, source.err)
	}
	if ctx.Err() != nil {
		return Received{}, brokenOff(ctx, nil)
	}
	if err != nil {
		return Received{}, fmt.Errorf("keep artifact %s: %w", spec.Name, err)
	}
	kept, err := w.Commit()
	if err != nil {
		return Received{}, fmt.Errorf("keep artifact %s: %w", spec.Name, err)
	}
	return Received{Size: size, Artifact: &kept}, nil
}

func receiveBody(ctx context.Context, from io.Reader, maxBytes int64) (r Received, err error) {
	limit := int64(MaxReplyBytes)
	if maxBytes > 0 {
		limit = min(limit, maxBytes)
	}
	b, err := io.ReadAll(io.LimitReader(from, limit+1))
	if err != nil || ctx.Err() != nil {
		return Received{}, brokenOff(ctx, err)
	}
	if int64(len(b)) > limit {
		b, r.Truncated = b[:limit], true
	}
	r.Size = int64(len(b))
	r.Text, r.Base64 = Text(b, r.Truncated)
	return r, nil
}

func brokenOff(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return Interrupted(ctx, "read the answer")
	}
	return automation.Unavailable("the answer broke off").Because(err)
}

// source tells the errors of a reader from those of the writer that io.Copy
// writes to.
type source struct {
	from io.Reader
	err  error
}

func (s *source) Read(p []byte) (int, error) {
	n, err := s.from.Read(p)
	if err != nil && err != io.EOF {
		s.err = err
	}
	return n, err
}
