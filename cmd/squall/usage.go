package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
)

// usage shows what an attempt used of what it was allowed. It is counted at the
// attempt's end.
func (p *page) usage(a automation.Attempt) {
	if a.FinishedAt == nil {
		return
	}
	u := a.Usage
	p.pair("Instructions", within(amount(u.Fuel), amount(u.Limits.Fuel), u.Limits.Fuel))
	p.pair("Memory", within(automation.SizeText(u.Memory), automation.SizeText(u.Limits.Memory), u.Limits.Memory))
	p.pair("Host calls", within(thousands(int64(u.HostCalls)), thousands(int64(u.Limits.HostCalls)), int64(u.Limits.HostCalls)))
	if u.HostBytes > 0 {
		p.pair("Host data", within(automation.SizeText(u.HostBytes), automation.SizeText(u.Limits.HostBytes), u.Limits.HostBytes))
	}
	p.pair("Time", fmt.Sprintf("%s: %s in the guest, %s in the host",
		within(took(a.FinishedAt.Sub(a.StartedAt)), spanText(u.Limits.Timeout), int64(u.Limits.Timeout)), took(u.GuestTime), took(u.HostTime)))
}

// within writes "3.2 of 64 MiB": a unit that both share is written once. Without
// a limit it is only what was used.
func within(used, most string, limit int64) string {
	if limit == 0 {
		return used
	}
	number, unit, _ := strings.Cut(used, " ")
	if _, same, has := strings.Cut(most, " "); has && same == unit {
		used = number
	}
	return used + " of " + most
}

// amount writes a large number with three digits or so: "12.4 M", "50 G".
func amount(n int64) string {
	const unit = 1000
	if n < unit {
		return fmt.Sprint(n)
	}
	value, prefix := float64(n)/unit, 0
	for value >= 999.95 && prefix < len("kMGTPE")-1 {
		value, prefix = value/unit, prefix+1
	}
	return strings.TrimSuffix(fmt.Sprintf("%.1f", value), ".0") + " " + "kMGTPE"[prefix:prefix+1]
}

// spanText writes a limit of time without the parts that are zero: "1m", "30s".
func spanText(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}
