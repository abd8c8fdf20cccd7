package extismabi

import (
	"encoding/json"
	"fmt"
	"strings"
)

// Request is what a plugin asks of the web.
type Request struct {
	URL     string            `json:"url"`
	Method  string            `json:"method"`
	Headers map[string]string `json:"headers"`
	Body    []byte            `json:"-"`
}

// HTTPRequest reads a request from two blocks, which it frees, and forgets the last
// answer. The body may be absent.
func (k *Kernel) HTTPRequest(request, body uint64) (Request, error) {
	k.status, k.headers = 0, map[string]string{}
	b, err := k.takeBytes(request)
	if err != nil {
		return Request{}, err
	}
	var r Request
	if err := json.Unmarshal(b, &r); err != nil {
		return Request{}, fmt.Errorf("the HTTP request is not valid: %w", err)
	}
	r.Method = strings.ToUpper(r.Method)
	if body != 0 {
		r.Body, err = k.takeBytes(body)
	}
	return r, err
}

// HTTPResponse takes over an answer and puts its body into a new block; zero when
// it is empty.
func (k *Kernel) HTTPResponse(status int, headers map[string]string, body []byte) (uint64, error) {
	k.status, k.headers = status, make(map[string]string, len(headers))
	for name, value := range headers {
		k.headers[strings.ToLower(name)] = value
	}
	return k.Write(body)
}

// HTTPStatus is the status of the last answer; zero before the first.
func (k *Kernel) HTTPStatus() int { return k.status }

// HTTPHeaders puts the header fields of the last answer, as one JSON object with
// names in lower case, into a new block.
func (k *Kernel) HTTPHeaders() (uint64, error) {
	headers := k.headers
	if headers == nil {
		headers = map[string]string{}
	}
	b, err := json.Marshal(headers)
	if err != nil {
		return 0, fmt.Errorf("encode the header fields: %w", err)
	}
	return k.Write(b)
}
