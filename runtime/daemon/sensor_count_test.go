package daemon

import (
	"context"
	"encoding/json"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/client"
)

// countingPack has a sensor that finds the numbers from 1 on, one each time it is asked.
func countingPack(t testing.TB) map[string]string {
	t.Helper()
	module, err := os.ReadFile("testdata/count.wasm")
	if err != nil {
		t.Fatal(err)
	}
	return map[string]string{
		"pack.wasm":          string(module),
		"pack.yaml":          "name: count\nversion: 1.0.0\ndescription: Counts.\nauthor: test\n",
		"sensors/count.yaml": countingSensor,
	}
}

const countingSensor = `class_name: count
entry_point: pack.wasm
poll_interval: 3600
trigger_types:
  - name: tick
    payload_schema: {type: object, properties: {n: {type: integer, required: true}}}
`

func TestASensorFindsEventsAndGoesOnAfterARestartAndANewVersion(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	files := countingPack(t)
	writePack(t, dir, "count", files)
	h := serve(t, dir, nil)
	eventually(t, "it is asked at once", func() bool { return len(numbersFound(t, h.Client)) == 1 })
	d := h.tellCounting("poll")
	if string(d.Cursor) != "2" || d.Status.State != automation.SourceRunning || d.Status.Events != 2 || len(d.Log) != 2 || d.Log[0].Text != "counting" {
		t.Errorf("after two polls: %+v", d)
	}
	if p := h.pack("count"); !slices.Equal(p.Sensors, []automation.Ref{"count.count"}) {
		t.Errorf("the pack's sensors are %v", p.Sensors)
	}
	h.tellCounting("pause")
	h.stop()

	h = serve(t, dir, nil)
	eventually(t, "it is still paused", func() bool { return h.counting().Status.State == automation.SourcePaused })
	if got := numbersFound(t, h.Client); len(got) != 2 {
		t.Errorf("a paused sensor was asked: %v", got)
	}
	h.tellCounting("resume")
	eventually(t, "it goes on from its cursor", func() bool { return slices.Equal(numbersFound(t, h.Client), []int{1, 2, 3}) })

	files["pack.yaml"] = strings.Replace(files["pack.yaml"], "1.0.0", "2.0.0", 1)
	files["sensors/count.yaml"] = countingSensor + "description: Changed.\n"
	writePack(t, dir, "count", files)
	eventually(t, "the new version goes on from the cursor of the old", func() bool {
		return h.counting().Sensor.Description == "Changed." && slices.Equal(numbersFound(t, h.Client), []int{1, 2, 3, 4})
	})
	if _, err := h.ResetSensor(t.Context(), "count.count", json.RawMessage("41")); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it goes on from where a person says", func() bool { return slices.Contains(numbersFound(t, h.Client), 42) })
}

func TestASensorThatCrashesChangesNothingAndShows(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	files := countingPack(t)
	files["sensors/count.yaml"] = countingSensor + "export: trap\n"
	writePack(t, dir, "count", files)
	h := serve(t, dir, nil)
	eventually(t, "its failure shows", func() bool { return h.counting().Status.State == automation.SourceFailing })
	d := h.counting()
	if d.Status.Error == "" || d.Status.Failures == 0 || len(d.Status.Next) != 1 || string(d.Cursor) != "null" {
		t.Errorf("sensor = %+v", d)
	}
	if got := numbersFound(t, h.Client); len(got) != 0 {
		t.Errorf("events of a poll that failed: %v", got)
	}
	if _, err := h.TellSensor(t.Context(), "count.count", "poll"); err == nil {
		t.Error("asking it now hides that it fails")
	}
}

// TestKillRepeatsNothingThatASensorFound kills the server while a sensor is asked as
// fast as it goes: every number must be there once, and none be missing, whichever
// moment between poll and commit was hit.
func TestKillRepeatsNothingThatASensorFound(t *testing.T) {
	rounds := 4
	if testing.Short() {
		rounds = 2
	}
	k := &killBench{t: t, dir: t.TempDir()}
	writePack(t, k.dir, "count", countingPack(t))
	for i := range rounds {
		k.pollUntilKilled(time.Duration(50+90*i) * time.Millisecond)
	}
	h := serve(t, k.dir, nil)
	eventually(t, "it is asked again", func() bool { return h.counting().Status.Runs > 0 })
	got := numbersFound(t, h.Client)
	for i, n := range got {
		if n != i+1 {
			t.Fatalf("the event after %d is %d: lost or repeated; of %d events in all", i, n, len(got))
		}
	}
	if cursor := string(h.counting().Cursor); len(got) < rounds || cursor != strconv.Itoa(len(got)) {
		t.Errorf("%d events, cursor %s", len(got), cursor)
	}
	t.Logf("%d events over %d kills", len(got), rounds)
}

func (k *killBench) pollUntilKilled(after time.Duration) {
	p := k.start()
	api, err := client.New(client.Options{BaseURL: p.url, Token: k.token})
	if err != nil {
		k.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var askers sync.WaitGroup
	for range 3 {
		askers.Go(func() {
			for ctx.Err() == nil {
				if _, err := api.TellSensor(ctx, "count.count", "poll"); err != nil {
					continue // not loaded yet, or killed
				}
			}
		})
	}
	time.Sleep(after) // the moment of the kill
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait()
	cancel()
	askers.Wait()
}

func (h *harness) counting() automation.SensorDetail {
	h.t.Helper()
	d, err := h.Sensor(h.t.Context(), "count.count")
	if err != nil && automation.KindOf(err) != "not_found" { // not loaded yet
		h.t.Fatal(err)
	}
	return d
}

func (h *harness) tellCounting(what string) automation.SensorDetail {
	h.t.Helper()
	d, err := h.TellSensor(h.t.Context(), "count.count", what)
	if err != nil {
		h.t.Fatal(err)
	}
	return d
}

// numbersFound are the numbers that the sensor found, oldest event first.
func numbersFound(t testing.TB, api *client.Client) []int {
	t.Helper()
	var all []int
	q := client.EventQuery{Trigger: "count.tick", Page: client.Page{Limit: 200}}
	for {
		list, err := api.Events(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		for _, ev := range list.Items {
			full, err := api.Event(t.Context(), ev.ID)
			var payload struct{ N int }
			if err == nil {
				err = json.Unmarshal(full.Payload, &payload)
			}
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, payload.N)
		}
		if q.After = list.Next; q.After == "" {
			slices.Reverse(all)
			return all
		}
	}
}
