package daemon

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/store"
)

// sensorUsage adds up the host calls of sensors, which are no executions and so have no
// attempts to be looked through. It is remembered over restarts: a right that only a
// sensor uses must not look unused.
type sensorUsage struct {
	store store.Store
	log   *slog.Logger
	now   func() time.Time

	mu    sync.Mutex // guards all below
	packs map[string]*packUsage
}

// packUsage is what the sensors of a pack have called, and when that was stored.
type packUsage struct {
	used   []automation.UsedFunction
	stored time.Time
}

const (
	sensorUsageSource = "sensor_usage"
	// usageEvery is how often counts are stored; what is new is stored at once.
	usageEvery = time.Minute
	// mostUsed bounds how many functions and hosts are told apart.
	mostUsed = 500
)

func newSensorUsage(ctx context.Context, db store.Store, log *slog.Logger) (*sensorUsage, error) {
	u := &sensorUsage{store: db, log: log, now: time.Now, packs: map[string]*packUsage{}}
	marks, err := db.Marks(ctx, sensorUsageSource)
	if err != nil {
		return nil, fmt.Errorf("read what sensors used: %w", err)
	}
	for _, m := range marks {
		p := &packUsage{}
		if err := json.Unmarshal(m.Value, &p.used); err != nil {
			return nil, fmt.Errorf("read what the sensors of pack %s used: %w", m.Key, err)
		}
		u.packs[m.Key] = p
	}
	return u, nil
}

// add counts the calls of one poll.
func (u *sensorUsage) add(ctx context.Context, pack string, calls []automation.HostCall) {
	if len(calls) == 0 {
		return
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	p := u.packs[pack]
	if p == nil {
		p = &packUsage{}
		u.packs[pack] = p
	}
	fresh := false
	for _, c := range calls {
		fresh = p.count(c) || fresh
	}
	if now := u.now(); fresh || now.Sub(p.stored) >= usageEvery {
		p.stored = now
		u.keep(ctx, pack, p.used)
	}
}

// keep stores the counts of a pack. That they could not be is no fault of the sensor.
func (u *sensorUsage) keep(ctx context.Context, pack string, used []automation.UsedFunction) {
	text, err := json.Marshal(used)
	if err == nil {
		m := automation.Mark{Source: sensorUsageSource, Key: pack, Value: text, At: u.now()}
		err = u.store.Accept(ctx, store.Acceptance{Marks: []automation.Mark{m}})
	}
	if err != nil && ctx.Err() == nil {
		u.log.Warn("what a pack's sensors used was not stored", "pack", pack, "err", err)
	}
}

// count adds a call and reports whether it is the first that was not refused.
func (p *packUsage) count(c automation.HostCall) (fresh bool) {
	host := ""
	if c.Name == "http_send" {
		_, host, _ = strings.Cut(c.Detail, " ")
	}
	i := slices.IndexFunc(p.used, func(f automation.UsedFunction) bool { return f.Name == c.Name && f.Host == host })
	if i < 0 {
		if len(p.used) == mostUsed {
			return false
		}
		i = len(p.used)
		p.used = append(p.used, automation.UsedFunction{Name: c.Name, Host: host})
	}
	f := &p.used[i]
	fresh = f.Calls == f.Refused && c.Error != "denied"
	f.Calls++
	if c.Error == "denied" {
		f.Refused++
	}
	f.LastAt = c.StartedAt
	return fresh
}

// since returns what was called last at or after a time. The counts are those of all
// times.
func (u *sensorUsage) since(pack string, at time.Time) (used []automation.UsedFunction) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if p := u.packs[pack]; p != nil {
		for _, f := range p.used {
			if !f.LastAt.Before(at) {
				used = append(used, f)
			}
		}
	}
	return used
}

// together adds up what attempts and sensors used.
func together(a, b []automation.UsedFunction) []automation.UsedFunction {
	all := slices.Clone(a)
	for _, f := range b {
		i := slices.IndexFunc(all, func(o automation.UsedFunction) bool { return o.Name == f.Name && o.Host == f.Host })
		if i < 0 {
			all = append(all, f)
			continue
		}
		all[i].Calls, all[i].Refused = all[i].Calls+f.Calls, all[i].Refused+f.Refused
		if f.LastAt.After(all[i].LastAt) {
			all[i].LastAt = f.LastAt
		}
	}
	slices.SortFunc(all, func(a, b automation.UsedFunction) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Host, b.Host))
	})
	return all
}
