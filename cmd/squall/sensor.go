package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/client"
)

func newSensorCommand(c *cli) *cobra.Command {
	cmd := group(&cobra.Command{
		Use:     "sensor",
		Aliases: []string{"sensors"},
		GroupID: groupAutomate,
		Short:   "Look at sensors, ask them now, pause them, set them back",
		Example: "  squall sensor list\n  squall sensor get feeds.releases\n  squall sensor poll feeds.releases",
	})
	list := newSourceListCommand(c, "list", "sensor", "List the sensors of all packs, and how they are doing")
	cmd.AddCommand(list, newSensorGetCommand(c),
		newSensorTellCommand(c, "poll", "Ask a sensor now what it has found"),
		newSensorTellCommand(c, "pause", "Do not ask a sensor any more, until it is resumed"),
		newSensorTellCommand(c, "resume", "Ask a sensor again that was paused"),
		newSensorResetCommand(c))
	return cmd
}

func newSensorGetCommand(c *cli) *cobra.Command {
	return c.sensorCommand("get", "Show one sensor: its state, its cursor, what it wrote", func(ctx context.Context, api *client.Client, ref automation.Ref) (automation.SensorDetail, error) {
		return api.Sensor(ctx, ref)
	})
}

func newSensorTellCommand(c *cli, what, short string) *cobra.Command {
	return c.sensorCommand(what, short, func(ctx context.Context, api *client.Client, ref automation.Ref) (automation.SensorDetail, error) {
		return api.TellSensor(ctx, ref, what)
	})
}

func newSensorResetCommand(c *cli) *cobra.Command {
	var cursor string
	cmd := c.sensorCommand("reset", "Let a sensor begin anew, or go on from a cursor", func(ctx context.Context, api *client.Client, ref automation.Ref) (automation.SensorDetail, error) {
		if cursor == "" {
			return api.ResetSensor(ctx, ref, nil)
		}
		if !json.Valid([]byte(cursor)) {
			return automation.SensorDetail{}, automation.Invalid("--cursor is not JSON").WithHint(`text needs quotes: --cursor '"2026-01-01"'`)
		}
		return api.ResetSensor(ctx, ref, json.RawMessage(cursor))
	})
	cmd.Flags().StringVar(&cursor, "cursor", "", "where to go on from, as JSON")
	return cmd
}

// sensorCommand does something with one sensor and shows it.
func (c *cli) sensorCommand(use, short string, do func(context.Context, *client.Client, automation.Ref) (automation.SensorDetail, error)) *cobra.Command {
	return &cobra.Command{
		Use:     use + " SENSOR",
		Short:   short,
		Example: "  squall sensor " + use + " feeds.releases",
		Args:    exactly("SENSOR"),
		RunE: func(cmd *cobra.Command, args []string) error {
			api, err := c.client()
			if err != nil {
				return err
			}
			d, err := do(cmd.Context(), api, automation.Ref(args[0]))
			if err != nil {
				return orList(err, "sensor list")
			}
			return c.print(thing(d, args[0], func(w io.Writer, t terminal, _ bool) error {
				p := &page{w: w, t: t}
				c.sensorText(p, d)
				return p.err
			}))
		},
	}
}

func (c *cli) sensorText(p *page, d automation.SensorDetail) {
	s := d.Status
	p.line("%s %s", p.paint(toneHead, string(d.Sensor.Ref())), d.Sensor.Description)
	p.line("")
	p.pair("State", string(s.State))
	p.pair("Asked every", d.Sensor.Interval.String())
	p.pair("Raises", joinRefs(d.Sensor.Triggers))
	p.pair("Polls", fmt.Sprintf("%d, %d events since the server started", s.Runs, s.Events))
	if s.LastRun != nil {
		p.pair("Last poll", c.when(p.t, *s.LastRun))
	}
	p.pair("Last event", s.LastEvent)
	if len(s.Next) > 0 {
		p.pair("Next poll", c.when(p.t, s.Next[0]))
	}
	p.pair("Cursor", string(d.Cursor))
	p.pair("Error", s.Error)
	p.pair("Hint", s.Hint)
	for _, line := range d.Log {
		p.line("%s %s %s", c.when(p.t, line.At), string(line.Level), line.Text)
	}
}
