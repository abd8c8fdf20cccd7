package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/wasm"
)

// mostCancel is how long a guest may go on after its cancel.
const mostCancel = 5 * time.Millisecond

// cancels is the section on how soon a guest stops.
func cancels(ctx context.Context, b *bench, t *table) error {
	const section = "cancel"
	names := map[string]string{"loop": "guest in an endless loop", "wait": "guest in a host call"}
	var exports []string
	for _, export := range []string{"loop", "wait"} {
		if b.selected(section, names[export]) {
			exports = append(exports, export)
		}
	}
	if len(exports) == 0 {
		return nil
	}
	t.section(fmt.Sprintf("cancel to return, %d times", b.pace.cancels), "max")
	m, err := b.load(ctx, guest{name: "work", file: "c-work.wasm", needs: needsClang})
	if err != nil {
		t.absent("all", err)
		return nil
	}
	took, failed := map[string]series{}, map[string]error{}
	for range b.pace.cancels {
		for _, export := range exports {
			d, err := cancelOne(ctx, m, export)
			took[export] = append(took[export], float64(d))
			failed[export] = errors.Join(failed[export], err)
		}
	}
	for _, export := range exports {
		if failed[export] != nil {
			t.absent(names[export], failed[export])
			continue
		}
		s := took[export]
		r := row{name: names[export], target: most(mostCancel), extra: duration(s.at(1))}.times(s)
		r.verdict = t.judge(s.at(1), float64(mostCancel))
		t.print(r)
	}
	return nil
}

// cancelOne lets an export run for two milliseconds and cancels it.
func cancelOne(ctx context.Context, m *wasm.Module, export string) (time.Duration, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	canceled := make(chan time.Time, 1)
	timer := time.AfterFunc(2*time.Millisecond, func() {
		canceled <- time.Now()
		cancel()
	})
	defer timer.Stop()
	res, err := m.Call(ctx, newCall(export, input))
	returned := time.Now()
	switch {
	case err != nil:
		return 0, err
	case res.Code != automation.CodeCanceled:
		return 0, errors.New("it ended on its own: " + string(res.Code) + " " + res.Message)
	}
	return returned.Sub(<-canceled), nil
}
