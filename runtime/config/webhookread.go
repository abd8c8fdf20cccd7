package config

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// Problem is something wrong at a place in a file.
type Problem struct {
	Line, Column int
	Text, Hint   string
}

// ReadWebhook reads a file of a pack that declares one webhook: the keys of the
// configuration's, and path. Secrets are named and nothing else.
func ReadWebhook(data []byte) (path string, w Webhook, problems []Problem) {
	var document yaml.Node
	if err := yaml.Unmarshal(data, &document); err != nil || len(document.Content) == 0 {
		return "", w, []Problem{{Line: 1, Column: 1, Text: "the file is not one YAML document"}}
	}
	r := &webhookReader{pack: true}
	r.read(document.Content[0], &w)
	path = strings.Trim(r.path, "/")
	if path == "" && len(r.problems) == 0 {
		r.problem(document.Content[0], "path: github", "a webhook of a pack needs a path")
	}
	return path, w, r.problems
}

// UnmarshalYAML refuses what has no effect, which the decoder can not know.
func (w *Webhook) UnmarshalYAML(n *yaml.Node) error {
	r := &webhookReader{}
	r.read(n, w)
	return r.asError()
}

// UnmarshalYAML never repeats what stands in the place of a secret's place: it may be
// the secret.
func (s *Secret) UnmarshalYAML(n *yaml.Node) error {
	r := &webhookReader{}
	if n.Kind != yaml.MappingNode {
		r.problem(n, "{env: VARIABLE} or {file: /path}", "a secret itself must not stand here")
	} else {
		*s = r.secret(n)
	}
	return r.asError()
}

// asError gives the decoder the problems in its own form: it collects them.
func (r *webhookReader) asError() error {
	if len(r.problems) == 0 {
		return nil
	}
	wrong := &yaml.TypeError{}
	for _, p := range r.problems {
		text := fmt.Sprintf("line %d: %s", p.Line, p.Text)
		if p.Hint != "" {
			text += " (" + p.Hint + ")"
		}
		wrong.Errors = append(wrong.Errors, text)
	}
	return wrong
}

// webhookReader reads one webhook and goes on after a problem, so that people see
// all of them at once.
type webhookReader struct {
	pack     bool
	path     string
	entries  int // read so far: merged mappings may multiply
	problems []Problem
}

// mostEntries is more than any webhook needs.
const mostEntries = 1000

func (r *webhookReader) problem(n *yaml.Node, hint, format string, args ...any) {
	r.problems = append(r.problems, Problem{Line: max(n.Line, 1), Column: max(n.Column, 1), Text: fmt.Sprintf(format, args...), Hint: hint})
}

func (r *webhookReader) read(n *yaml.Node, w *Webhook) {
	keys := map[string]*yaml.Node{} // where each stands
	known := r.webhookFields(w)
	for _, e := range r.mapping(n, "a webhook", 0) {
		if _, there := known[e.key.Value]; there {
			keys[e.key.Value] = e.key
		}
		r.field(e, "a webhook", known)
	}
	if len(keys) > 0 || len(r.problems) == 0 {
		r.checkKind(n, w, keys)
	}
}

func (r *webhookReader) webhookFields(w *Webhook) map[string]any {
	known := map[string]any{
		"auth": &w.Auth, "header": &w.Header, "prefix": &w.Prefix, "algorithm": &w.Algorithm, "encoding": &w.Encoding,
		"timestamp_header": &w.TimestampHeader, "signed": &w.Signed, "username": &w.Username, "subjects": &w.Subjects,
		"replay_window": &w.ReplayWindow, "mode": &w.Mode, "idempotency_header": &w.IdempotencyHeader, "idempotency_window": &w.IdempotencyWindow,
		"secrets": func(v *yaml.Node) { w.Secrets = r.secrets(v) },
		"answer":  func(v *yaml.Node) { r.answer(v, &w.Answer) },
	}
	if r.pack {
		known["path"] = &r.path
	}
	return known
}

// field reads one value into its place, or hands it to its reader.
func (r *webhookReader) field(e yamlEntry, what string, known map[string]any) {
	switch into := known[e.key.Value].(type) {
	case nil:
		names := slices.Sorted(maps.Keys(known))
		r.problem(e.key, "keys: "+strings.Join(names, ", "), "%s has no key %s%s", what, e.key.Value, near(e.key.Value, names))
	case func(*yaml.Node):
		into(e.value)
	default:
		if err := e.value.Decode(into); err != nil {
			text := strings.ReplaceAll(readable(err).Error(), "\n", ", ")
			if _, after, ok := strings.Cut(text, ": "); ok && strings.HasPrefix(text, "line ") {
				text = after
			}
			r.problem(e.value, "", "%s: %s", e.key.Value, text)
		}
	}
}

func (r *webhookReader) answer(n *yaml.Node, a *WebhookAnswer) {
	for _, e := range r.mapping(n, "answer", 0) {
		r.field(e, "answer", map[string]any{"wait_for": &a.WaitFor, "timeout": &a.Timeout})
	}
	if a.WaitFor == "" && a.Timeout != 0 {
		r.problem(n, "wait_for: pack.rule", "answer has a timeout and nothing to wait for")
	}
}

// secrets reads where secrets stand. What somebody wrote in the place of that may be
// the secret itself, and is never repeated.
func (r *webhookReader) secrets(n *yaml.Node) []Secret {
	list := resolved(n)
	if list.Kind != yaml.SequenceNode {
		r.problem(n, r.secretForm(), "secrets must be a list")
		return nil
	}
	var all []Secret
	for _, item := range list.Content {
		if resolved(item).Kind != yaml.MappingNode {
			r.problem(item, r.secretForm(), "a secret itself must not stand here")
			continue
		}
		all = append(all, r.secret(item))
	}
	return all
}

func (r *webhookReader) secretForm() string {
	if r.pack {
		return "secrets: [{name: NAME}], and in the server's configuration pack_secrets: {PACK: {NAME: [{env: VARIABLE}]}}"
	}
	return "secrets: [{env: VARIABLE}] or [{file: /path}]"
}

func (r *webhookReader) secret(n *yaml.Node) Secret {
	var s Secret
	known := map[string]any{"env": &s.Env, "file": &s.File}
	if r.pack {
		known = map[string]any{"name": &s.Name}
	}
	entries := r.mapping(n, "a secret", 0)
	for _, e := range entries {
		_, there := known[e.key.Value]
		switch {
		case !there && r.pack && (e.key.Value == "env" || e.key.Value == "file"):
			r.problem(e.key, r.secretForm(), "a pack names a secret; where it stands is the operator's to say")
		case !there && e.key.Value == "name":
			r.problem(e.key, r.secretForm(), "only packs name secrets; here it is said where one stands")
		default:
			r.field(e, "a secret", known)
		}
	}
	if len(entries) != 1 {
		r.problem(n, r.secretForm(), "a secret has exactly one key")
	}
	return s
}
