package main

import (
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"time"
)

// table prints rows as they come and counts what is not as it should be.
type table struct {
	out io.Writer
	// slack is how many times its target a figure may be before it counts as a
	// problem: on a machine that others use too, targets are missed now and then.
	slack                float64
	missed, far, missing int
}

// row is a line of the table. Empty cells stay empty.
type row struct {
	name, target, median, spread, extra, verdict string
}

func (t *table) print(r row) {
	fmt.Fprintf(t.out, "%-46s %9s %9s  %-20s %11s  %s\n", r.name, r.target, r.median, r.spread, r.extra, r.verdict)
}

func (t *table) title(text string) { fmt.Fprintln(t.out, text) }

// section begins a part of the table; extra names its column of many uses.
func (t *table) section(name, extra string) {
	fmt.Fprintln(t.out)
	t.print(row{name, "target", "median", "p25 .. p75", extra, ""})
}

// absent is a row without figures.
func (t *table) absent(name string, err error) {
	t.missing++
	why, _, _ := strings.Cut("failed: "+err.Error(), "\n")
	if m := (missing{}); errors.As(err, &m) {
		why = m.why
	}
	fmt.Fprintf(t.out, "%-46s %s\n", name, why)
}

// judge compares a figure with its target.
func (t *table) judge(figure, target float64) string {
	if figure <= target {
		return "ok"
	}
	t.missed++
	if figure > target*t.slack {
		t.far++
	}
	return "MISSED"
}

// close says how it went and returns the number of problems.
func (t *table) close() int {
	fmt.Fprintf(t.out, "\n%d targets missed, %d rows missing\n", t.missed, t.missing)
	return t.far + t.missing
}

// times writes a series of durations into a row.
func (r row) times(s series) row {
	r.median, r.spread = duration(s.median()), spread(s, duration)
	return r
}

// spread writes the quartiles of a series.
func spread(s series, write func(float64) string) string {
	return write(s.at(0.25)) + " .. " + write(s.at(0.75))
}

func most(d time.Duration) string { return "<= " + duration(float64(d)) }

// duration writes nanoseconds with three digits.
func duration(ns float64) string {
	for _, unit := range []struct {
		size float64
		name string
	}{{1e9, "s"}, {1e6, "ms"}, {1e3, "us"}} {
		if ns >= unit.size*0.9995 {
			return digits(ns/unit.size) + " " + unit.name
		}
	}
	return digits(ns) + " ns"
}

func digits(v float64) string {
	if v == math.Trunc(v) && v < 1000 {
		return fmt.Sprint(v)
	}
	return fmt.Sprintf("%.*f", max(0, 2-int(math.Log10(max(1, math.Abs(v))))), v)
}

// size writes bytes in KiB or MiB.
func size(bytes float64) string {
	if math.Abs(bytes) >= 1<<20 {
		return digits(bytes/(1<<20)) + " MiB"
	}
	return digits(bytes/(1<<10)) + " KiB"
}
