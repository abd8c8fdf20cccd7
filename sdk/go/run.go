package squall

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"runtime/debug"

	"github.com/squall-dev/squall/sdk/go/internal/host"
)

// Run serves one execution: it decodes the parameters, calls fn and writes its
// output. The result is what the exported function must return: 0 when the
// action succeeded, 1 when it did not.
//
// An error becomes the last error line of the log, which is the message that
// people see; an output given beside an error is kept, so that a failure can
// explain itself. A panic is an error whose stack is logged.
func Run[In, Out any](fn func(In) (Out, error)) int32 {
	out, err := attempt(fn)
	if err == nil || !isZero(out) {
		err = errors.Join(err, write(out))
	}
	if err != nil {
		Errorf("%s", explain(err))
		return 1
	}
	return 0
}

func attempt[In, Out any](fn func(In) (Out, error)) (out Out, err error) {
	defer func() {
		if p := recover(); p != nil {
			Debugf("%s", debug.Stack())
			err = fmt.Errorf("the action panicked: %v", p)
		}
	}()
	var in In
	if err := json.Unmarshal(host.Input(), &in); err != nil {
		return out, fmt.Errorf("read the parameters: %w", err)
	}
	return fn(in)
}

func write(out any) error {
	b, err := encode(out)
	if err != nil {
		return fmt.Errorf("write the output: %w", err)
	}
	host.Output(b)
	return nil
}

// isZero tells an output that fn filled from one that it left alone.
func isZero(out any) bool { return out == nil || reflect.ValueOf(out).IsZero() }

// explain keeps the hint of a refused host call in the one line that people see.
func explain(err error) string {
	var refused *HostError
	if errors.As(err, &refused) && refused.Hint != "" {
		return err.Error() + " - " + refused.Hint
	}
	return err.Error()
}
