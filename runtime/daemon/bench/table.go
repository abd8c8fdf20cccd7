package main

import (
	"fmt"
	"slices"
	"time"
)

// table prints rows as they are known, and counts targets that were missed.
type table struct {
	slack  float64
	missed int
}

func (t *table) head(title string, columns ...string) {
	fmt.Println()
	t.row(title, columns...)
}

func (t *table) row(name string, cells ...string) {
	fmt.Printf("%-60s", name)
	for _, c := range cells {
		fmt.Printf(" %12s", c)
	}
	fmt.Println()
}

func (t *table) plain(name, format string, value float64) { t.row(name, fmt.Sprintf(format, value)) }

// spread prints percentiles; a target of 0 is none.
func (t *table) spread(name string, ds []time.Duration, p50, p99 time.Duration) {
	slices.Sort(ds)
	cells := []string{milliseconds(percentile(ds, 0.5)), milliseconds(percentile(ds, 0.99)), milliseconds(ds[len(ds)-1])}
	if p50 > 0 {
		ok := t.judge(float64(percentile(ds, 0.5)) <= t.slack*float64(p50) && float64(percentile(ds, 0.99)) <= t.slack*float64(p99))
		cells = append(cells, fmt.Sprintf("<= %v, %v %s", p50, p99, ok))
	}
	t.row(name, cells...)
}

func (t *table) atLeast(name string, value, target float64) {
	t.row(name, fmt.Sprintf("%.0f", value), fmt.Sprintf(">= %.0f %s", target, t.judge(value*t.slack >= target)))
}

func (t *table) atMost(name string, value, target float64, format, unit string) {
	t.row(name, fmt.Sprintf(format+" %s", value, unit), fmt.Sprintf("<= %.0f %s %s", target, unit, t.judge(value <= t.slack*target)))
}

func (t *table) judge(ok bool) string {
	if ok {
		return "ok"
	}
	t.missed++
	return "MISSED"
}

func milliseconds(d time.Duration) string { return fmt.Sprintf("%.2f", float64(d.Microseconds())/1000) }
