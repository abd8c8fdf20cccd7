package flow

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
)

var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func ruleWith(f automation.Flow) *automation.Rule {
	return &automation.Rule{Pack: "test", Name: "r", Flow: f}
}

// at is an event so many seconds after the start; every control has the same key.
func at(r *automation.Rule, seconds float64, key string) Event {
	keys := map[automation.Control]string{}
	for _, c := range []automation.Control{automation.ControlCount, automation.ControlDedupe, automation.ControlThrottle, automation.ControlDebounce} {
		keys[c] = key
	}
	moment := start.Add(time.Duration(seconds * float64(time.Second)))
	return Event{Rule: r, Keys: keys, ID: fmt.Sprintf("e%g", seconds), Item: -1, At: moment}
}

func span(d time.Duration) automation.Duration { return automation.Duration(d) }

func dedupe(window time.Duration) automation.Flow {
	return automation.Flow{Dedupe: &automation.Dedupe{Window: span(window)}}
}

func throttle(limit int, per time.Duration) automation.Flow {
	return automation.Flow{Throttle: &automation.Throttle{Limit: limit, Per: span(per)}}
}

func count(least int, within time.Duration) automation.Flow {
	return automation.Flow{Count: &automation.Count{AtLeast: least, Within: span(within)}}
}

func TestControlsDecide(t *testing.T) {
	t.Parallel()
	both := automation.Flow{Dedupe: dedupe(time.Minute).Dedupe, Throttle: throttle(1, 10*time.Minute).Throttle}
	tests := []struct {
		name string
		flow automation.Flow
		// events are "seconds" or "seconds key"; want is one word each: pass, or the
		// control that holds it back.
		events, want string
	}{
		{"without controls everything passes", automation.Flow{}, "0,0,1", "pass,pass,pass"},
		{"dedupe lets the first pass and the next after the window", dedupe(time.Minute), "0,1,59.9,60,61", "pass,dedupe,dedupe,pass,dedupe"},
		{"dedupe keeps keys apart", dedupe(time.Minute), "0 a,1 b,2 a,3 b", "pass,pass,dedupe,dedupe"},
		{"throttle counts in a sliding span", throttle(2, time.Minute), "0,30,59,60,61,90", "pass,pass,throttle,pass,throttle,pass"},
		{"count passes at the number and begins anew", count(3, time.Minute), "0,1,2,3,4,5", "count,count,pass,count,count,pass"},
		{"count forgets what is too old", count(3, time.Minute), "0,50,61,100", "count,count,count,pass"},
		{"what throttle holds back leaves no mark in dedupe", both, "0,70,80", "pass,throttle,throttle"},
		{"count comes before dedupe", automation.Flow{Count: count(2, time.Hour).Count, Dedupe: dedupe(time.Hour).Dedupe}, "0,1,2,3", "count,pass,count,dedupe"},
		{"a count of one lets everything pass", count(1, time.Minute), "0,0", "pass,pass"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			k, r := mustKeep(t, nil), ruleWith(tt.flow)
			if got := decideAll(k, r, tt.events); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
		t.Run(tt.name+", with a restart after every event", func(t *testing.T) {
			t.Parallel()
			r, stored := ruleWith(tt.flow), map[string]automation.FlowState{}
			var got []string
			for _, text := range strings.Split(tt.events, ",") {
				d := mustKeep(t, stored).Decide(parse(r, text))
				save(stored, d.States)
				got = append(got, word(d))
			}
			if all := strings.Join(got, ","); all != tt.want {
				t.Errorf("got  %s\nwant %s", all, tt.want)
			}
		})
	}
}

func mustKeep(t *testing.T, stored map[string]automation.FlowState) *Keeper {
	t.Helper()
	var states []automation.FlowState
	for _, s := range stored {
		states = append(states, s)
	}
	k, err := New(states)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func save(stored map[string]automation.FlowState, states []automation.FlowState) {
	for _, s := range states {
		at := string(s.Rule) + "/" + string(s.Control) + "/" + s.Key
		if s.Version > stored[at].Version {
			stored[at] = s
		}
	}
}

func parse(r *automation.Rule, text string) Event {
	var seconds float64
	var key string
	_, _ = fmt.Sscanf(text, "%g %s", &seconds, &key) // the key may be missing
	return at(r, seconds, key)
}

func decideAll(k *Keeper, r *automation.Rule, events string) string {
	var got []string
	for _, text := range strings.Split(events, ",") {
		got = append(got, word(k.Decide(parse(r, text))))
	}
	return strings.Join(got, ",")
}

func word(d Decision) string {
	if d.Pass {
		return "pass"
	}
	return string(d.Control)
}

func TestAReasonNamesTheEventAndTheKey(t *testing.T) {
	t.Parallel()
	k, r := mustKeep(t, nil), ruleWith(dedupe(10*time.Minute))
	k.Decide(at(r, 0, "api/pod-1"))
	d := k.Decide(at(r, 12, "api/pod-1"))
	if want := "an equal event, e0, passed 12s before; one passes in 10m0s (key api/pod-1)"; d.Reason != want {
		t.Errorf("reason = %q, want %q", d.Reason, want)
	}
}

func TestAnEventThatWasNotStoredIsForgotten(t *testing.T) {
	t.Parallel()
	for _, f := range []automation.Flow{dedupe(time.Minute), throttle(1, time.Minute), count(2, time.Minute)} {
		k, r := mustKeep(t, nil), ruleWith(f)
		if f.Count != nil {
			k.Decide(at(r, 0, "")) // the first of two
		}
		d := k.Decide(at(r, 1, ""))
		if !d.Pass {
			t.Fatalf("%+v: the first event is held back", f)
		}
		k.Undo(d.States)
		if again := k.Decide(at(r, 2, "")); !again.Pass {
			t.Errorf("%+v: an event that was not stored holds the next back: %s", f, again.Reason)
		}
	}
}

func TestUndoLeavesWhatOthersHaveChanged(t *testing.T) {
	t.Parallel()
	k, r := mustKeep(t, nil), ruleWith(throttle(2, time.Minute))
	first := k.Decide(at(r, 0, ""))
	k.Decide(at(r, 1, ""))
	k.Undo(first.States)
	if d := k.Decide(at(r, 2, "")); d.Pass {
		t.Error("an undo took back the event after it too")
	}
}

func TestExactlyOneOfManyEqualEventsPasses(t *testing.T) {
	t.Parallel()
	k, r := mustKeep(t, nil), ruleWith(dedupe(time.Minute))
	var passed atomic.Int32
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			if k.Decide(at(r, 0, "x")).Pass {
				passed.Add(1)
			}
		})
	}
	all.Wait()
	if passed.Load() != 1 {
		t.Errorf("%d passed", passed.Load())
	}
}

