package client

import (
	"context"
	"encoding/json"

	"github.com/squall-dev/squall/runtime/automation"
)

// Sensors lists the sensors of all packs, and how they are doing.
func (c *Client) Sensors(ctx context.Context) (List[automation.SourceStatus], error) {
	return list[automation.SourceStatus](ctx, c, get("sensors"))
}

// Sensor tells all about one sensor.
func (c *Client) Sensor(ctx context.Context, ref automation.Ref) (automation.SensorDetail, error) {
	return one[automation.SensorDetail](ctx, c, get("sensors", string(ref)))
}

// TellSensor does one of poll, pause and resume with a sensor.
func (c *Client) TellSensor(ctx context.Context, ref automation.Ref, what string) (automation.SensorDetail, error) {
	return one[automation.SensorDetail](ctx, c, post(nil, "sensors", string(ref), what))
}

// ResetSensor lets a sensor go on from a cursor; nil lets it begin anew.
func (c *Client) ResetSensor(ctx context.Context, ref automation.Ref, cursor json.RawMessage) (automation.SensorDetail, error) {
	body := map[string]json.RawMessage{}
	if cursor != nil {
		body["cursor"] = cursor
	}
	return one[automation.SensorDetail](ctx, c, post(body, "sensors", string(ref), "reset"))
}
