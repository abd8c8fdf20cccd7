// Package triggertest is the contract of [trigger.Source] as a suite: whatever is
// not in here, a source need not do.
//
//	func TestTimersAreASource(t *testing.T) {
//		triggertest.Run(t, func(t *testing.T) triggertest.Subject {
//			return triggertest.Subject{
//				New: func(l *triggertest.Ledger) trigger.Source {
//					return trigger.NewTimers(trigger.TimerOptions{Ingester: l, Marks: l})
//				},
//				Wanted: hourly,
//				Raise:  func() { time.Sleep(time.Hour) },
//			}
//		})
//	}
//
// Every case runs in a bubble of [testing/synctest]: its clock stands still while
// any goroutine works, and a goroutine that is left over fails the test. Within it a
// source must not wait for a network, so what it talks to is a fake in memory.
package triggertest

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/trigger"
)

// Subject is a source to be examined, and what it needs to have something to do.
type Subject struct {
	// New makes the source on a ledger, as a process that starts would; what the
	// source watches stays the same.
	New func(*Ledger) trigger.Source
	// Wanted are triggers of the source, one per part that its status tells of.
	Wanted []automation.Wanted
	// Raise lets happen whatever makes every wanted trigger raise one event. It is
	// called while the source runs, and when nothing is wanted of it.
	Raise func()
}

// patience is longer than any pause between two tries, and too short for a part that
// Raise drives by the clock.
const patience = 5 * time.Minute

// Run examines a source. The function makes a subject for each case, inside its
// bubble.
func Run(t *testing.T, subject func(t *testing.T) Subject) {
	t.Helper()
	cases := []struct {
		name string
		do   func(*bench)
	}{
		{"what is wanted before it runs raises events", syncBefore},
		{"what is wanted while it runs raises events", syncDuring},
		{"saying the same again changes nothing", syncAgain},
		{"what nobody wants any more raises nothing", syncNothing},
		{"a trigger of another kind is left alone", syncForeign},
		{"a restart repeats nothing and goes on", restart},
		{"it stops when told, also at once and while nothing is stored", stop},
		{"its status is true", status},
		{"what could not be stored is stored later, once, and shows until then", refusal},
		{"what could not be stored before a restart shows no event", refusedRestart},
	}
	for _, tt := range cases {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := &bench{T: t, Subject: subject(t), ledger: NewLedger()}
				tt.do(b)
				b.halt()
			})
		})
	}
}

// bench is one case: a ledger, and the process that runs on it.
type bench struct {
	*testing.T
	Subject
	ledger *Ledger
	source trigger.Source
	stop   context.CancelFunc // nil while nothing runs
	ended  chan error
}

// start is a process that starts: what is wanted is known before it runs.
func (b *bench) start(wanted []automation.Wanted) {
	b.source = b.New(b.ledger)
	b.source.Sync(wanted)
	ctx, stop := context.WithCancel(context.Background())
	b.stop, b.ended = stop, make(chan error, 1)
	go func() { b.ended <- b.source.Run(ctx) }()
	synctest.Wait()
}

// halt stops the process, if one runs, and wants it to end without time passing.
func (b *bench) halt() {
	b.Helper()
	if b.stop == nil {
		return
	}
	began := time.Now()
	b.stop()
	b.stop = nil
	if err := <-b.ended; err != nil {
		b.Errorf("Run: %v", err)
	}
	if took := time.Since(began); took > 0 {
		b.Errorf("it took %v to stop", took)
	}
}

func (b *bench) sync(wanted []automation.Wanted) {
	b.source.Sync(wanted)
	synctest.Wait()
}

func (b *bench) raise() {
	b.Raise()
	synctest.Wait()
}

// want checks that every wanted trigger has raised so many events so far.
func (b *bench) want(each int) {
	b.Helper()
	seen := map[string]int{}
	for _, ev := range b.ledger.Events() {
		seen[keyOf(ev.Trigger, ev.Parameters)]++
	}
	for _, w := range b.Wanted {
		if n := seen[keyOf(w.Trigger, w.Parameters)]; n != each {
			b.Errorf("%s %v raised %d events, want %d", w.Trigger, w.Parameters, n, each)
		}
	}
	if n := len(b.ledger.Events()); n != each*len(b.Wanted) {
		b.Errorf("%d events in all, want %d", n, each*len(b.Wanted))
	}
}

func syncBefore(b *bench) {
	b.start(b.Wanted)
	b.want(0)
	b.raise()
	b.want(1)
	b.raise()
	b.want(2)
}

