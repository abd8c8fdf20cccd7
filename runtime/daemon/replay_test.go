package daemon

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/squall-dev/squall/runtime/client"
)

const sizeRule = `name: on_size
enabled: true
trigger: {type: core.st2.webhook, parameters: {url: size}}
criteria: {trigger.body.n: {type: gt, pattern: %s}}
action: {ref: behave.silent}
`

func TestARuleIsTriedOnTheLastEvents(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	files := behavePack(t)
	files["rules/size.yaml"] = fmt.Sprintf(sizeRule, "150")
	files["rules/other.yaml"] = hookRule("other")
	writePack(t, dir, "behave", files)
	h := serve(t, dir, nil)
	for n := range 200 {
		h.post("/api/v1/webhooks/size", "application/json", fmt.Sprintf(`{"n":%d}`, n+1))
	}
	for range 5 {
		h.post("/api/v1/webhooks/other", "application/json", "{}")
	}
	changed := "pack: behave\n" + strings.Replace(fmt.Sprintf(sizeRule, "140"), "{type: gt, pattern: 140}}", "{type: gt, pattern: 140}, 'trigger.body.n#2': {type: lt, pattern: 196}}\ndedupe: {key: x, window: 1h}", 1)
	began := time.Now()
	r, err := h.ReplayRule(t.Context(), client.RuleReplayQuery{Rule: changed, Last: 200})
	took := time.Since(began)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("200 events in %s", took)
	if took > 2*time.Second { // 200 ms on a machine of its own; see BenchmarkReplay
		t.Errorf("200 events took %s", took)
	}
	if r.Tested != 200 || r.Matched != 55 || !r.Compared || r.New != 10 || r.Gone != 5 || !r.FlowIgnored || len(r.Events) != 200 {
		t.Errorf("tested %d, matched %d, compared %v, new %d, gone %d, flow ignored %v", r.Tested, r.Matched, r.Compared, r.New, r.Gone, r.FlowIgnored)
	}
	if first := r.Events[0]; first.Held != 1 || first.Total != 2 || first.Was != "matched" || len(first.Criteria) != 2 {
		t.Errorf("newest = %+v", first)
	}
	bare := strings.TrimPrefix(changed, "pack: behave\n")
	if r, err := h.ReplayRule(t.Context(), client.RuleReplayQuery{Rule: bare, Ref: "behave.on_size", Last: 200}); err != nil || !r.Compared || r.New != 10 {
		t.Errorf("compared by name: %+v, err %v", r.New, err)
	}
	few, err := h.ReplayRule(t.Context(), client.RuleReplayQuery{Ref: "behave.on_size", Last: 10})
	if err != nil || few.Tested != 10 || few.Matched != 10 || few.Compared {
		t.Errorf("in service: %+v, err %v", few, err)
	}
	for name, q := range map[string]client.RuleReplayQuery{
		"too many":             {Ref: "behave.on_size", Last: 1001},
		"neither text nor ref": {Last: 1},
		"an unknown rule":      {Ref: "behave.nothing", Last: 1},
		"a rule that is none":  {Rule: "name: x\ntrigger: {type: core.st2.webhook}\naction: {ref: a.b}\ncriteria: {x: {type: equls, pattern: 1}}", Last: 1},
	} {
		if _, err := h.ReplayRule(t.Context(), q); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// BenchmarkReplay tries a rule on 200 stored events, by way of the API.
func BenchmarkReplay(b *testing.B) {
	dir := b.TempDir()
	files := behavePack(b)
	files["rules/size.yaml"] = fmt.Sprintf(sizeRule, "150")
	writePack(b, dir, "behave", files)
	h := serve(b, dir, nil)
	for n := range 200 {
		h.post("/api/v1/webhooks/size", "application/json", fmt.Sprintf(`{"n":%d}`, n+1))
	}
	for b.Loop() {
		if r, err := h.ReplayRule(b.Context(), client.RuleReplayQuery{Rule: "pack: behave\n" + fmt.Sprintf(sizeRule, "140"), Last: 200}); err != nil || r.Tested != 200 {
			b.Fatal(r.Tested, err)
		}
	}
}
