package daemon

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/squall-dev/squall/packs"
	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/config"
	"github.com/squall-dev/squall/runtime/trigger"
)

// endpointsOf reads the secrets of the webhooks that the configuration declares and
// checks their settings.
func endpointsOf(c config.Config) (map[string]trigger.Endpoint, error) {
	all := make(map[string]trigger.Endpoint, len(c.Webhooks))
	var errs []error
	for _, path := range slices.Sorted(maps.Keys(c.Webhooks)) {
		e, err := endpointOf(c, path)
		if err != nil {
			wrapped := automation.Invalid("webhook %s", path).Because(err)
			wrapped.Hint = automation.HintOf(err)
			errs = append(errs, wrapped)
			continue
		}
		if _, twice := all[e.Path]; twice {
			errs = append(errs, automation.Invalid("webhook %s is declared twice: slashes at its ends do not count", e.Path))
		}
		all[e.Path] = e
	}
	if err := errors.Join(errs...); err != nil {
		return nil, fmt.Errorf("configure the webhooks: %w", err)
	}
	return all, nil
}

func endpointOf(c config.Config, path string) (trigger.Endpoint, error) {
	w := c.Webhooks[path]
	secrets, err := readSecrets(w.Secrets)
	if err != nil {
		return trigger.Endpoint{}, err
	}
	e := endpoint(trigger.WebhookPath(path), w, secrets)
	return e, errors.Join(e.Check(), canCheck(c, e))
}

// endpoint is what a declaration says, wherever it stands.
func endpoint(path string, w config.Webhook, secrets []string) trigger.Endpoint {
	return trigger.Endpoint{
		Path: path, Auth: w.Auth, Header: w.Header, Prefix: w.Prefix, Algorithm: w.Algorithm, Encoding: w.Encoding,
		TimestampHeader: w.TimestampHeader, Signed: w.Signed, Username: w.Username, Subjects: w.Subjects, Secrets: secrets,
		Window: w.ReplayWindow, Observe: w.Mode == "observe",
		IdempotencyHeader: w.IdempotencyHeader, Remember: w.IdempotencyWindow,
		WaitFor: automation.Ref(w.Answer.WaitFor), Wait: w.Answer.Timeout,
	}
}

func readSecrets(places []config.Secret) ([]string, error) {
	var all []string
	for _, s := range places {
		text, err := s.Read()
		if err != nil {
			return nil, err
		}
		all = append(all, text)
	}
	return all, nil
}

// canCheck refuses an endpoint that no sender could ever satisfy.
func canCheck(c config.Config, e trigger.Endpoint) error {
	if e.Auth == trigger.AuthMTLS && c.TLS.ClientCA == "" && c.ClientSubject.Header == "" {
		return automation.Invalid("auth mtls needs somebody who verifies client certificates").
			WithHint("tls: {cert: ..., key: ..., client_ca: ...}, or client_subject: {header: ..., from: [...]} behind a proxy")
	}
	return nil
}

// packWebhooks is what the operator's configuration means for webhooks of packs.
type packWebhooks struct {
	config   config.Config
	declared map[string]trigger.Endpoint
}

// check finds the secrets that a pack's webhook names.
func (p packWebhooks) check(w packs.Webhook) (secrets []string, note string, err error) {
	if _, ours := p.declared[w.Path]; ours {
		return nil, "the server's configuration declares this path too, and wins", nil
	}
	for _, s := range w.Settings.Secrets {
		places, allowed := p.config.PackSecrets[w.Pack][s.Name]
		if !allowed {
			return nil, "", automation.Invalid("the server's configuration gives pack %s no secret %s", w.Pack, s.Name).
				WithHint("add to it: pack_secrets: {%s: {%s: [{env: VARIABLE}]}}", w.Pack, s.Name)
		}
		found, err := readSecrets(places)
		if err != nil {
			return nil, "", err
		}
		secrets = append(secrets, found...)
	}
	e := endpoint(w.Path, w.Settings, secrets)
	return secrets, "", errors.Join(e.Check(), canCheck(p.config, e))
}

// checkAlone looks at a pack's webhook without a server, and so without its secrets.
func checkAlone(w packs.Webhook) (secrets []string, note string, err error) {
	if len(w.Settings.Secrets) > 0 {
		secrets = []string{"whsec_AAAA"} // of the form that every kind accepts
	}
	return nil, "", endpoint(w.Path, w.Settings, secrets).Check()
}

// Endpoint says how a pack checks deliveries to a path.
func (c catalogue) Endpoint(path string) (trigger.Endpoint, bool) {
	w, ok := c.Webhook(path)
	if !ok {
		return trigger.Endpoint{}, false
	}
	e := endpoint(path, w.Settings, w.Secrets)
	e.Pack = w.Pack
	return e, true
}
