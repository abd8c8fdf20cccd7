package daemon

import (
	"maps"
	"net"
	"slices"
	"strings"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/config"
	"github.com/squall-dev/squall/runtime/trigger"
)

// webhooksDeclared looks for webhooks that anybody in the network may post to, and
// for declared ones that nobody listens to: a typing error in either place.
func (d *doctor) webhooksDeclared() finding {
	listened := d.webhooks()
	var problems, hints []string
	if idle := d.idleWebhooks(listened); len(idle) > 0 {
		problems = append(problems, "declared, but no enabled rule listens to it: "+strings.Join(idle, ", "))
		hints = append(hints, "compare them with what rules listen to: squall webhook list")
	}
	if open := d.openWebhooks(listened); len(open) > 0 && !loopback(d.config.Listen) {
		problems = append(problems, "anybody who reaches "+d.config.Listen+" may post to: "+strings.Join(open, ", "))
		hints = append(hints, "declare how their senders are checked under webhooks: in the configuration")
	}
	if len(problems) > 0 {
		return warning(strings.Join(problems, "; "), strings.Join(hints, "; "))
	}
	return ok(count(len(listened), "webhook", "webhooks"))
}

func (d *doctor) idleWebhooks(listened map[string][]automation.Ref) []string {
	var idle []string
	for _, path := range slices.Sorted(maps.Keys(d.config.Webhooks)) {
		if len(listened[trigger.WebhookPath(path)]) == 0 {
			idle = append(idle, path)
		}
	}
	return idle
}

func (d *doctor) openWebhooks(listened map[string][]automation.Ref) []string {
	declared := map[string]string{}
	for path, w := range d.config.Webhooks {
		declared[trigger.WebhookPath(path)] = w.Auth
	}
	var open []string
	for _, path := range slices.Sorted(maps.Keys(listened)) {
		auth, known := declared[path]
		if auth == trigger.AuthNone || !known && d.config.WebhooksDefault != config.WebhooksDeclared && !d.declaredByPack(path) {
			open = append(open, path)
		}
	}
	return open
}

func (d *doctor) declaredByPack(path string) bool {
	for _, p := range d.packs() {
		if p.InService && slices.Contains(p.Webhooks, path) {
			return true
		}
	}
	return false
}

// loopback reports whether an address is reached from this machine alone.
func loopback(listen string) bool {
	host, _, err := net.SplitHostPort(listen)
	if err != nil {
		return false
	}
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
