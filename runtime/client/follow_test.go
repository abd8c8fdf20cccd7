package client_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/client"
)

// play is a server that knows one execution, which gets on with every look.
type play struct {
	statuses []automation.Status
	lines    []int // how many lines the log has at each look
	looks    int
	stream   string
}

func (p *play) at() int { return min(p.looks, len(p.statuses)) - 1 }

func (p *play) serve(r *http.Request) (*http.Response, error) {
	switch {
	case strings.HasSuffix(r.URL.Path, "/stream"):
		return answer(200, strings.NewReader(p.stream)), nil
	case strings.HasSuffix(r.URL.Path, "/log"):
		return answer(200, strings.NewReader(p.log(r))), nil
	}
	p.looks++
	resp := answer(200, strings.NewReader(fmt.Sprintf(`{"id":"x1","status":%q}`, p.statuses[p.at()])))
	resp.Header.Set("X-Stream-Seq", "10")
	return resp, nil
}

// log answers two lines at most, so that more take more than one question.
func (p *play) log(r *http.Request) string {
	var from int
	fmt.Sscan(r.URL.Query().Get("from"), &from)
	var items []string
	for n := from; n <= p.lines[p.at()] && len(items) < 2; n++ {
		items = append(items, fmt.Sprintf(`{"number":%d,"text":"line %d"}`, n, n))
	}
	next := from + len(items)
	if next > p.lines[p.at()] {
		next = 0
	}
	return fmt.Sprintf(`{"items":[%s],"next_from":%d}`, strings.Join(items, ","), next)
}

const (
	grown   = "id: 11\ndata: {\"seq\":11,\"kind\":\"log.appended\",\"log\":{\"execution\":\"x1\",\"lines\":4}}\n\n"
	foreign = "id: 12\ndata: {\"seq\":12,\"kind\":\"execution.updated\",\"execution\":{\"id\":\"other\",\"status\":\"failed\"}}\n\n"
	updated = "id: 13\ndata: {\"seq\":13,\"kind\":\"execution.updated\",\"execution\":{\"id\":\"x1\",\"status\":\"failed\"}}\n\n"
	resync  = "event: resync\ndata: {}\n\n"
)

func TestFollowSeesEveryLineOnceAndTheEnd(t *testing.T) {
	t.Parallel()
	const running, failed = automation.Running, automation.Failed
	cases := map[string]struct {
		play  play
		lines string
		until func(automation.Execution) bool
		want  automation.Status
	}{
		"over before it began":       {play: play{[]automation.Status{failed}, []int{3}, 0, ""}, lines: "1 2 3", want: failed},
		"told by the stream":         {play: play{[]automation.Status{running, failed}, []int{1, 5}, 0, grown + foreign + updated}, lines: "1 2 3 4 5", want: failed},
		"lines while it runs":        {play: play{[]automation.Status{running, failed}, []int{4, 4}, 0, grown + updated}, lines: "1 2 3 4", want: failed},
		"after too much was missed":  {play: play{[]automation.Status{running, failed}, []int{1, 2}, 0, resync}, lines: "1 2", want: failed},
		"only until it is under way": {play: play{[]automation.Status{running}, []int{1}, 0, ""}, lines: "1", until: func(e automation.Execution) bool { return e.Status == running }, want: running},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var lines []string
				e, err := over(t, tc.play.serve).Follow(t.Context(), "x1", client.FollowOptions{
					Until: tc.until,
					Line: func(l automation.LogLine) error {
						lines = append(lines, fmt.Sprint(l.Number))
						return nil
					},
				})
				if err != nil || e.Status != tc.want {
					t.Errorf("got %s, %v", e.Status, err)
				}
				if diff := cmp.Diff(tc.lines, strings.Join(lines, " ")); diff != "" {
					t.Error(diff)
				}
			})
		})
	}
}

func TestFollowEndsWhenALineCanNotBeShown(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken pipe")
	p := play{statuses: []automation.Status{automation.Running}, lines: []int{1}}
	_, err := over(t, p.serve).Follow(t.Context(), "x1", client.FollowOptions{Line: func(automation.LogLine) error { return broken }})
	if !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
}
