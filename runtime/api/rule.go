package api

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/store"
)

// RuleDetail is a rule with its newest verdicts.
type RuleDetail struct {
	Rule     automation.Rule      `json:"rule"`
	Verdicts []automation.Verdict `json:"verdicts"`
}

// RuleTestRequest names a rule, as YAML or by reference, and what to judge: a
// payload or a stored event.
type RuleTestRequest struct {
	Rule    string          `json:"rule,omitempty"`
	Ref     automation.Ref  `json:"ref,omitempty"`
	Payload json.RawMessage `json:"payload,omitempty"`
	Event   string          `json:"event,omitempty"`
}

func (s *Server) listRules(c echo.Context) error {
	rules := s.Catalogue().Rules()
	if rules == nil {
		rules = []automation.Rule{}
	}
	return c.JSON(http.StatusOK, List[automation.Rule]{Items: rules})
}

func (s *Server) getRule(c echo.Context) error {
	r, err := s.ruleInService(automation.Ref(c.Param("ref")))
	if err != nil {
		return err
	}
	const newest = 50
	verdicts, err := s.Store.Verdicts(c.Request().Context(), store.VerdictQuery{Rule: r.Ref(), Limit: newest})
	if err != nil {
		return err
	}
	if verdicts == nil {
		verdicts = []automation.Verdict{}
	}
	return c.JSON(http.StatusOK, RuleDetail{Rule: r, Verdicts: verdicts})
}

func (s *Server) ruleInService(ref automation.Ref) (automation.Rule, error) {
	r, ok := s.Catalogue().Rule(ref)
	if !ok {
		return r, automation.NotFound("rule %q is not in any loaded pack", ref).WithCode("unknown_rule").
			WithHint("list the rules there are: squall rule list")
	}
	return r, nil
}

func (s *Server) testRule(c echo.Context) error {
	var req RuleTestRequest
	if err := decode(c, &req); err != nil {
		return err
	}
	ctx := c.Request().Context()
	ev := automation.Event{Payload: req.Payload}
	if req.Event != "" {
		var err error
		if ev, err = s.Store.Event(ctx, req.Event); err != nil {
			return err
		}
	}
	if len(ev.Payload) == 0 {
		return automation.Invalid("an event or a payload is needed to test a rule")
	}
	test, err := s.judge(ctx, req, ev)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, test)
}

func (s *Server) judge(ctx context.Context, req RuleTestRequest, ev automation.Event) (automation.RuleTest, error) {
	if req.Ref == "" {
		return s.TestRule(ctx, []byte(req.Rule), ev)
	}
	r, err := s.ruleInService(req.Ref)
	if err != nil {
		return automation.RuleTest{}, err
	}
	return s.TestRuleInService(ctx, r, ev)
}

// RuleReplayRequest names a rule, as YAML or by reference, and how many of the last
// events it is to be tried on: 1 to 1000, 200 when left out. With both, the text is
// tried and compared with the rule of that reference.
type RuleReplayRequest struct {
	Rule string         `json:"rule,omitempty"`
	Ref  automation.Ref `json:"ref,omitempty"`
	Last int            `json:"last,omitempty"`
}

func (s *Server) replayRule(c echo.Context) error {
	var req RuleReplayRequest
	if err := decode(c, &req); err != nil {
		return err
	}
	const most = 1000
	switch {
	case req.Last == 0:
		req.Last = 200
	case req.Last < 0 || req.Last > most:
		return automation.Invalid("last must be a number from 1 to %d, not %d", most, req.Last).WithCode("malformed")
	}
	if req.Rule == "" && req.Ref == "" {
		return automation.Invalid("a rule's text or its ref is needed")
	}
	out, err := s.ReplayRule(c.Request().Context(), []byte(req.Rule), req.Ref, req.Last)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, out)
}
