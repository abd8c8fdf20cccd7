package api

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/squall-dev/squall/runtime/automation"
)

// sensors is what handlers ask and tell sensors.
type sensors interface {
	Status() []automation.SourceStatus
	Detail(ref automation.Ref) (automation.SensorDetail, error)
	Poll(ctx context.Context, ref automation.Ref) error
	Pause(ctx context.Context, ref automation.Ref, paused bool) error
	Reset(ctx context.Context, ref automation.Ref, cursor json.RawMessage) error
}

// SensorReset is where a sensor is to go on from; without a cursor it begins anew.
type SensorReset struct {
	Cursor json.RawMessage `json:"cursor,omitempty"`
}

func (s *Server) listSensors(c echo.Context) error {
	return c.JSON(http.StatusOK, List[automation.SourceStatus]{Items: s.Sensors.Status()})
}

func (s *Server) getSensor(c echo.Context) error { return s.answerSensor(c, nil) }

func (s *Server) pollSensor(c echo.Context) error {
	return s.answerSensor(c, func(ctx context.Context, ref automation.Ref) error { return s.Sensors.Poll(ctx, ref) })
}

func (s *Server) pauseSensor(c echo.Context) error {
	return s.answerSensor(c, func(ctx context.Context, ref automation.Ref) error { return s.Sensors.Pause(ctx, ref, true) })
}

func (s *Server) resumeSensor(c echo.Context) error {
	return s.answerSensor(c, func(ctx context.Context, ref automation.Ref) error { return s.Sensors.Pause(ctx, ref, false) })
}

func (s *Server) resetSensor(c echo.Context) error {
	var req SensorReset
	if err := decode(c, &req); err != nil {
		return err
	}
	noted(c, "", "cursor", string(req.Cursor))
	return s.answerSensor(c, func(ctx context.Context, ref automation.Ref) error { return s.Sensors.Reset(ctx, ref, req.Cursor) })
}

// answerSensor does something with a sensor and tells how it is then.
func (s *Server) answerSensor(c echo.Context, do func(context.Context, automation.Ref) error) error {
	ref := automation.Ref(c.Param("ref"))
	if do != nil {
		if err := do(c.Request().Context(), ref); err != nil {
			return err
		}
	}
	d, err := s.Sensors.Detail(ref)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, d)
}
