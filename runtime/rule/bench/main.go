// Command bench measures what an event costs with few and with many rules on one
// trigger, when at most one of them matches, and prints one table.
//
// Each event is judged as the server judges it, values of the verdicts bounded;
// nothing is stored. With up to 100 rules all of them leave a verdict, with more
// only those that the index lets through: compare 101 rules with 10,000 to see what
// the index costs, and 10 with 10,000 to see what a user pays.
package main

import (
	"flag"
	"fmt"
	"os"
	"runtime"
	"text/tabwriter"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/rule"
)

func main() {
	span := flag.Duration("time", 800*time.Millisecond, "how long each row is measured")
	flag.Parse()
	if err := run(*span); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// workload is one way to tell rules apart, and the events that go with it.
type workload struct {
	name  string
	rule  func(i int) automation.Rule
	event func(i int) any
}

func workloads() []workload {
	return []workload{
		{"alertname equals a constant", func(i int) automation.Rule {
			return base(i, criterion("trigger.body.status", "equals", "firing"),
				criterion("trigger.body.alerts[0].labels.alertname", "equals", alertname(i)))
		}, payload},
		{"alertname starts with one", func(i int) automation.Rule {
			return base(i, criterion("trigger.body.alerts[0].labels.alertname", "startswith", alertname(i)))
		}, payload},
		{"foreach alert", func(i int) automation.Rule {
			r := base(i, criterion("item.labels.alertname", "equals", alertname(i)))
			r.Foreach = "trigger.body.alerts"
			return r
		}, payload},
	}
}

func alertname(i int) string { return fmt.Sprintf("PodMemoryLimit%05d", i) }

func criterion(key, operator string, pattern any) automation.Criterion {
	return automation.Criterion{Key: key, Operator: operator, Pattern: pattern}
}

func base(i int, criteria ...automation.Criterion) automation.Rule {
	return automation.Rule{
		Pack: "bench", Name: fmt.Sprint("rule", i), Enabled: true,
		Trigger:  automation.TriggerSpec{Type: rule.WebhookTrigger, Parameters: map[string]any{"url": "alerts"}},
		Criteria: criteria,
		Action:   automation.ActionCall{Ref: "bench.act", Parameters: map[string]any{"status": "{{ trigger.body.status }}"}},
	}
}

func payload(i int) any {
	alert := map[string]any{"status": "firing", "labels": map[string]any{"alertname": alertname(i), "pod": "api-7", "severity": "page"}}
	return map[string]any{"body": map[string]any{"status": "firing", "alerts": []any{alert}}, "headers": map[string]any{}}
}

func run(span time.Duration) error {
	fmt.Printf("%d CPUs, %s/%s, %s; one caller, events that one rule matches\n\n", runtime.NumCPU(), runtime.GOOS, runtime.GOARCH, runtime.Version())
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "rules on the trigger\tevents/s\tus/event\tallocations/event\tverdicts/event\tcost of 10 rules x\t")
	for _, w := range workloads() {
		fmt.Fprintf(table, "%s\t\t\t\t\t\t\n", w.name)
		if err := w.run(table, span); err != nil {
			return err
		}
	}
	return table.Flush()
}

func (w workload) run(table *tabwriter.Writer, span time.Duration) error {
	var ten time.Duration
	for _, n := range []int{10, 101, 1_000, 10_000} {
		m, err := w.measure(n, span)
		if err != nil {
			return err
		}
		if ten == 0 {
			ten = m.each
		}
		fmt.Fprintf(table, "%d\t%.0f\t%.2f\t%.1f\t%d\t%.2f\t\n", n, float64(time.Second)/float64(m.each),
			float64(m.each)/float64(time.Microsecond), m.allocations, m.verdicts, float64(m.each)/float64(ten))
	}
	return nil
}

type measurement struct {
	each        time.Duration
	allocations float64
	verdicts    int
}

func (w workload) measure(n int, span time.Duration) (measurement, error) {
	rules := make([]automation.Rule, n)
	for i := range rules {
		rules[i] = w.rule(i)
	}
	set, err := rule.Compile(rules)
	if err != nil {
		return measurement{}, fmt.Errorf("compile the rules: %w", err)
	}
	inputs := make([]rule.Input, min(n, 1000))
	for i := range inputs {
		inputs[i] = rule.Input{Trigger: rule.WebhookTrigger, Parameters: map[string]any{"url": "alerts"}, Payload: w.event(i * n / len(inputs)), Now: time.Now()}
	}
	return judgeFor(set, inputs, span)
}

func judgeFor(set *rule.Set, inputs []rule.Input, span time.Duration) (measurement, error) {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	events, verdicts, began := 0, 0, time.Now()
	for time.Since(began) < span {
		for i := range inputs {
			j := set.Judge(inputs[i])
			if matched(j) != 1 {
				return measurement{}, fmt.Errorf("%d rules matched an event, not one", matched(j))
			}
			events, verdicts = events+1, len(j.Matches)
		}
	}
	took := time.Since(began)
	runtime.ReadMemStats(&after)
	return measurement{took / time.Duration(events), float64(after.Mallocs-before.Mallocs) / float64(events), verdicts}, nil
}

func matched(j rule.Judgement) int {
	n := 0
	for i := range j.Matches {
		if j.Matches[i].Verdict.Outcome == automation.Matched {
			n++
		}
	}
	return n
}
