package torture

import (
	"context"
	"fmt"
	"time"
)

// kill ends the server with SIGKILL at random moments under load, again and again
// on the same data.
func kill(ctx context.Context, r *run) error {
	b, err := r.newBench("kill")
	if err != nil {
		return err
	}
	defer b.close()
	for range r.Rounds {
		s, err := b.start(ctx, plan{CheckpointPages: 200})
		if err != nil {
			return fmt.Errorf("after a kill: %w", err)
		}
		if err := b.alterOnce(ctx, s.url); err != nil { // one that is answered, however busy the machine
			return fmt.Errorf("change something after a kill: %w", err)
		}
		timer := time.AfterFunc(time.Duration(1+r.random.IntN(500))*time.Millisecond, s.kill) // the random moment
		b.load(ctx, s)
		<-s.exited
		timer.Stop()
		if err := ctx.Err(); err != nil {
			return context.Cause(ctx)
		}
	}
	b.politeness()
	if err := b.verify(ctx); err != nil {
		return err
	}
	loaded := r.promise("rounds", "the load was a load: events were answered in the rounds")
	r.checked(loaded, r.Rounds)
	if len(b.answered) < r.Rounds {
		r.breaks(loaded, "only %d events were answered", len(b.answered))
	}
	audited := r.promise("rounds", "audited changes were made and answered in the rounds")
	r.checked(audited, r.Rounds)
	if done := b.answeredChanges(); done < r.Rounds {
		r.breaks(audited, "only %d audited changes were answered", done)
	}
	return nil
}

// politeness checks that senders got answers that they can work with.
func (b *bench) politeness() {
	p := b.promise("answers", "senders get 2xx, 503 or no answer at all")
	b.mu.Lock()
	defer b.mu.Unlock()
	for status, n := range b.statuses {
		if status/100 == 2 || status == 503 {
			b.checked(p, n)
		}
	}
	for _, s := range b.strange {
		b.check(p, false, "%s", s)
	}
}
