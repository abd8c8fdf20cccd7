// Package trigger turns what happens outside into events. A webhook is the only
// source so far.
package trigger

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/squall-dev/squall/runtime/automation"
)

// WebhookType is the trigger type of webhooks, under StackStorm's name.
const WebhookType automation.Ref = "core.st2.webhook"

// Delivery is what somebody posted to a webhook.
type Delivery struct {
	Path   string // after /api/v1/webhooks/
	Header http.Header
	Body   []byte
	// Client is who sent it, as far as a certificate tells.
	Client Client
	// Secret are further headers that are no business of rules.
	Secret []string
}

// Event turns a delivery into an event: the payload has the body (JSON if it is
// JSON, a map for a form, text otherwise) and the headers, without those that
// carry credentials.
func (d Delivery) Event() (automation.Event, error) {
	body := d.body()
	headers := d.headers()
	payload, err := json.Marshal(map[string]any{
		"body": body, "headers": headers, "headers_lower": lower(headers),
	})
	if err != nil {
		return automation.Event{}, fmt.Errorf("encode webhook payload: %w", err)
	}
	path := WebhookPath(d.Path)
	return automation.Event{
		Trigger:    WebhookType,
		Parameters: map[string]any{"url": path},
		Payload:    payload,
		Summary:    summary(path, body),
		Trace:      TraceOf(d.Header),
	}, nil
}

// traceHeader is how StackStorm's senders name the story that a delivery belongs to.
const traceHeader = "St2-Trace-Tag"

// parentHeader is how W3C Trace Context carries the same.
const parentHeader = "Traceparent"

// TraceOf is what the sender calls the story, made harmless: its trace tag, else the
// trace id of a W3C traceparent.
func TraceOf(h http.Header) string {
	if tag := tagOf(h); tag != "" {
		return tag
	}
	return parentOf(h.Get(parentHeader))
}

// parentOf is the trace id of a traceparent: version, trace id, parent id and flags. A
// later version may have more at its end. What is malformed is as if it were not there,
// which is what the standard demands.
func parentOf(header string) string {
	parts := strings.Split(strings.TrimSpace(header), "-")
	if len(parts) < 4 || len(parts) > 4 && parts[0] == "00" || parts[0] == "ff" {
		return ""
	}
	for i, length := range []int{2, 32, 16, 2} {
		if len(parts[i]) != length || strings.Trim(parts[i], "0123456789abcdef") != "" {
			return ""
		}
	}
	if strings.Trim(parts[1], "0") == "" || strings.Trim(parts[2], "0") == "" {
		return ""
	}
	return parts[1]
}

func tagOf(h http.Header) string {
	tag := strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(h.Get(traceHeader), "\uFFFD"))
	for len(tag) > automation.MostTrace {
		_, n := utf8.DecodeLastRuneInString(tag)
		tag = tag[:len(tag)-n]
	}
	return tag
}

// WebhookPath is a path as it is compared: without slashes at its ends.
func WebhookPath(s string) string { return strings.Trim(s, "/") }

// body keeps JSON as the sender wrote it, so that no number loses digits.
func (d Delivery) body() any {
	media, options, _ := mime.ParseMediaType(d.Header.Get("Content-Type"))
	if media == "application/x-www-form-urlencoded" {
		if form, err := url.ParseQuery(string(d.Body)); err == nil {
			return firstValues(form)
		}
	}
	if media == "multipart/form-data" {
		if form, ok := readMultipart(d.Body, options["boundary"]); ok {
			return form
		}
	}
	if len(d.Body) > 0 && json.Valid(d.Body) && utf8.Valid(d.Body) {
		return json.RawMessage(d.Body)
	}
	return strings.ToValidUTF8(string(d.Body), "\uFFFD")
}

// readMultipart takes the first value of each field. Files become text too, as far
// as they are.
func readMultipart(body []byte, boundary string) (map[string]string, bool) {
	if boundary == "" {
		return nil, false
	}
	form := map[string]string{}
	reader := multipart.NewReader(bytes.NewReader(body), boundary)
	for {
		part, err := reader.NextPart()
		if errors.Is(err, io.EOF) {
			return form, true
		}
		if err != nil {
			return nil, false
		}
		value, err := io.ReadAll(part) // no more than the body, which is there already
		if err != nil {
			return nil, false
		}
		if _, there := form[part.FormName()]; !there && part.FormName() != "" {
			form[part.FormName()] = strings.ToValidUTF8(string(value), "\uFFFD")
		}
	}
}

// secretHeaders carry credentials of the sender; they are no business of rules.
func secretHeader(name string) bool {
	switch http.CanonicalHeaderKey(name) {
	case "Authorization", "Proxy-Authorization", "Cookie", "X-Auth-Token", "St2-Api-Key", traceHeader:
		return true
	}
	return false
}

func (d Delivery) headers() map[string]string {
	out := map[string]string{}
	for name, values := range d.Header {
		if !secretHeader(name) && !d.secret(name) {
			out[name] = strings.ToValidUTF8(strings.Join(values, ", "), "\uFFFD")
		}
	}
	return out
}

func (d Delivery) secret(name string) bool {
	return slices.ContainsFunc(d.Secret, func(s string) bool { return strings.EqualFold(s, name) })
}

// PublicHeaders are the headers without those that carry credentials.
func (d Delivery) PublicHeaders() map[string]string { return d.headers() }

func lower(headers map[string]string) map[string]string {
	out := make(map[string]string, len(headers))
	for name, value := range headers {
		out[strings.ToLower(name)] = value
	}
	return out
}

func firstValues(form url.Values) map[string]string {
	out := make(map[string]string, len(form))
	for name, values := range form {
		if len(values) > 0 {
			out[name] = values[0]
		}
	}
	return out
}

// summary tells people in one line which delivery this was.
func summary(path string, body any) string {
	if raw, ok := body.(json.RawMessage); ok {
		if s := alertSummary(raw); s != "" {
			return path + " · " + s
		}
		return path + " · " + short(string(raw))
	}
	if text, ok := body.(string); ok && text != "" {
		return path + " · " + short(text)
	}
	return path
}

// alertSummary reads Alertmanager's shape: the commonest body by far.
func alertSummary(raw json.RawMessage) string {
	var post struct {
		Status string `json:"status"`
		Alerts []struct {
			Labels map[string]string `json:"labels"`
		} `json:"alerts"`
	}
	if json.Unmarshal(raw, &post) != nil || len(post.Alerts) == 0 {
		return ""
	}
	labels := post.Alerts[0].Labels
	parts := []string{labels["alertname"]}
	if pod := labels["pod"]; pod != "" {
		parts = append(parts, strings.TrimPrefix(labels["namespace"]+"/"+pod, "/"))
	}
	parts = append(parts, post.Status)
	if n := len(post.Alerts); n > 1 {
		parts = append(parts, fmt.Sprintf("%d alerts", n))
	}
	return short(strings.Join(parts, " · "))
}

// short cuts a text to a line of a list. Senders are strangers and lists are shown
// in terminals: nothing that a terminal obeys may pass.
func short(s string) string {
	const most = 120
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
			return ' '
		}
		return r
	}, s)
	s = strings.Join(strings.Fields(s), " ")
	if len(s) <= most {
		return s
	}
	cut := most
	for !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + "…"
}
