package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/client"
)

func newArtifactFlameCommand(c *cli) *cobra.Command {
	var q client.FlameQuery
	limit := 20
	cmd := &cobra.Command{
		Use:     "flame ID",
		Aliases: []string{"top"},
		Short:   "Show which functions of a profile use most, or have grown most",
		Long: "Show which functions of a pprof profile use most. With --base, show what they use more than in an\n" +
			"earlier profile of the same program: what grew between the two comes first.",
		Example: "  squall artifact flame 6740b1e2c3d4e5f6a7b8c9d0\n" +
			"  squall artifact flame 6740b1e2c3d4e5f6a7b8c9d1 --base 6740b1e2c3d4e5f6a7b8c9d0\n" +
			"  squall artifact flame 6740b1e2c3d4e5f6a7b8c9d0 --sample alloc_space --limit 0",
		Args:              exactly("ID"),
		ValidArgsFunction: c.completeFirst(liveArtifacts),
		RunE: func(cmd *cobra.Command, args []string) error {
			if limit < 0 {
				return usage("--limit can not be negative")
			}
			return c.showFlame(cmd.Context(), args[0], q, limit)
		},
	}
	cmd.Flags().StringVar(&q.Base, "base", "", "the profile to compare with, which was taken earlier")
	cmd.Flags().StringVar(&q.Sample, "sample", "", "what to show, such as inuse_space or alloc_objects")
	cmd.Flags().IntVar(&limit, "limit", limit, "how many functions to show; 0 shows all")
	must(cmd.RegisterFlagCompletionFunc("base", c.completeLive(liveArtifacts)))
	return cmd
}

// flameTable is what -o json shows of a profile: the table, not the graph.
type flameTable struct {
	Sample string      `json:"sample"`
	Unit   string      `json:"unit"`
	Total  int64       `json:"total"`
	Base   *int64      `json:"base_total,omitempty"`
	Items  []flameLine `json:"items"`
}

// flameLine is a function of a profile.
type flameLine struct {
	Function   string `json:"function"`
	File       string `json:"file"`
	Self       int64  `json:"self"`
	Total      int64  `json:"total"`
	SelfDelta  int64  `json:"self_delta"`
	TotalDelta int64  `json:"total_delta"`
}

func (c *cli) showFlame(ctx context.Context, id string, q client.FlameQuery, limit int) error {
	api, err := c.client()
	if err != nil {
		return err
	}
	f, err := api.Flame(ctx, id, q)
	if err != nil {
		return orList(err, "artifact list")
	}
	t := tableOfFlame(f, limit)
	if t.Base != nil {
		c.note("%s: %s, %s than in the base", f.Sample, profiled(f.Unit, f.Total), change(f.Unit, f.Total-*t.Base))
	} else {
		c.note("%s: %s", f.Sample, profiled(f.Unit, f.Total))
	}
	return c.print(listOf(t, t.Items, flameColumns(f), func(l flameLine) string { return l.Function }, !c.flags.noHeaders))
}

func tableOfFlame(f client.Flame, limit int) flameTable {
	t := flameTable{Sample: f.Sample, Unit: f.Unit, Total: f.Total, Items: []flameLine{}}
	if f.Base != nil {
		t.Base = &f.Base.Total
	}
	for i, row := range f.Top {
		if limit > 0 && i == limit {
			break
		}
		fn := f.Functions[row.Function]
		t.Items = append(t.Items, flameLine{
			Function: f.Strings[fn.Name], File: f.Strings[fn.File],
			Self: row.Self, Total: row.Total, SelfDelta: row.SelfDelta, TotalDelta: row.TotalDelta})
	}
	return t
}

func flameColumns(f client.Flame) []column[flameLine] {
	type row = flameLine
	columns := []column[row]{
		{title: "SELF", text: func(l row) string { return profiled(f.Unit, l.Self) }},
		{title: "TOTAL", text: func(l row) string { return profiled(f.Unit, l.Total) }},
		{title: "FUNCTION", text: func(l row) string { return l.Function }},
		{title: "FILE", wide: true, text: func(l row) string { return l.File }},
	}
	if f.Base == nil {
		return columns
	}
	return append([]column[row]{
		{title: "GREW", text: func(l row) string { return signed(f.Unit, l.SelfDelta) }},
		{title: "WITH CALLEES", text: func(l row) string { return signed(f.Unit, l.TotalDelta) }},
	}, columns...)
}

// profiled writes a value of a profile as people do.
func profiled(unit string, n int64) string {
	switch {
	case unit == "bytes":
		return automation.SizeText(n)
	case unit == "count" || unit == "":
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("%d %s", n, unit)
}

func signed(unit string, n int64) string {
	switch {
	case n > 0:
		return "+" + profiled(unit, n)
	case n < 0:
		return "-" + profiled(unit, -n)
	}
	return "0"
}

func change(unit string, n int64) string {
	if n < 0 {
		return profiled(unit, -n) + " less"
	}
	return profiled(unit, n) + " more"
}
