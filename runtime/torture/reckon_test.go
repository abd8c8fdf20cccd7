package torture

import (
	"context"
	"io"
	"path/filepath"
	"testing"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/store/sqlite"
)

// A store that does something else than the model must be found: here the model is
// wrong, which is the same.
func TestADifferenceToTheModelIsFound(t *testing.T) {
	t.Parallel()
	db, err := sqlite.Open(t.Context(), sqlite.Options{Path: filepath.Join(t.TempDir(), "squall.db"), NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, tt := range []struct {
		name string
		ops  func([]operation)
		want bool // kept
	}{
		{"the model as it is", func([]operation) {}, true},
		{"a model that starts what has ended", func(ops []operation) {
			ops[3].next = func(s state) (state, error) { return state{"running", s.attempts + 1, s.lost}, nil }
		}, false},
		{"a model that refuses a start", func(ops []operation) {
			ops[3].next = func(s state) (state, error) { return s, automation.ErrConflict }
		}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRun(Options{Out: io.Discard}, kind{name: "model"})
			w := &walk{run: r, db: db, ops: operations(), final: map[string]state{}, alive: map[string]bool{}}
			tt.ops(w.ops)
			w.law = r.promise("steps", "law")
			n := 0
			if err := w.sequences(context.WithoutCancel(t.Context()), 2, &n); err != nil {
				t.Fatal(err)
			}
			if r.broken() == tt.want {
				t.Errorf("%d sequences, %+v", n, r.promises)
			}
		})
	}
}

func TestATimerThatFiresWrongIsFound(t *testing.T) {
	t.Parallel()
	c := clockCase{name: "at ten", fires: func(t time.Time) bool { return t.Hour() == 10 && t.Minute() == 0 }}
	day := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	ten := day.Add(10 * time.Hour)
	for _, tt := range []struct {
		name  string
		fired map[time.Time]int
		kept  bool
	}{
		{"once", map[time.Time]int{ten: 1}, true},
		{"twice", map[time.Time]int{ten: 2}, false},
		{"never", nil, false},
		{"at another time", map[time.Time]int{ten: 1, ten.Add(time.Hour): 1}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := newRun(Options{Out: io.Discard}, kind{name: "clock"})
			r.judgeClock(c, "all", tt.fired, day, day.AddDate(0, 0, 1), false)
			if r.broken() == tt.kept {
				t.Errorf("%+v", r.promises)
			}
		})
	}
}
