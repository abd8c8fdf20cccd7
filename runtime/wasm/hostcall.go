package wasm

import (
	"bytes"
	"encoding/json"
	"strings"
	"time"

	"github.com/squall-dev/squall/hostfuncs"
	"github.com/squall-dev/squall/runtime/automation"
)

const (
	maxRecords = 1000 // host calls that the history keeps
	maxName    = 100  // bytes of a name that a guest made up
	maxRequest = maxChannel
)

// hostCall performs a host call and returns the envelope. A refusal is an
// envelope too: the guest decides what it means.
func (r *run) hostCall(name string, request []byte) []byte {
	r.ofTheAction()
	r.hostCalls++
	if r.hostCalls > 2*r.limits.HostCalls+100 { // it does not listen
		panic(&stop{automation.CodeHostCallLimit, "the action goes on making host calls after its limit of " + countText(int64(r.limits.HostCalls))})
	}
	if len(request) <= maxRequest {
		request = bytes.Clone(request) // the guest's memory is not ours to keep
	}
	envelope, record := r.answer(name, request)
	r.world.record.call(record.Name, request[:min(len(request), maxRequest)], envelope)
	r.hostTime += record.Duration
	r.hostBytes += int64(len(request) + len(envelope))
	if len(r.records) < maxRecords {
		r.records = append(r.records, record)
	}
	r.checkpoint()
	return envelope
}

func (r *run) answer(name string, request []byte) ([]byte, automation.HostCall) {
	if p := r.world.replay; p != nil && r.phase == running {
		return p.call(name, request)
	}
	switch f, known := r.module.engine.hosts[name]; {
	case r.phase != running:
		return refuse(name, request, automation.Unavailable("host calls are not possible while the module starts"))
	case r.hostBytes+int64(len(request)) > r.limits.HostBytes:
		return refuse(name, request, automation.Denied("the host calls of the action have moved all of their %s", bytesText(r.limits.HostBytes)).
			WithHint("keep large data in artifacts, or raise limits.host_bytes in pack.yaml"))
	case r.hostCalls > r.limits.HostCalls:
		return refuse(name, request, automation.Denied("the action has made all of its %d host calls", r.limits.HostCalls).
			WithHint("raise limits.host_calls in pack.yaml"))
	case len(request) > maxRequest: // before it is copied, as often as the guest likes
		return refuse(name, request, automation.Invalid("the request has %s, the limit is %s", bytesText(int64(len(request))), bytesText(maxRequest)))
	case !known:
		return refuse(name, request, automation.NotFound("there is no host function %q", short(name)).
			WithHint("sdk/abi/abi.json lists them all"))
	default:
		ctx := r.hostContext() // first: it completes the caller
		return f.Call(ctx, r.caller, request)
	}
}

// refuse makes the envelope and the record of a call that was not made.
func refuse(name string, request []byte, err error) ([]byte, automation.HostCall) {
	envelope := hostfuncs.Refusal(err)
	return envelope, automation.HostCall{
		Name: short(name), StartedAt: time.Now(), Error: automation.KindOf(err), Message: err.Error(),
		RequestBytes: len(request), ReplyBytes: len(envelope),
	}
}

// nameOf copies a name from a guest's memory. Of one that is too long to be known
// it leaves enough to say so.
func nameOf(b []byte) string { return string(b[:min(len(b), maxName+1)]) }

func short(name string) string {
	if len(name) > maxName {
		name = name[:maxName] + "..."
	}
	return strings.ToValidUTF8(name, "\uFFFD")
}

// channel is file descriptor 3, over which programs that can import no functions
// make host calls: a line with the request in, a line with the envelope out.
type channel struct {
	request lineBuffer
	replies []byte // not yet read
}

// maxChannel bounds an unfinished request, and the replies that nobody reads.
const maxChannel = 16 << 20

func (r *run) writeChannel(b []byte) {
	r.ofTheAction()
	c := &r.channel
	if len(c.request.rest)+len(b) > maxChannel {
		panic(&stop{automation.CodeTrap, "the action wrote more than " + bytesText(maxChannel) + " to file descriptor 3 without a line end"})
	}
	c.request.write(b, func(line string) {
		if len(c.replies) > maxChannel {
			panic(&stop{automation.CodeTrap, "the action does not read the replies to its host calls"})
		}
		c.replies = append(append(c.replies, r.channelCall([]byte(line))...), '\n')
	})
}

func (r *run) channelCall(line []byte) []byte {
	var req struct {
		Call    string          `json:"call"`
		Request json.RawMessage `json:"request"`
	}
	if err := json.Unmarshal(line, &req); err != nil || req.Call == "" {
		return hostfuncs.Refusal(automation.Invalid(`a line for file descriptor 3 is {"call": NAME, "request": OBJECT}`))
	}
	if req.Request == nil {
		req.Request = json.RawMessage("{}")
	}
	return r.hostCall(req.Call, req.Request)
}
