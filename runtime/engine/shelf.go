package engine

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/squall-dev/squall/hostfuncs"
	"github.com/squall-dev/squall/runtime/automation"
)

// shelve turns the large bodies of a tape into artifacts, so that the history's rows
// stay small. A tape whose bodies can not be kept says that it is not complete.
func (e *Engine) shelve(ctx context.Context, sink hostfuncs.ArtifactSink, attempt int, t *automation.Tape) {
	if t == nil || sink == nil {
		return
	}
	for i := range t.Calls {
		c := &t.Calls[i]
		name := fmt.Sprintf("tape-%d-%d-%s", attempt, i+1, c.Name)
		err := shelveBody(ctx, sink, name+"-request.json", &c.Request, &c.RequestIn)
		if err == nil {
			err = shelveBody(ctx, sink, name+"-reply.json", &c.Reply, &c.ReplyIn)
		}
		if err != nil {
			e.Logger.Error("a large body of a tape could not be kept", "artifact", name, "err", err)
			t.Incomplete, t.Calls = "its large bodies could not be kept", t.Calls[:i]
			return
		}
	}
}

func shelveBody(ctx context.Context, sink hostfuncs.ArtifactSink, name string, body *json.RawMessage, in **automation.BodyRef) error {
	if len(*body) <= automation.LargeBody {
		return nil
	}
	w, err := sink.Create(ctx, name, automation.MediaTypeTapeBody, int64(len(*body)))
	if err != nil {
		return err
	}
	defer w.Abort()
	if _, err := w.Write(*body); err != nil {
		return err
	}
	kept, err := w.Commit()
	if err != nil {
		return err
	}
	*in, *body = &automation.BodyRef{Artifact: kept.ID, Size: kept.Size}, nil
	return nil
}
