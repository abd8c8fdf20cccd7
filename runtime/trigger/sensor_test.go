package trigger_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/trigger"
	"github.com/squall-dev/squall/runtime/trigger/triggertest"
)

// eye is a sensor that counts: its cursor is how many it has found.
func eye() automation.Sensor {
	return automation.Sensor{Pack: "test", Name: "eye", Enabled: true, Interval: automation.Duration(time.Minute), Triggers: []automation.Ref{"test.seen"}}
}

func countOn(_ context.Context, _ automation.Sensor, input json.RawMessage, log func(automation.LogLevel, string)) (json.RawMessage, error) {
	var in struct{ Cursor int }
	if err := json.Unmarshal(input, &in); err != nil {
		return nil, err
	}
	log(automation.LevelInfo, "looking")
	return json.RawMessage(fmt.Sprintf(`{"events":[{"trigger":"seen","payload":%d}],"cursor":%d}`, in.Cursor+1, in.Cursor+1)), nil
}

// watching runs sensors until the test has looked long enough.
func watching(t *testing.T, l *triggertest.Ledger, sensors func() []automation.Sensor,
	poll func(context.Context, automation.Sensor, json.RawMessage, func(automation.LogLevel, string)) (json.RawMessage, error), do func(*trigger.Sensors)) {
	t.Helper()
	s := trigger.NewSensors(trigger.SensorOptions{Ingester: l, Marks: l, Sensors: sensors, Poll: poll})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	do(s)
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func one() []automation.Sensor { return []automation.Sensor{eye()} }

func payloads(l *triggertest.Ledger) string {
	var all []string
	for _, ev := range l.Events() {
		all = append(all, string(ev.Payload))
	}
	return strings.Join(all, " ")
}

func TestASensorNeitherLosesNorRepeats(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := triggertest.NewLedger()
		watching(t, l, one, countOn, func(*trigger.Sensors) { time.Sleep(2*time.Minute + time.Second) })
		l.Refuse(errors.New("disk full"))
		watching(t, l, one, countOn, func(s *trigger.Sensors) {
			time.Sleep(30 * time.Minute)
			if st := s.Status()[0]; st.State != automation.SourceFailing || st.Failures < 3 || !strings.Contains(st.Error, "disk full") {
				t.Errorf("status = %+v", st)
			}
			l.Refuse(nil)
			time.Sleep(11 * time.Minute)
			if st := s.Status()[0]; st.State != automation.SourceRunning {
				t.Errorf("status = %+v", st)
			}
		})
		if got := payloads(l); !strings.HasPrefix(got, "1 2 3 4 ") {
			t.Errorf("events %s, want 1 2 3 4 ... without a gap or a repetition", got)
		}
	})
}

// A sensor that looks each second and finds nothing leaves the disk in peace.
func TestNothingFoundAndTheSameCursorIsNotStored(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		same := func(context.Context, automation.Sensor, json.RawMessage, func(automation.LogLevel, string)) (json.RawMessage, error) {
			return json.RawMessage(`{"events":[],"cursor":{"n":7}}`), nil
		}
		l := triggertest.NewLedger()
		watching(t, l, one, same, func(s *trigger.Sensors) {
			time.Sleep(time.Second) // the first poll is stored
			l.Refuse(errors.New("disk full"))
			time.Sleep(10 * time.Minute)
			if st := s.Status()[0]; st.State != automation.SourceRunning || st.Runs < 10 || l.Tries() != 0 {
				t.Errorf("%d times stored; status %+v", l.Tries(), st)
			}
		})
		if marks, err := l.Marks(t.Context(), "sensor"); err != nil || len(marks) != 1 || string(marks[0].Value) != `{"cursor":{"n":7}}` {
			t.Errorf("marks %v, %v", marks, err)
		}
	})
}

