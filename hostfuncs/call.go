package hostfuncs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
)

// Granted reports whether a pack with these capabilities may use the function at
// all: nil, or an error of kind ErrDenied that names the missing line.
func (f Func) Granted(c automation.Capabilities) error {
	if f.granted == nil {
		return nil
	}
	return f.granted(c)
}

// Call performs a call and returns the envelope for the guest and the record for
// the history. It never fails: every error is an envelope.
func (f Func) Call(ctx context.Context, who Caller, request []byte) (envelope []byte, record automation.HostCall) {
	record = automation.HostCall{Name: f.Name, StartedAt: time.Now(), RequestBytes: len(request)}
	response, err := f.protected(ctx, who, request, &record)
	record.Duration = time.Since(record.StartedAt)
	if err == nil {
		if envelope, err = json.Marshal(reply{OK: response}); err != nil {
			err = fmt.Errorf("encode the reply of %s: %w", f.Name, err)
		}
	}
	if err != nil {
		record.Error, record.Message = automation.KindOf(err), err.Error()
		envelope = Refusal(err)
	}
	if who.Scrub != nil {
		if r, is := response.(revealing); err != nil || !is || !r.Reveals() {
			envelope = who.Scrub(envelope)
		}
		record.Message, record.Detail = string(who.Scrub([]byte(record.Message))), string(who.Scrub([]byte(record.Detail)))
		if record.Change != nil {
			record.Change.Diff = string(who.Scrub([]byte(record.Change.Diff)))
		}
	}
	record.ReplyBytes = len(envelope)
	return envelope, record
}

// revealing is a response that may hold secret values on purpose: the pack may see
// them. Everything else that the guest is told has none; records never have any.
type revealing interface{ Reveals() bool }

// protected turns a panic into an error: a fault in one host function must not
// take the server down.
func (f Func) protected(ctx context.Context, who Caller, request []byte, record *automation.HostCall) (response any, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%s: fault in the host function: %v", f.Name, p)
		}
	}()
	if err := who.Permit(f.Granted); err != nil {
		return nil, err
	}
	if ctx.Err() != nil {
		return nil, Interrupted(ctx, f.Name)
	}
	p, err := f.prepare(request)
	if err != nil {
		return nil, err
	}
	record.Detail, record.Change = p.detail, p.change
	return p.carryOut(ctx, who, record)
}

// carryOut reads, changes, or says in a dry run what would be changed.
func (p prepared) carryOut(ctx context.Context, who Caller, record *automation.HostCall) (any, error) {
	switch {
	case p.change == nil:
	case who.DryRun:
		response, diff, err := p.preview(ctx, who)
		p.change.Diff, record.WouldDo = diff, err == nil
		return response, err
	case who.Gate != nil:
		settle, err := who.Gate(*p.change)
		if err != nil {
			record.Held = true
			return nil, err
		}
		return p.settled(ctx, who, settle)
	}
	return p.do(ctx, who)
}

// settled tells the gate what came of a change, also when it panics.
func (p prepared) settled(ctx context.Context, who Caller, settle func(error)) (response any, err error) {
	err = errors.New("the host function panicked")
	defer func() { settle(err) }()
	response, err = p.do(ctx, who)
	return response, err
}
