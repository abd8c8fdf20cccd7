package wasm

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/squall-dev/squall/hostfuncs"
	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/wasm/extismabi"
)

// extismAround are the functions of what is around a plugin: variables,
// configuration, the web and the log.
func extismAround() []kernelFunc {
	return []kernelFunc{
		{"var_get", "I", "I", func(_ *run, k *extismabi.Kernel, a []uint64) (err error) {
			a[0], err = k.VarGet(a[0])
			return err
		}},
		{"var_set", "II", "", func(_ *run, k *extismabi.Kernel, a []uint64) error { return k.VarSet(a[0], a[1]) }},
		{"config_get", "I", "I", extismConfig},
		{"http_request", "II", "I", extismHTTP},
		{"http_status_code", "", "i", telling(func(k *extismabi.Kernel, _ []uint64) uint64 { return uint64(uint32(k.HTTPStatus())) })},
		{"http_headers", "", "I", func(_ *run, k *extismabi.Kernel, a []uint64) (err error) {
			a[0], err = k.HTTPHeaders()
			return err
		}},
		{"get_log_level", "", "i", telling(func(*extismabi.Kernel, []uint64) uint64 { return extismLevelInfo })},
		{"log_trace", "I", "", extismLog(automation.LevelDebug)},
		{"log_debug", "I", "", extismLog(automation.LevelDebug)},
		{"log_info", "I", "", extismLog(automation.LevelInfo)},
		{"log_warn", "I", "", extismLog(automation.LevelWarning)},
		{"log_error", "I", "", extismLog(automation.LevelError)},
	}
}

// extismLevelInfo is what a PDK is told that asks how much to log: what people read
// in a history, not what fills it. A plugin that logs below it without asking means
// it, and is kept like the debug lines of every other guest.
const extismLevelInfo = 2

// extismLog adds the content of a block to the execution's log and frees it.
func extismLog(level automation.LogLevel) func(*run, *extismabi.Kernel, []uint64) error {
	return func(r *run, k *extismabi.Kernel, a []uint64) error {
		line, err := k.Bytes(a[0])
		if err != nil {
			return err
		}
		r.log.add(level, string(line))
		r.checkpoint()
		return k.Free(a[0])
	}
}

// extismConfig looks up the pack's configuration. While the module starts there is
// none: what a plugin made of another pack's, or of none, would be in every run.
func extismConfig(r *run, k *extismabi.Kernel, a []uint64) error {
	if r.phase != running {
		return errors.New("the configuration belongs to executions: it can not be read while the plugin starts")
	}
	name, err := k.Bytes(a[0])
	if err != nil {
		return err
	}
	text, err := r.configured(string(name))
	if err != nil {
		return err
	}
	a[0], err = k.Write(text)
	return err
}

func (r *run) configured(name string) ([]byte, error) {
	if p := r.world.replay; p != nil {
		return []byte(p.tape.Config[name]), nil
	}
	text, err := configText(r.caller.Config[name])
	if err == nil {
		r.world.record.configured(name, string(text))
	}
	return text, err
}

// configText writes a value as Extism's configuration has it: text as it is,
// anything else as JSON, nothing for what is not set.
func configText(v any) ([]byte, error) {
	switch v := v.(type) {
	case nil:
		return nil, nil
	case string:
		return []byte(v), nil
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, fmt.Errorf("the configured value can not be written as JSON: %w", err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// functionHTTP serves Extism's http_request, so that it is granted, counted and
// recorded like any other host call.
const functionHTTP = "http_send"

// httpSend is what http_send takes, as far as Extism's requests need it.
type httpSend struct {
	Method     string            `json:"method,omitempty"`
	URL        string            `json:"url"`
	Headers    map[string]string `json:"headers,omitempty"`
	Body       string            `json:"body,omitempty"`
	BodyBase64 string            `json:"body_base64,omitempty"`
}

// httpReply is the envelope that comes back.
type httpReply struct {
	OK *struct {
		Status     int               `json:"status"`
		Headers    map[string]string `json:"headers"`
		Body       string            `json:"body"`
		BodyBase64 string            `json:"body_base64"`
		Truncated  bool              `json:"truncated"`
	} `json:"ok"`
	Error *struct {
		Message string `json:"message"`
		Hint    string `json:"hint"`
	} `json:"error"`
}

// extismHTTP sends a plugin's HTTP request. The ABI has no way to say no, so a
// refusal ends the run, as it does in go-sdk.
func extismHTTP(r *run, k *extismabi.Kernel, a []uint64) error {
	req, err := k.HTTPRequest(a[0], a[1])
	if err != nil {
		return err
	}
	wire := httpSend{Method: req.Method, URL: req.URL, Headers: req.Headers}
	wire.Body, wire.BodyBase64 = hostfuncs.Text(req.Body, false)
	request, err := json.Marshal(wire)
	if err != nil {
		return fmt.Errorf("encode the request: %w", err)
	}
	var reply httpReply
	if err := json.Unmarshal(r.hostCall(functionHTTP, request), &reply); err != nil {
		return fmt.Errorf("decode the answer: %w", err)
	}
	if reply.Error != nil || reply.OK == nil {
		return r.httpStop(reply)
	}
	a[0], err = takeResponse(k, reply)
	return err
}

// takeResponse hands an answer to the plugin. Half of one would pass for the whole:
// as in go-sdk, one that is too large ends the run.
func takeResponse(k *extismabi.Kernel, reply httpReply) (uint64, error) {
	if reply.OK.Truncated {
		return 0, fmt.Errorf("the answer is larger than %s", bytesText(hostfuncs.MaxReplyBytes))
	}
	body, err := hostfuncs.Bytes(reply.OK.Body, reply.OK.BodyBase64, "body")
	if err != nil {
		return 0, err
	}
	return k.HTTPResponse(reply.OK.Status, reply.OK.Headers, body)
}

func (r *run) httpStop(reply httpReply) *stop {
	s := &stop{automation.CodeTrap, "the HTTP request got no answer"}
	if reply.Error != nil {
		s.message = "the HTTP request got no answer: " + reply.Error.Message
		if reply.Error.Hint != "" {
			s.message += " (" + reply.Error.Hint + ")"
		}
	}
	if r.hostCalls > r.limits.HostCalls {
		s.code = automation.CodeHostCallLimit
	}
	return s
}
