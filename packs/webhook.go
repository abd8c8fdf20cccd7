package packs

import (
	"errors"
	"fmt"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/config"
)

// Webhook is a webhook whose senders a pack says how to check.
type Webhook struct {
	Pack, Path string
	Settings   config.Webhook
	// Secrets are those that the settings name, found where the operator said.
	Secrets  []string
	Position automation.Position
}

// readWebhook reads webhooks/*.yaml: the keys that the server's configuration has,
// and path.
func readWebhook(file, pack string, data []byte) (Webhook, error) {
	d, err := parse(file, data)
	if err != nil {
		return Webhook{}, err
	}
	w := Webhook{Pack: pack, Position: d.position(d.root)}
	var problems []config.Problem
	w.Path, w.Settings, problems = config.ReadWebhook(data)
	var errs []error
	for _, p := range problems {
		e := invalid("%s:%d:%d: %s", file, p.Line, p.Column, p.Text)
		e.Hint = p.Hint
		errs = append(errs, e)
	}
	return w, errors.Join(errs...)
}

// checkWebhooks finds the secrets of the pack's webhooks.
func (l *Loader) checkWebhooks(p *Pack) []error {
	if l.webhookFunc == nil {
		return nil
	}
	var errs []error
	for i := range p.Webhooks {
		w := &p.Webhooks[i]
		secrets, note, err := l.webhookFunc(*w)
		if err != nil {
			e := invalid("%s: webhook %s", place(w.Position), w.Path).Because(err)
			e.Hint = hintOf(err)
			errs = append(errs, e)
		}
		if note != "" {
			p.Notes = append(p.Notes, fmt.Sprintf("%s: webhook %s: %s", place(w.Position), w.Path, note))
		}
		w.Secrets = secrets
	}
	return errs
}

// Webhook finds what a pack says of the senders to a path, which is without slashes
// at its ends.
func (s *Snapshot) Webhook(path string) (Webhook, bool) {
	w, ok := s.webhooks[path]
	return w, ok
}

// checkWebhooks refuses a pack that declares a path of another one: which of them
// counts must not depend on which was loaded first.
func (s *Snapshot) checkWebhooks(p *Pack) error {
	var errs []error
	for i := range p.Webhooks {
		w := &p.Webhooks[i]
		if other, taken := s.webhooks[w.Path]; taken && other.Pack != p.Name {
			errs = append(errs, automation.Conflict("%s: webhook %s is declared by pack %s in %s already", place(w.Position), w.Path, other.Pack, place(other.Position)).
				WithCode("invalid_pack").WithHint("keep one of the two, or declare the path in the server's configuration instead of both"))
		}
	}
	return joined(errs)
}
