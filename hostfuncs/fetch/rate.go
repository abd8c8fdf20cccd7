package fetch

import (
	"context"
	"math"
	"sync"

	"golang.org/x/time/rate"

	"github.com/squall-dev/squall/hostfuncs"
	"github.com/squall-dev/squall/runtime/automation"
)

// pace lets every host have so many requests a second, from all packs together:
// a token bucket each, which holds what one second gives.
type pace struct {
	perSecond float64 // 0: no limit
	mu        sync.Mutex
	hosts     map[string]*rate.Limiter
}

// manyHosts is when those are forgotten that have had nothing to do for a while.
const manyHosts = 1000

// wait returns when the next request to the host may be sent, or at once with an
// error when that is after the deadline of ctx.
func (p *pace) wait(ctx context.Context, host string) error {
	if p.perSecond == 0 {
		return nil
	}
	err := p.of(host).Wait(ctx)
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return hostfuncs.Interrupted(ctx, "wait until "+host+" may have another request")
	}
	return automation.Unavailable("%s has %g requests a second, and this one would come too late", host, p.perSecond).
		WithHint("give it a longer timeout_seconds, or ask the operator for more: http.requests_per_second")
}

func (p *pace) of(host string) *rate.Limiter {
	p.mu.Lock()
	defer p.mu.Unlock()
	if limiter, ok := p.hosts[host]; ok {
		return limiter
	}
	if len(p.hosts) >= manyHosts {
		p.forget()
	}
	limiter := rate.NewLimiter(rate.Limit(p.perSecond), p.burst())
	p.hosts[host] = limiter
	return limiter
}

func (p *pace) burst() int { return max(1, int(math.Ceil(p.perSecond))) }

// forget drops the buckets that are full: a new one is the same.
func (p *pace) forget() {
	for host, limiter := range p.hosts {
		if limiter.Tokens() >= float64(p.burst()) {
			delete(p.hosts, host)
		}
	}
}
