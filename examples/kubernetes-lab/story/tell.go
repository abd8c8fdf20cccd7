package story

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/squall-dev/squall/examples/kubernetes-lab/cluster"
)

// teller is what all runs share.
type teller struct {
	plan       Plan
	cluster    *cluster.Cluster
	monitoring *monitoring
	service    *service
	server     *server
	out        io.Writer
}

func (t *teller) say(format string, args ...any) { fmt.Fprintf(t.out, format+"\n", args...) }

// Tell tells the story as often as planned. It is an error when a dump came too late, or
// any other run did not end as it must.
func Tell(ctx context.Context, c *cluster.Cluster, plan Plan) error {
	t := &teller{plan: plan, cluster: c, out: os.Stdout}
	start := time.Now()
	if err := t.open(ctx); err != nil {
		return err
	}
	defer t.service.close()
	t.say("squall, Prometheus and Alertmanager are ready after %.1f s", time.Since(start).Seconds())
	t.say("%s", head())
	rows, failed := t.all(ctx)
	t.say("")
	wrong := summarize(t.out, rows)
	t.say("%d runs in %s", t.count(), time.Since(start).Round(time.Second))
	if err := t.report(rows); err != nil {
		return err
	}
	if wrong > 0 || failed > 0 {
		return fmt.Errorf("%d alerts did not end as they must, %d runs did not come to an end", wrong, failed)
	}
	return nil
}

func (t *teller) open(ctx context.Context) (err error) {
	if t.server, err = deploy(ctx, t.cluster, t.plan.Manifests); err != nil {
		return err
	}
	if t.service, err = serve(ctx, t.server.base); err != nil {
		return err
	}
	t.monitoring, err = monitor(ctx, t.cluster, t.plan.Manifests)
	return err
}

func (t *teller) count() int {
	n := 0
	for _, name := range t.plan.Variants {
		n += len(t.plan.rates(variantOf(name))) * t.plan.Runs
	}
	return n
}

// rates are those that a variant is told with.
func (p Plan) rates(v variant) []float64 {
	if v.rate != 0 {
		return []float64{v.rate}
	}
	return p.Rates
}

// all tells every run, also after one that failed.
func (t *teller) all(ctx context.Context) (rows []row, failed int) {
	number := 0
	for range t.plan.Runs {
		for _, name := range t.plan.Variants {
			v := variantOf(name)
			for _, rate := range t.plan.rates(v) {
				number++
				got, err := t.one(ctx, number, v, rate)
				for _, one := range got {
					t.say("%s", one)
				}
				rows = append(rows, got...)
				if err != nil {
					failed++
					t.say("%3d %-9s %5g  %v", number, name, rate, err)
				}
			}
		}
	}
	return rows, failed
}

// one bounds a run, whatever hangs in it.
func (t *teller) one(ctx context.Context, number int, v variant, rate float64) ([]row, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Minute)
	defer cancel()
	r := &run{teller: t, variant: v, ctx: ctx, number: number, rate: rate}
	return r.tell()
}

func (t *teller) report(rows []row) error {
	if t.plan.Report == "" {
		return nil
	}
	text, err := json.MarshalIndent(rows, "", "  ")
	if err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	if err := os.WriteFile(t.plan.Report, append(text, '\n'), 0o644); err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	return nil
}
