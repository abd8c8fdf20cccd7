package trigger_test

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/trigger"
	"github.com/squall-dev/squall/runtime/trigger/triggertest"
)

// The contract of sensors as data, for whoever writes an SDK: what an answer leads to.
func TestAnswersOfSensorsLeadToWhatTheVectorsSay(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("../../sdk/abi/sensors.json")
	if err != nil {
		t.Fatal(err)
	}
	var vectors []struct {
		Name   string
		Answer json.RawMessage
		Events []struct {
			Trigger automation.Ref
			Payload json.RawMessage
		}
		Pause float64 `json:"pause_seconds"`
		Error string
	}
	if err := json.Unmarshal(data, &vectors); err != nil || len(vectors) < 10 {
		t.Fatalf("%d vectors, %v", len(vectors), err)
	}
	sensor := automation.Sensor{Pack: "demo", Name: "eye", Enabled: true, Interval: automation.Duration(time.Hour), Triggers: []automation.Ref{"demo.seen"}}
	for _, v := range vectors {
		synctest.Test(t, func(t *testing.T) {
			l := triggertest.NewLedger()
			poll := func(context.Context, automation.Sensor, json.RawMessage, func(automation.LogLevel, string)) (json.RawMessage, error) {
				return v.Answer, nil
			}
			watching(t, l, func() []automation.Sensor { return []automation.Sensor{sensor} }, poll, func(s *trigger.Sensors) {
				synctest.Wait()
				st := s.Status()[0]
				if failed := st.State == automation.SourceFailing; failed != (v.Error != "") {
					t.Errorf("%s: state %s, %s", v.Name, st.State, st.Error)
				}
				if v.Pause > 0 && st.Next[0].Sub(*st.LastRun).Seconds() != v.Pause {
					t.Errorf("%s: asked again in %s, want %v s", v.Name, st.Next[0].Sub(*st.LastRun), v.Pause)
				}
			})
			events := l.Events()
			if len(events) != len(v.Events) {
				t.Fatalf("%s: %d events, want %d", v.Name, len(events), len(v.Events))
			}
			for n, ev := range events {
				want := v.Events[n]
				if len(want.Payload) == 0 {
					want.Payload = json.RawMessage("null")
				}
				if ev.Trigger != want.Trigger || !bytes.Equal(ev.Payload, want.Payload) {
					t.Errorf("%s: event %s %s, want %s %s", v.Name, ev.Trigger, ev.Payload, want.Trigger, want.Payload)
				}
			}
		})
	}
}
