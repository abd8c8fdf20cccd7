package main

import (
	"context"
	"fmt"
)

// isolated is the section on what one execution costs.
func isolated(ctx context.Context, b *bench, t *table) error {
	return duel(ctx, b, t, "isolated", "isolated execution, one caller", guests())
}

func extismPlugins(ctx context.Context, b *bench, t *table) error {
	return duel(ctx, b, t, "extism", "Extism plugin, one caller", plugins())
}

// duel measures guests and what they are compared with, all in the same rounds.
func duel(ctx context.Context, b *bench, t *table, section, title string, all []guest) error {
	var turns []*contender
	var chosen []guest
	opened := map[string]*contender{}
	add := func(key string, c *contender, err error) {
		if err != nil {
			c = &contender{err: err}
		}
		opened[key] = c
		turns = append(turns, c)
	}
	for _, g := range all {
		if !b.selected(section, g.name) {
			continue
		}
		chosen = append(chosen, g)
		c, err := b.ours(ctx, g)
		add(g.name, c, err)
		for _, key := range g.against {
			if opened[key] == nil {
				c, err := b.rival(ctx, key)
				add(key, c, err)
			}
		}
	}
	if len(chosen) == 0 {
		return nil
	}
	if err := interleave(ctx, b.pace, turns); err != nil {
		return err
	}
	t.section(title, "allocations")
	for _, g := range chosen {
		printDuel(t, g, opened)
	}
	return nil
}

func printDuel(t *table, g guest, opened map[string]*contender) {
	us := opened[g.name]
	if us.err != nil {
		t.absent(g.name, us.err)
	} else {
		r := row{name: g.name, extra: digits(us.allocs.median())}.times(us.times)
		if g.target > 0 {
			r.target, r.verdict = most(g.target), t.judge(us.times.median(), float64(g.target))
		}
		t.print(r)
	}
	for _, key := range g.against {
		them := opened[key]
		if them.err != nil {
			t.absent("  "+key, them.err)
			continue
		}
		r := row{name: "  " + key, extra: digits(them.allocs.median())}.times(them.times)
		if us.err == nil {
			r.verdict = ratio(them.times.over(us.times).median())
		}
		t.print(r)
	}
}

// ratio says how many times longer another takes.
func ratio(r float64) string { return fmt.Sprintf("x %s", digits(r)) }