func syncDuring(b *bench) {
	b.start(nil)
	b.raise()
	b.want(0)
	b.sync(b.Wanted)
	b.want(0)
	b.raise()
	b.want(1)
}

func syncAgain(b *bench) {
	b.start(b.Wanted)
	b.sync(b.Wanted)
	b.raise()
	b.sync(b.Wanted)
	b.want(1)
	b.raise()
	b.want(2)
}

func syncNothing(b *bench) {
	b.start(b.Wanted)
	b.raise()
	b.sync(nil)
	b.raise()
	b.want(1)
	if left := b.source.Status(); len(left) > 0 {
		b.Errorf("status of what nobody wants: %+v", left)
	}
}

func syncForeign(b *bench) {
	b.start([]automation.Wanted{{Trigger: "elsewhere.thing", Rules: []automation.Ref{"test.r"}}})
	if all := b.source.Status(); len(all) > 0 {
		b.Errorf("status of a foreign trigger: %+v", all)
	}
	b.raise()
	b.want(0)
}

func restart(b *bench) {
	b.start(b.Wanted)
	b.raise()
	b.halt()
	b.start(b.Wanted)
	b.want(1)
	b.raise()
	b.want(2)
	b.halt()
	b.start(b.Wanted)
	b.want(2)
}

func stop(b *bench) {
	b.start(b.Wanted)
	b.halt()
	b.start(nil)
	b.halt()
	b.start(b.Wanted)
	b.ledger.Refuse(errRefused)
	b.raise()
	b.halt()
}

func status(b *bench) {
	b.start(b.Wanted)
	b.raise()
	all := b.source.Status()
	if len(all) != len(b.Wanted) {
		b.Fatalf("%d parts in the status, want %d: %+v", len(all), len(b.Wanted), all)
	}
	ids := map[string]bool{}
	for i, s := range all {
		b.checkStatus(s)
		ids[s.ID] = true
		if again := b.source.Status()[i]; again.ID != s.ID {
			b.Errorf("the order of the status changes: %s, then %s", s.ID, again.ID)
		}
	}
	if len(ids) != len(all) {
		b.Errorf("%d ids for %d parts", len(ids), len(all))
	}
}

func (b *bench) checkStatus(s automation.SourceStatus) {
	switch {
	case s.Kind == "" || s.ID == "" || s.Trigger == "" || len(s.Rules) == 0:
		b.Errorf("the status lacks kind, id, trigger or rules: %+v", s)
	case s.State != automation.SourceRunning || s.Failures != 0 || s.Error != "":
		b.Errorf("the status does not tell that all is well: %+v", s)
	case s.Events != 1 || s.LastRun == nil:
		b.Errorf("the status does not tell of the one event: %+v", s)
	}
	for _, ev := range b.ledger.Events() {
		if ev.ID == s.LastEvent && ev.Trigger == s.Trigger {
			return
		}
	}
	b.Errorf("the last event of %s is %q, which it did not raise", s.ID, s.LastEvent)
}

var errRefused = errors.New("the disk is full")

func refusal(b *bench) {
	b.start(b.Wanted)
	b.ledger.Refuse(automation.Unavailable("the store is away").Because(errRefused).WithHint("make room"))
	b.raise()
	b.want(0)
	for _, s := range b.source.Status() {
		if s.State != automation.SourceFailing || s.Error == "" || s.Failures == 0 || s.Hint == "" {
			b.Errorf("the status hides that nothing can be stored: %+v", s)
		}
	}
	time.Sleep(patience)
	synctest.Wait()
	if n, most := b.ledger.Tries(), 30*len(b.Wanted); n < 2 || n > most {
		b.Errorf("tried %d times in %v, want 2 to %d", n, patience, most)
	}
	b.ledger.Refuse(nil)
	time.Sleep(patience)
	synctest.Wait()
	b.want(1)
	for _, s := range b.source.Status() {
		if s.State != automation.SourceRunning || s.Error != "" || s.Failures != 0 {
			b.Errorf("the status does not tell that it works again: %+v", s)
		}
	}
}

// refusedRestart: nothing was stored, so no mark may say that it was.
func refusedRestart(b *bench) {
	b.start(b.Wanted)
	b.ledger.Refuse(errRefused)
	b.raise()
	b.halt()
	b.ledger.Refuse(nil)
	b.want(0)
	b.start(b.Wanted)
	b.want(1)
}