func TestASensorThatFailsIsAskedLessOften(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		polls := 0
		fail := func(context.Context, automation.Sensor, json.RawMessage, func(automation.LogLevel, string)) (json.RawMessage, error) {
			polls++
			return nil, automation.Unavailable("no answer")
		}
		watching(t, triggertest.NewLedger(), one, fail, func(*trigger.Sensors) { time.Sleep(time.Hour) })
		if polls < 6 || polls > 12 { // at 0, 1, 3, 7, 15, 25, 35 ... minutes
			t.Errorf("%d polls in an hour", polls)
		}
	})
}

func TestASensorThatIsAskedOftenIsTriedAgainOften(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		polls := 0
		fail := func(context.Context, automation.Sensor, json.RawMessage, func(automation.LogLevel, string)) (json.RawMessage, error) {
			polls++
			return nil, automation.Unavailable("no answer")
		}
		quick := eye()
		quick.Interval = automation.Duration(2 * time.Second)
		watching(t, triggertest.NewLedger(), func() []automation.Sensor { return []automation.Sensor{quick} }, fail, func(*trigger.Sensors) { time.Sleep(time.Hour) })
		if polls < 60 || polls > 70 { // at 0, 2, 6, 14, 30, 62 seconds, then each minute
			t.Errorf("%d polls in an hour", polls)
		}
	})
}

func TestASensorFollowsItsPack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := triggertest.NewLedger()
		var now atomic.Value
		now.Store(one())
		watching(t, l, func() []automation.Sensor { return now.Load().([]automation.Sensor) }, countOn, func(s *trigger.Sensors) {
			step := func(change func(*automation.Sensor)) {
				next := eye()
				change(&next)
				now.Store([]automation.Sensor{next})
				s.Sync(nil)
				time.Sleep(10 * time.Second)
			}
			synctest.Wait()
			step(func(x *automation.Sensor) { x.Interval = automation.Duration(time.Hour) }) // a new version is asked at once, from the old cursor
			step(func(x *automation.Sensor) { x.Enabled = false })
			time.Sleep(3 * time.Hour)
			if got := payloads(l); got != "1 2" {
				t.Errorf("events %s, want 1 2", got)
			}
			now.Store([]automation.Sensor{})
			s.Sync(nil)
			synctest.Wait()
			if st := s.Status(); len(st) != 0 {
				t.Errorf("a sensor that is gone: %+v", st)
			}
			step(func(*automation.Sensor) {})
			if got := payloads(l); got != "1 2 3" {
				t.Errorf("events %s; a sensor that comes back goes on where it was", got)
			}
		})
	})
}

func TestAnswersThatCannotBeTakenChangeNothing(t *testing.T) {
	t.Parallel()
	many := `{"events":[` + strings.TrimSuffix(strings.Repeat(`{"trigger":"seen"},`, 1001), ",") + `],"cursor":1}`
	tests := []struct{ name, answer, want string }{
		{"no JSON", `nonsense`, "answer"},
		{"a key that is too long", `{"events":[{"trigger":"seen","key":"` + strings.Repeat("x", 513) + `"}]}`, "at most 512"},
		{"a pause before now", `{"events":[],"poll_after":-1}`, "poll_after is -1"},
		{"a pause that is no number", `{"events":[],"poll_after":"5m"}`, "answer"},
		{"a list", `[]`, "answer"},
		{"a type that is not declared", `{"events":[{"trigger":"other.thing"}],"cursor":1}`, "other.thing"},
		{"too many at once", many, "at most 1000"},
		{"a cursor that is too long", `{"events":[],"cursor":"` + strings.Repeat("x", 70_000) + `"}`, "cursor"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				l := triggertest.NewLedger()
				say := func(context.Context, automation.Sensor, json.RawMessage, func(automation.LogLevel, string)) (json.RawMessage, error) {
					return json.RawMessage(tt.answer), nil
				}
				watching(t, l, one, say, func(s *trigger.Sensors) {
					time.Sleep(time.Second)
					d, err := s.Detail("test.eye")
					if err != nil || d.Status.State != automation.SourceFailing || !strings.Contains(d.Status.Error, tt.want) || string(d.Cursor) != "null" {
						t.Errorf("detail = %+v, err %v", d, err)
					}
				})
				if got := payloads(l); got != "" {
					t.Errorf("events %s", got)
				}
			})
		})
	}
}

