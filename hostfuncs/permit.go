package hostfuncs

import (
	"errors"

	"github.com/squall-dev/squall/runtime/automation"
)

// Permit asks check about what the pack asks for, and then about what the operator
// grants: the right is there when both allow it. check returns nil or an error of
// kind ErrDenied whose hint is the line that is missing; where it is the operator's
// grant that lacks it, the hint says so.
func (c Caller) Permit(check func(automation.Capabilities) error) error {
	if err := check(c.Grants); err != nil {
		return err
	}
	if c.Ceiling == nil {
		return nil
	}
	err := check(*c.Ceiling)
	if err == nil || !errors.Is(err, automation.ErrDenied) {
		return err
	}
	return automation.Denied("%s: it asks for this, and the operator does not grant it", err.Error()).
		WithHint("see what is granted: squall pack capabilities %s", c.Pack)
}
