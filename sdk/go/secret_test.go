package squall_test

import (
	"encoding/json"
	"testing"

	squall "github.com/squall-dev/squall/sdk/go"
	"github.com/squall-dev/squall/sdk/go/squalltest"
)

func TestSecret(t *testing.T) {
	t.Parallel()
	s := squalltest.New()
	squalltest.Handle(s, "secret", func(got json.RawMessage) (any, error) {
		switch string(got) {
		case `{"name":"slack"}`:
			return map[string]string{"handle": "$SQUALL_SECRET{slack}"}, nil
		case `{"name":"slack","reveal":true}`:
			return map[string]string{"value": "xoxb"}, nil
		}
		t.Errorf("asked with %s", got)
		return nil, nil
	})
	var handle, value string
	s.Run(func() int32 {
		return squall.Run(func(struct{}) (any, error) {
			var err error
			if handle, err = squall.Secret("slack"); err != nil {
				return nil, err
			}
			value, err = squall.RevealSecret("slack")
			return nil, err
		})
	}, `{}`)
	if handle != "$SQUALL_SECRET{slack}" || value != "xoxb" {
		t.Errorf("handle %q, value %q", handle, value)
	}
}