// The same key twice in an answer, in the next one, and after a restart.
func TestWhatASensorNamesByAKeyComesOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := triggertest.NewLedger()
		polls := 0 // one poll is over before the next begins
		poll := func(context.Context, automation.Sensor, json.RawMessage, func(automation.LogLevel, string)) (json.RawMessage, error) {
			polls++
			return json.RawMessage(fmt.Sprintf(`{"events":[{"trigger":"seen","payload":"same","key":"a"},{"trigger":"seen","payload":"again","key":"a"},
				{"trigger":"seen","payload":%d,"key":"%d"},{"trigger":"seen","payload":"no key"}],"cursor":1}`, polls, polls)), nil
		}
		watching(t, l, one, poll, func(*trigger.Sensors) { time.Sleep(time.Minute + time.Second) })
		watching(t, l, one, poll, func(*trigger.Sensors) { time.Sleep(time.Second) })
		if got := payloads(l); got != `"same" 1 "no key" 2 "no key" 3 "no key"` {
			t.Errorf("events %s", got)
		}
	})
}

func TestASensorSaysWhenItWantsToBeAskedAgain(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, after string
		want        time.Duration
	}{
		{"nothing said", ``, time.Minute},
		{"soon", `,"poll_after":2.5`, 2500 * time.Millisecond},
		{"later than usual", `,"poll_after":600`, 10 * time.Minute},
		{"too soon", `,"poll_after":0`, time.Second},
		{"in a year", `,"poll_after":31536000`, 24 * time.Hour},
		{"beyond what a clock can say", `,"poll_after":1e300`, 24 * time.Hour},
	} {
		synctest.Test(t, func(t *testing.T) {
			var mu sync.Mutex // guards at
			var at []time.Time
			poll := func(context.Context, automation.Sensor, json.RawMessage, func(automation.LogLevel, string)) (json.RawMessage, error) {
				mu.Lock()
				defer mu.Unlock()
				at = append(at, time.Now())
				return json.RawMessage(`{"events":[],"cursor":1` + tt.after + `}`), nil
			}
			watching(t, triggertest.NewLedger(), one, poll, func(s *trigger.Sensors) {
				synctest.Wait()
				mu.Lock()
				first := at[0]
				mu.Unlock()
				if next := s.Status()[0].Next[0].Sub(first); next != tt.want {
					t.Errorf("%s: the status says in %s, want %s", tt.name, next, tt.want)
				}
				time.Sleep(tt.want + time.Millisecond)
			})
			if len(at) != 2 || at[1].Sub(at[0]) != tt.want {
				t.Errorf("%s: asked at %v, want %s between", tt.name, at, tt.want)
			}
		})
	}
}

func TestASensorWithNothingToLookAtIsNotAskedUntilItHas(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := triggertest.NewLedger()
		idle := eye()
		idle.NeedsConfig, idle.Unset = []string{"feed"}, []string{"feed"}
		var now atomic.Value
		now.Store([]automation.Sensor{idle})
		watching(t, l, func() []automation.Sensor { return now.Load().([]automation.Sensor) }, countOn, func(s *trigger.Sensors) {
			time.Sleep(time.Hour)
			st := s.Status()[0]
			if st.State != automation.SourceIdle || st.Runs != 0 || !strings.Contains(st.Hint, "feed") {
				t.Errorf("status = %+v, want idle, no runs and a hint about the feed", st)
			}
			if err := s.Poll(t.Context(), "test.eye"); !errors.Is(err, automation.ErrInvalid) {
				t.Errorf("asked by a person: %v, want a refusal", err)
			}
			idle.Unset = nil
			now.Store([]automation.Sensor{idle})
			s.Sync(nil)
			time.Sleep(time.Second)
			if st := s.Status()[0]; st.State != automation.SourceRunning || st.Runs != 1 {
				t.Errorf("once it is configured: %+v, want running after one poll", st)
			}
		})
	})
}
