package api

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/store"
)

// Trigger is a trigger type that a pack declares, and what it is used for.
type Trigger struct {
	Ref automation.Ref `json:"ref"`
	automation.TriggerType
	// Rules look at its events; disabled ones stand here too.
	Rules []automation.Ref `json:"rules"`
	// LastEvent is when the newest of its events came.
	LastEvent *time.Time `json:"last_event,omitempty"`
	// Example is a payload that is likely to fit the schema; lists leave it out.
	Example any `json:"example,omitempty"`
}

func (s *Server) listTriggers(c echo.Context) error {
	l := List[Trigger]{Items: []Trigger{}}
	rules := s.rulesByTrigger()
	for _, t := range s.Catalogue().Triggers() {
		shown, err := s.trigger(c, t, rules)
		if err != nil {
			return err
		}
		l.Items = append(l.Items, shown)
	}
	return c.JSON(http.StatusOK, l)
}

func (s *Server) getTrigger(c echo.Context) error {
	ref := automation.Ref(c.Param("ref"))
	t, ok := s.Catalogue().TriggerType(ref)
	if !ok {
		return automation.NotFound("trigger %q is not declared in any loaded pack", brief(string(ref))).WithCode("unknown_trigger").
			WithHint("list the triggers there are: squall trigger list")
	}
	shown, err := s.trigger(c, t, s.rulesByTrigger())
	if err != nil {
		return err
	}
	if s.Example != nil && t.PayloadSchema != nil {
		shown.Example = s.Example(t.PayloadSchema)
	}
	return c.JSON(http.StatusOK, shown)
}

func (s *Server) rulesByTrigger() map[automation.Ref][]automation.Ref {
	rules := map[automation.Ref][]automation.Ref{}
	for _, r := range s.Catalogue().Rules() {
		rules[r.Trigger.Type] = append(rules[r.Trigger.Type], r.Ref())
	}
	return rules
}

func (s *Server) trigger(c echo.Context, t automation.TriggerType, rules map[automation.Ref][]automation.Ref) (Trigger, error) {
	shown := Trigger{Ref: t.Ref(), TriggerType: t, Rules: rules[t.Ref()]}
	if shown.Rules == nil {
		shown.Rules = []automation.Ref{}
	}
	if shown.PayloadSchema != nil && shown.PayloadCheck == "" {
		shown.PayloadCheck = automation.PayloadReject
	}
	newest, err := s.Store.Events(c.Request().Context(), store.EventQuery{Trigger: string(t.Ref()), Limit: 1})
	if err != nil {
		return shown, err
	}
	if len(newest) > 0 {
		shown.LastEvent = &newest[0].ReceivedAt
	}
	return shown, nil
}
