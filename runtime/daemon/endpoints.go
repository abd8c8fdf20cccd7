package daemon

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/config"
	"github.com/squall-dev/squall/runtime/trigger"
)

// endpointsOf reads the secrets of declared webhooks and checks their settings.
func endpointsOf(declared map[string]config.Webhook) (map[string]trigger.Endpoint, error) {
	all := make(map[string]trigger.Endpoint, len(declared))
	var errs []error
	for _, path := range slices.Sorted(maps.Keys(declared)) {
		e, err := endpointOf(trigger.WebhookPath(path), declared[path])
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

func endpointOf(path string, w config.Webhook) (trigger.Endpoint, error) {
	e := trigger.Endpoint{
		Path: path, Auth: w.Auth, Header: w.Header, Prefix: w.Prefix, Algorithm: w.Algorithm, Encoding: w.Encoding,
		TimestampHeader: w.TimestampHeader, Username: w.Username, Window: w.ReplayWindow, Observe: w.Mode == "observe",
		IdempotencyHeader: w.IdempotencyHeader, Remember: w.IdempotencyWindow,
		WaitFor: automation.Ref(w.Answer.WaitFor), Wait: w.Answer.Timeout,
	}
	for _, s := range w.Secrets {
		text, err := s.Read()
		if err != nil {
			return e, err
		}
		e.Secrets = append(e.Secrets, text)
	}
	return e, e.Check()
}
