package automation

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"
)

func TestIDsSortByCreation(t *testing.T) {
	t.Parallel()
	now := time.UnixMilli(1_700_000_000_000)
	ids := IDs{Now: func() time.Time { return now }}
	var all []string
	for i := range 200_000 { // more than one millisecond's counter holds
		if i == 100_000 {
			now = now.Add(-time.Hour) // the clock steps back
		}
		all = append(all, ids.New())
	}
	if !slices.IsSorted(all) {
		t.Error("ids are not in order")
	}
	if len(slices.Compact(all)) != 200_000 {
		t.Error("an id came twice")
	}
	if !ValidID(all[0]) {
		t.Errorf("%q is not valid", all[0])
	}
}

func TestIDsAreUniqueAcrossGoroutines(t *testing.T) {
	t.Parallel()
	var ids IDs
	var mu sync.Mutex
	seen := map[string]bool{}
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 1000 {
				id := ids.New()
				mu.Lock()
				seen[id] = true
				mu.Unlock()
			}
		})
	}
	group.Wait()
	if len(seen) != 8000 {
		t.Errorf("%d different ids of 8000", len(seen))
	}
}

func TestValidID(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{"", "0", "01a2046db32300016f6437e", "01A2046DB32300016F6437E3", "01a2046db32300016f6437eg", "../../../../etc/passwd00"} {
		if ValidID(bad) {
			t.Errorf("%q is valid", bad)
		}
	}
}

func TestParseRef(t *testing.T) {
	t.Parallel()
	tests := []struct{ in, pack, name string }{
		{"labs_sre.exec_pod", "labs_sre", "exec_pod"},
		{"core.st2.webhook", "core", "st2.webhook"},
		{"nodot", "", ""}, {".name", "", ""}, {"pack.", "", ""}, {"Pack.name", "", ""}, {"a/b.c", "", ""},
	}
	for _, tt := range tests {
		r, err := ParseRef(tt.in)
		if tt.pack == "" {
			if !errors.Is(err, ErrInvalid) {
				t.Errorf("%q: %v, want invalid", tt.in, err)
			}
		} else if err != nil || r.Pack() != tt.pack || r.Name() != tt.name {
			t.Errorf("%q: %q %q %v", tt.in, r.Pack(), r.Name(), err)
		}
	}
}

func TestTheLawOfAStatus(t *testing.T) {
	t.Parallel()
	allowed := map[Status][]Status{
		Pending: {Running, Delayed, Paused, Failed, Canceled},
		Delayed: {Pending, Delayed, Paused, Failed, Canceled},
		Paused:  {Pending, Delayed, Canceled},
		Running: {Pending, Delayed, Waiting, Succeeded, Failed, TimedOut, Canceled},
		Waiting: {Pending, Delayed, Succeeded, Failed, TimedOut, Canceled},
	}
	for _, from := range Statuses() {
		for _, to := range Statuses() {
			if got, want := from.CanBecome(to), slices.Contains(allowed[from], to); got != want {
				t.Errorf("%s -> %s: %v, want %v", from, to, got, want)
			}
		}
		if from.Final() != (len(allowed[from]) == 0) {
			t.Errorf("%s: final is %v", from, from.Final())
		}
	}
	if Status("nonsense").Valid() {
		t.Error("nonsense is valid")
	}
}

func TestErrorsCarryKindHintAndCause(t *testing.T) {
	t.Parallel()
	cause := errors.New("connection refused")
	err := fmt.Errorf("list pods: %w", Unavailable("the cluster does not answer").WithHint("check the kubeconfig").Because(cause))
	if !errors.Is(err, ErrUnavailable) || !errors.Is(err, cause) || KindOf(err) != "unavailable" {
		t.Errorf("kind and cause are lost: %v", err)
	}
	if HintOf(err) != "check the kubeconfig" {
		t.Errorf("hint = %q", HintOf(err))
	}
	if got := err.Error(); got != "list pods: the cluster does not answer: connection refused" {
		t.Errorf("message = %q", got)
	}
	inner := fmt.Errorf("outer: %w", Denied("no").Because(NotFound("gone").WithHint("inner hint")))
	if HintOf(inner) != "inner hint" {
		t.Errorf("hint of the cause = %q", HintOf(inner))
	}
	for want, err := range map[string]error{
		"timeout": context.DeadlineExceeded, "canceled": context.Canceled, "internal": cause, "conflict": Conflict("x"),
	} {
		if got := KindOf(err); got != want {
			t.Errorf("KindOf(%v) = %s, want %s", err, got, want)
		}
	}
	if base := Invalid("x"); base.WithCode("c") == base || base.Code != "" {
		t.Error("WithCode changed its receiver")
	}
}

func TestLimitsInherit(t *testing.T) {
	t.Parallel()
	got := Limits{Memory: 1}.Or(Limits{Memory: 2, Timeout: time.Second}).Or(DefaultLimits())
	if got.Memory != 1 || got.Timeout != time.Second || got.Output != DefaultLimits().Output {
		t.Errorf("got %+v", got)
	}
}

func TestClosest(t *testing.T) {
	t.Parallel()
	known := []string{"startswith", "endswith", "equals", "eq", "exists"}
	for word, want := range map[string]string{
		"startwith": "startswith", "euqals": "equals", "equals": "equals", "ex": "eq", "matches": "", "": "",
	} {
		if got := Closest(word, known); got != want {
			t.Errorf("Closest(%q) = %q, want %q", word, got, want)
		}
	}
	if d := Distance("abcd", "acbd"); d != 1 {
		t.Errorf("a swap counts %d", d)
	}
}

func TestSizeText(t *testing.T) {
	t.Parallel()
	for n, want := range map[int64]string{
		0: "0 B", 1023: "1023 B", 1024: "1 KiB", 1536: "1.5 KiB", 64 << 20: "64 MiB", 5 << 30: "5 GiB", 1<<63 - 1: "8 EiB",
	} {
		if got := SizeText(n); got != want {
			t.Errorf("SizeText(%d) = %q, want %q", n, got, want)
		}
	}
}
