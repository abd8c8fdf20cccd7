package story

import (
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestPlansThatCanNotBeToldAreRefused(t *testing.T) {
	t.Parallel()
	tests := []struct{ args, problem string }{
		{"--runs 0", "--runs 0"},
		{"--limit 1", "--limit 1"},
		{"--variants shell,nope", `no variant "nope"`},
		{"--rates 0", "not a number above 0"},
		{"--rates x", "not a number above 0"},
		{"--variants all --rates 2,4,8 --runs 20", ""},
	}
	for _, tt := range tests {
		f := flag.NewFlagSet("", flag.ContinueOnError)
		f.SetOutput(io.Discard)
		p := Flags(f)
		err := f.Parse(strings.Fields(tt.args))
		if err == nil {
			err = p.Check()
		}
		if tt.problem == "" && err != nil || tt.problem != "" && (err == nil || !strings.Contains(err.Error(), tt.problem)) {
			t.Errorf("%s: %v, want %q", tt.args, err, tt.problem)
		}
	}
}

func TestVerdicts(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	good := row{Status: "succeeded", Via: "exec", Stored: at, Killed: at.Add(time.Second)}
	with := func(change func(*row)) row {
		one := good
		change(&one)
		return one
	}
	tests := []struct {
		name    string
		variant string
		row     row
		verdict string // part of it; "ok" alone is all
	}{
		{"a dump before the kill", "shell", good, "ok"},
		{"a dump at the second of the kill may be too late", "shell", with(func(r *row) { r.Killed = at }), "after the kill"},
		{"a dump after the kill", "shell", with(func(r *row) { r.Killed = at.Add(-time.Second) }), "after the kill"},
		{"no dump", "shell", with(func(r *row) { r.Stored, r.Message = time.Time{}, "why" }), "no dump: succeeded: why"},
		{"another way than the one wanted", "bare", good, "by exec, not by proxy"},
		{"a Pod that was not killed proves nothing", "shell", with(func(r *row) { r.Killed = time.Time{} }), "not killed"},
		{"a Pod that is gone", "deleted", row{Status: "failed", Message: `pods "x" not found`}, "ok, failed as it must"},
		{"a Pod that is gone, and nobody can tell", "deleted", row{Status: "failed", Message: "something"}, "does not say"},
	}
	race := func(second, late time.Duration) row {
		return with(func(r *row) { r.Via, r.Second, r.Late, r.Chain = "proxy", at.Add(second), at.Add(late), 84 })
	}
	none := with(func(r *row) { r.Via = "proxy" })
	tests = append(tests, []struct {
		name    string
		variant string
		row     row
		verdict string
	}{
		{"both dumps before the kill, the alert after it", "race", race(time.Second/2, 3*time.Second), "ok, "},
		{"the second dump after the kill", "race", race(2*time.Second, 3*time.Second), "no second dump"},
		{"no second dump", "race", none, "no second dump"},
		{"an alert that was in time makes it no race", "race", race(time.Second/2, time.Second/2), "nothing is shown"},
	}...)
	for _, tt := range tests {
		r := &run{variant: variantOf(tt.variant)}
		r.judge(&tt.row)
		ok := tt.row.Verdict == "ok" || strings.HasPrefix(tt.row.Verdict, "ok, ")
		if !strings.Contains(tt.row.Verdict, tt.verdict) || ok != tt.row.OK || ok != strings.HasPrefix(tt.verdict, "ok") {
			t.Errorf("%s: %q, ok %v, want %q", tt.name, tt.row.Verdict, tt.row.OK, tt.verdict)
		}
	}
}

func TestRowsStandUnderTheirColumns(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	one := row{
		Run: 1, Variant: "restarted", Rate: 8, StartsAt: at.Add(-7 * time.Millisecond), Received: at, Committed: at.Add(time.Millisecond),
		Started: at, Opened: at.Add(10 * time.Second), Stored: at.Add(11 * time.Second), Killed: at.Add(20 * time.Second), Bytes: 700, Via: "exec", Verdict: "ok",
	}
	const want = "  1 restarted     8 |      7.0 |       1.0      0.0 10000.0 11000.0 |     9.0 |    700  exec ok"
	if got := one.String(); got != want {
		t.Errorf("\n%s\n%s", got, want)
	}
	for i, text := range strings.Split(head(), "\n") {
		if strings.Index(text, "|") != strings.Index(want, "|") || strings.LastIndex(text, "|") != strings.LastIndex(want, "|") {
			t.Errorf("line %d of the head is not in line:\n%s\n%s", i, text, want)
		}
	}
}

func TestQuantilesAreMeasuredValues(t *testing.T) {
	t.Parallel()
	var of []time.Duration
	for i := range 100 {
		of = append(of, time.Duration(100-i)*time.Millisecond)
	}
	for q, want := range map[float64]string{0: "1ms", 0.5: "50ms", 0.99: "99ms", 1: "100ms"} {
		if got := quantile(of, q); got != want {
			t.Errorf("quantile %v is %s, want %s", q, got, want)
		}
	}
	if got := quantile(nil, 0.5); got != "-" {
		t.Errorf("quantile of nothing is %s", got)
	}
}

func TestAProfileMustBeWholeAndNameTheLeak(t *testing.T) {
	t.Parallel()
	if err := shows([]byte("<html>"), "main.leak"); err == nil || !strings.Contains(err.Error(), "no profile") {
		t.Errorf("err = %v", err)
	}
}

func TestARaceIsToldWithItsTimes(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	one := row{Began: at, Received: at.Add(13 * time.Second), Stored: at.Add(14 * time.Second), Second: at.Add(30 * time.Second), Killed: at.Add(60 * time.Second), Chain: 84.2}
	const seen = "seen 13.0 s after the start, second dump 16.0 s later, 30.0 s before the kill; alert: "
	if got, want := one.raced(), seen+"none within the 84 s that one took which was due all along"; got != want {
		t.Errorf("\n%s\n%s", got, want)
	}
	one.Late = at.Add(70 * time.Second)
	if got, want := one.raced(), seen+"10.0 s after the kill; one that was due all along took 84 s"; got != want {
		t.Errorf("\n%s\n%s", got, want)
	}
}

func TestTheMonitoringIsReadAgainWhenItsPaceChanges(t *testing.T) {
	t.Parallel()
	m := &monitoring{dir: t.TempDir(), manifests: "../manifests/monitoring", fixed: map[string]string{"Dir": "/lab", "Address": "10.77.0.1"}, written: map[string]string{}}
	for _, step := range []struct {
		variant string
		changed bool
		file    string
		holds   string
	}{
		{"shell", true, "prometheus.yml", "scrape_interval: 1s"},
		{"bare", false, "prometheus.yml", `["10.77.0.1:10250"]`},
		{"twelve", true, "alertmanager.yml", "group_wait: 7s"},
		{"race", true, "rules.yml", "for: 30s"},
		{"race", false, "rules.yml", "{{ $labels.pod }}"},
		{"race", false, "alertmanager.yml", "group_wait: 30s"},
	} {
		changed, err := m.write(variantOf(step.variant).pace())
		if err != nil || changed != step.changed {
			t.Errorf("%s: changed %v, %v", step.variant, changed, err)
		}
		if text, err := os.ReadFile(filepath.Join(m.dir, step.file)); err != nil || !strings.Contains(string(text), step.holds) {
			t.Errorf("%s: %s does not hold %q: %v", step.variant, step.file, step.holds, err)
		}
	}
}

// What is shipped to be copied is what the pack and its tests have.
func TestTheShippedRuleIsThatOfThePack(t *testing.T) {
	t.Parallel()
	const name = "generate_pprof_with_webhook.yaml"
	pack, err := os.ReadFile("../../packs/labs_sre/rules/" + name)
	if err != nil {
		t.Fatal(err)
	}
	shipped, err := os.ReadFile("../../deploy/kubernetes/" + name)
	if err != nil || string(shipped) != string(pack) {
		t.Errorf("copy examples/packs/labs_sre/rules/%s to examples/deploy/kubernetes; %v", name, err)
	}
}
