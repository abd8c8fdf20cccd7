package main

import (
	"fmt"
	"slices"
	"time"

	"github.com/squall-dev/squall/packs/std/pprof/pressure"
	squall "github.com/squall-dev/squall/sdk/go"
)

// config is the pack's configuration; config.schema.yaml explains it.
type config struct {
	Namespaces    []string `json:"namespaces"`
	Context       string   `json:"context"`
	LabelSelector string   `json:"label_selector"`
	Source        string   `json:"source"`
	Interval      float64  `json:"interval_seconds"`
	Threshold     float64  `json:"threshold_percent"`
	TrendFrom     float64  `json:"trend_from_percent"`
	ETA           float64  `json:"eta_seconds"`
	Window        float64  `json:"window_seconds"`
}

func readConfig() (c config, err error) {
	if err := squall.Config(&c); err != nil {
		return c, fmt.Errorf("read the pack's configuration: %w", err)
	}
	return c, c.check()
}

func (c config) check() error {
	if len(c.Namespaces) == 0 {
		return nil // it watches nothing
	}
	for _, b := range []struct {
		key             string
		value, min, max float64
	}{
		{"interval_seconds", c.Interval, 1, 60}, {"threshold_percent", c.Threshold, 1, 100},
		{"trend_from_percent", c.TrendFrom, 0, 100}, {"eta_seconds", c.ETA, 1, 86400}, {"window_seconds", c.Window, 20, 3600},
	} {
		if b.value < b.min || b.value > b.max {
			return fmt.Errorf("the pack's configuration: %s is %g, and must be from %g to %g", b.key, b.value, b.min, b.max)
		}
	}
	return nil
}

func (c config) request() squall.KubePodStatsRequest {
	r := squall.KubePodStatsRequest{Context: c.Context, Namespaces: c.Namespaces, LabelSelector: c.LabelSelector, Source: c.Source}
	if slices.Contains(c.Namespaces, "*") {
		r.Namespaces = nil
	}
	return r
}

func (c config) options() pressure.Options {
	return pressure.Options{
		Threshold: c.Threshold / 100, From: c.TrendFrom / 100,
		ETA: seconds(c.ETA), Window: seconds(c.Window),
	}
}

func seconds(n float64) time.Duration { return time.Duration(n * float64(time.Second)) }