func TestDebounceReleasesTheLastOfABurst(t *testing.T) {
	t.Parallel()
	f := automation.Flow{Debounce: &automation.Debounce{For: span(10 * time.Second), Max: span(25 * time.Second)}}
	k, r := mustKeep(t, nil), ruleWith(f)
	stored := map[string]automation.FlowState{}
	for _, s := range []float64{0, 8, 16, 24} {
		d := k.Decide(at(r, s, "x"))
		if d.Pass || d.Control != automation.ControlDebounce {
			t.Fatalf("event at %gs: %+v", s, d)
		}
		save(stored, d.States)
	}
	k = mustKeep(t, stored) // a restart
	if due, next := k.Due(start.Add(24 * time.Second)); len(due) != 0 || !next.Equal(start.Add(25*time.Second)) {
		t.Fatalf("at 24s: due %v, next %v; want the most, 25s after the first", due, next)
	}
	due, _ := k.Due(start.Add(25 * time.Second))
	if len(due) != 1 || due[0].Event != "e24" {
		t.Fatalf("due = %+v", due)
	}
	state, ok := k.Release(due[0])
	if !ok {
		t.Fatal("what is due can not be released")
	}
	if _, again := k.Release(due[0]); again {
		t.Error("released twice")
	}
	save(stored, []automation.FlowState{state})
	if due, next := mustKeep(t, stored).Due(start.Add(time.Hour)); len(due) != 0 || !next.IsZero() {
		t.Errorf("after a restart it is due again: %v, next %v", due, next)
	}
	k.Restore(due[0]) // it could not be stored
	if due, _ := k.Due(start.Add(25 * time.Second)); len(due) != 1 {
		t.Error("a release that was not stored is lost")
	}
}

func TestAReleaseWaitsForANewerEvent(t *testing.T) {
	t.Parallel()
	k, r := mustKeep(t, nil), ruleWith(automation.Flow{Debounce: &automation.Debounce{For: span(time.Second)}})
	k.Decide(at(r, 0, ""))
	due, _ := k.Due(start.Add(time.Second))
	k.Decide(at(r, 1, ""))
	if _, ok := k.Release(due[0]); ok {
		t.Error("a burst that goes on was released")
	}
}

func TestAKeeperForgetsBeforeItGrowsTooLarge(t *testing.T) {
	t.Parallel()
	k, r := mustKeep(t, nil), ruleWith(dedupe(time.Minute))
	k.most = 100
	for i := range 1000 {
		k.Decide(at(r, 0, fmt.Sprint(i)))
	}
	if left, evicted := k.Sweep(start); left != 100 || evicted != 900 {
		t.Errorf("%d states, %d forgotten early", left, evicted)
	}
	if left, _ := k.Sweep(start.Add(time.Minute)); left != 0 {
		t.Errorf("%d expired states are still there", left)
	}
}

func TestStatesThatAreNoJSONAreRefused(t *testing.T) {
	t.Parallel()
	if _, err := New([]automation.FlowState{{Rule: "a.b", Control: automation.ControlDedupe, Value: []byte("{")}}); err == nil {
		t.Error("no error")
	}
}
