package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
)

func TestUsageStandsBesideItsLimits(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	end := at.Add(14900 * time.Microsecond)
	a := automation.Attempt{StartedAt: at, FinishedAt: &end, Usage: automation.Usage{
		Fuel: 12_400_000, Memory: 3_355_443, HostCalls: 3, HostBytes: 2048, GuestTime: 12 * time.Millisecond, HostTime: 2300 * time.Microsecond,
		Limits: automation.DefaultLimits(),
	}}
	var out bytes.Buffer
	p := &page{w: &out}
	p.usage(a)
	want := "Instructions: 12.4 M of 150 G\nMemory:       3.2 of 64 MiB\nHost calls:   3 of 1,000\nHost data:    2 KiB of 64 MiB\nTime:         14.9ms of 1m: 12ms in the guest, 2.3ms in the host\n"
	if out.String() != want || p.err != nil {
		t.Errorf("got\n%swant\n%s%v", out.String(), want, p.err)
	}
	a.FinishedAt = nil // nothing is counted yet
	out.Reset()
	if p.usage(a); out.Len() > 0 {
		t.Errorf("a running attempt shows %s", &out)
	}
	a.FinishedAt, a.Usage.Limits = &end, automation.Limits{} // as attempts of old are stored
	if p.usage(a); !strings.Contains(out.String(), "Instructions: 12.4 M\n") || strings.Contains(out.String(), " of ") {
		t.Errorf("without limits: %s", &out)
	}
}

func TestAmountsAndSpans(t *testing.T) {
	t.Parallel()
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1 k", 12_400_000: "12.4 M", 999_949: "999.9 k", 999_950: "1 M", 50_000_000_000: "50 G"} {
		if got := amount(n); got != want {
			t.Errorf("amount(%d) = %q, want %q", n, got, want)
		}
	}
	for d, want := range map[time.Duration]string{time.Minute: "1m", 90 * time.Second: "1m30s", time.Hour: "1h", 500 * time.Millisecond: "500ms", time.Hour + time.Second: "1h0m1s"} {
		if got := spanText(d); got != want {
			t.Errorf("spanText(%v) = %q, want %q", d, got, want)
		}
	}
}
