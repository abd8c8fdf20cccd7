package squall

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/squall-dev/squall/sdk/go/internal/host"
)

// Call performs a host call by name, for functions that this package does not
// know. The request is encoded as JSON; the result is decoded into result, a
// pointer, unless that is nil. A refusal is a [*HostError].
//
// Prefer the typed functions: the server can check them when the pack is loaded.
func Call(name string, request, result any) error {
	by := func(request []byte) []byte { return host.Call(name, request) }
	return ask(name, by, request, result)
}

// ask is one round trip: request out, envelope in. A null or absent "ok" leaves
// result as it is.
func ask(name string, perform func([]byte) []byte, request, result any) error {
	out, err := encode(request)
	if err != nil {
		return fmt.Errorf("%s: encode the request: %w", name, err)
	}
	var envelope struct {
		OK    json.RawMessage `json:"ok"`
		Error *HostError      `json:"error"`
	}
	if err := json.Unmarshal(perform(out), &envelope); err != nil {
		return fmt.Errorf("%s: decode the envelope: %w", name, err)
	}
	if envelope.Error != nil {
		return envelope.Error
	}
	if result == nil || len(envelope.OK) == 0 {
		return nil
	}
	if err := json.Unmarshal(envelope.OK, result); err != nil {
		return fmt.Errorf("%s: decode the result: %w", name, err)
	}
	return nil
}

// none is the request of host functions that take nothing.
type none struct{}

// encode leaves <, > and & as they are: what it writes is read by people, and
// never stands in HTML.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}
