package automation

import (
	"slices"
	"time"
)

// mostDoublings bounds the pause between attempts when nobody says how long it may
// become: 1024 times the first.
const mostDoublings = 10

// After reports whether there may be another attempt after one that ended so. A nil
// plan is for every end.
func (p *RetryPlan) After(s Status) bool {
	if p == nil || len(p.On) == 0 {
		return true
	}
	if s == TimedOut {
		return slices.Contains(p.On, RetryOnTimeout)
	}
	return slices.Contains(p.On, RetryOnFailure)
}

// IsZero reports whether the plan says nothing.
func (p *RetryPlan) IsZero() bool {
	return p.Delay == 0 && !p.Fixed && p.MaxDelay == 0 && p.Jitter == 0 && len(p.On) == 0 && p.TotalTimeout == 0
}

// Pause is how long to wait after so many attempts. first is the pause when the plan
// does not say; chance, from 0 to 1, decides about the part that is left to it. The
// pause is never longer for that: with jitter 1 it is anything from nothing to all.
func (p *RetryPlan) Pause(tried int, first time.Duration, chance float64) time.Duration {
	pause := first
	if p.Delay > 0 {
		pause = p.Delay
	}
	for range min(tried-1, mostDoublings) {
		if p.Fixed || p.MaxDelay > 0 && pause >= p.MaxDelay {
			break
		}
		pause *= 2
	}
	if p.MaxDelay > 0 {
		pause = min(pause, p.MaxDelay)
	}
	return pause - time.Duration(float64(pause)*p.Jitter*chance)
}
