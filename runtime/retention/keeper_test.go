package retention_test

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/retention"
	"github.com/squall-dev/squall/runtime/store"
	"github.com/squall-dev/squall/runtime/store/sqlite"
)

// history is a store with executions of the last hours, the oldest first.
type history struct {
	*sqlite.Store
	ids []string
	now time.Time
}

func fill(t *testing.T, statuses ...automation.Status) *history {
	t.Helper()
	s, err := sqlite.Open(t.Context(), sqlite.Options{Path: filepath.Join(t.TempDir(), "squall.db"), NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	h := &history{Store: s, now: time.Now()}
	at := h.now.Add(-time.Duration(len(statuses)) * time.Hour)
	ids := &automation.IDs{Now: func() time.Time { return at }}
	for i, status := range statuses {
		x := automation.Execution{ExecutionSummary: automation.ExecutionSummary{ID: ids.New(), Action: "a.b", Status: status, CreatedAt: at}}
		if i%2 == 1 {
			x.Action = "c.d"
		}
		if err := s.Accept(t.Context(), store.Acceptance{Executions: []automation.Execution{x}}); err != nil {
			t.Fatal(err)
		}
		h.ids, at = append(h.ids, x.ID), at.Add(time.Hour)
	}
	return h
}

func (h *history) keeper(t *testing.T, rules ...automation.RetentionRule) *retention.Keeper {
	t.Helper()
	k, err := retention.New(retention.Options{Store: h, Rules: rules, Now: func() time.Time { return h.now },
		RemoveFile: func(context.Context, string) (bool, error) { return true, nil }})
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// left are the numbers of the executions that are there, oldest first.
func (h *history) left(t *testing.T) string {
	t.Helper()
	var left []string
	for i, id := range h.ids {
		_, err := h.Execution(t.Context(), id)
		switch {
		case err == nil:
			left = append(left, string(rune('0'+i)))
		case !errors.Is(err, automation.ErrNotFound):
			t.Fatal(err)
		}
	}
	return strings.Join(left, "")
}

func TestRules(t *testing.T) {
	t.Parallel()
	const failed, pending = automation.Failed, automation.Pending
	for _, tt := range []struct {
		name   string
		rules  []automation.RetentionRule
		excess int
		left   string
	}{
		{"without rules everything stays", nil, 0, "012345"},
		{"the old go, but not what has not ended", []automation.RetentionRule{{Age: 210 * time.Minute}}, 2, "0345"},
		{"those beyond a number go, oldest first", []automation.RetentionRule{{Count: 3}}, 2, "0345"},
		{"a rule of a pack leaves the others", []automation.RetentionRule{{Pack: "a", Count: 1}}, 1, "01345"},
		{"a rule of another status leaves all", []automation.RetentionRule{{Statuses: []automation.Status{automation.Succeeded}, Count: 1}}, 0, "012345"},
		{"every rule holds", []automation.RetentionRule{{Pack: "a", Count: 1}, {Age: 210 * time.Minute}}, 1, "0345"},
		{"a bound that is kept removes nothing", []automation.RetentionRule{{Age: 24 * time.Hour, Count: 10, Bytes: 1 << 30}}, 0, "012345"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := fill(t, pending, failed, failed, failed, failed, failed)
			k := h.keeper(t, tt.rules...)
			before, err := k.State(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if len(before.Rules) > 0 && before.Rules[0].Excess != tt.excess {
				t.Errorf("to go: %d; want %d", before.Rules[0].Excess, tt.excess)
			}
			if got := h.left(t); got != "012345" {
				t.Errorf("looking has removed some: %s", got)
			}
			if err := k.Apply(t.Context()); err != nil {
				t.Fatal(err)
			}
			if got := h.left(t); got != tt.left {
				t.Errorf("left %s; want %s", got, tt.left)
			}
			after, err := k.State(t.Context())
			if err != nil || after.Removed != int64(6-len(tt.left)) || after.LastRun == nil || after.Busy {
				t.Errorf("state: %+v, %v", after, err)
			}
		})
	}
}

func TestBytes(t *testing.T) {
	t.Parallel()
	h := fill(t, automation.Failed, automation.Failed, automation.Failed, automation.Failed, automation.Failed, automation.Failed, automation.Failed, automation.Failed)
	for unindexed := 1; unindexed > 0; { // their bytes are counted as their words are
		size, err := h.Size(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		unindexed = size.Unindexed
	}
	held, err := h.Weigh(t.Context(), store.Selection{})
	if err != nil || held.Bytes < 8 {
		t.Fatalf("held %+v, %v", held, err)
	}
	each := held.Bytes / 8
	if err := h.keeper(t, automation.RetentionRule{Bytes: held.Bytes - each/2}).Apply(t.Context()); err != nil {
		t.Fatal(err)
	}
	if left := h.left(t); strings.Contains(left, "0") || !strings.Contains(left, "7") {
		t.Errorf("left %s: the oldest should go and the youngest stay", left)
	}
}

// brokenStore fails.
type brokenStore struct{ store.History }

func (brokenStore) Weigh(context.Context, store.Selection) (store.Held, error) {
	return store.Held{}, errors.New("disk gone")
}

func TestAFailureIsShown(t *testing.T) {
	t.Parallel()
	h := fill(t)
	k, err := retention.New(retention.Options{Store: brokenStore{h}, Rules: []automation.RetentionRule{{Count: 1}},
		RemoveFile: func(context.Context, string) (bool, error) { return false, nil }})
	if err != nil {
		t.Fatal(err)
	}
	if err := k.Apply(t.Context()); err == nil || !strings.Contains(k.Failing(), "disk gone") {
		t.Errorf("error %v, shown %q", err, k.Failing())
	}
}
