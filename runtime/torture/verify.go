package torture

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/squall-dev/squall/runtime/artifact"
	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/client"
	"github.com/squall-dev/squall/runtime/store"
	"github.com/squall-dev/squall/runtime/store/sqlite"
)

// What a server promises whatever happens to it.
const (
	promiseStart     = "the server starts again without hands"
	promiseToken     = "the admin token in its file is valid"
	promiseSecrets   = "a secret that was stored can be opened"
	promiseStored    = "what was answered 2xx is stored, with a verdict of each rule"
	promiseRefused   = "what was answered 503 is not stored"
	promiseOnce      = "each match has one execution, and nothing else has"
	promiseFinal     = "after a restart every execution comes to its end"
	promiseRepeat    = "an attempt that ended is not made again"
	promiseArtifacts = "artifacts hold what was kept, by their SHA-256"
	promiseIntegrity = "the database is whole: integrity_check, foreign_key_check"
	promiseRows      = "every row fits its checksum"
)

// tested is a bench while it is verified.
type tested struct {
	*bench
	db    *sqlite.Store
	files *artifact.Store
	ended map[string]int // body -> attempts that ended
	lost  map[string]int // body -> attempts that were lost
}

// verify lets a server without faults finish the work, stops it, and compares what
// it remembers with what the world saw.
func (b *bench) verify(ctx context.Context) error {
	if ok, err := b.finish(ctx); err != nil || !ok {
		return err
	}
	data := filepath.Join(b.dir, "data")
	err := sqlite.Check(ctx, filepath.Join(data, "squall.db"), true)
	b.check(b.promise("databases", promiseIntegrity), err == nil, "%v", err)
	rows, err := sqlite.CheckRows(ctx, filepath.Join(data, "squall.db"))
	b.check(b.promise("databases", promiseRows), err == nil && rows.Count == 0, "%+v, %v", rows, err)
	db, err := sqlite.Open(ctx, sqlite.Options{Path: filepath.Join(data, "squall.db")})
	if err != nil {
		return err
	}
	files, err := artifact.Open(data, nil)
	if err != nil {
		return errors.Join(err, db.Close())
	}
	t := &tested{bench: b, db: db, files: files, ended: map[string]int{}, lost: map[string]int{}}
	return errors.Join(t.look(ctx), t.audited(ctx), db.Close())
}

// finish starts the server, waits until it has nothing to do and stops it. It is not
// ok when there is nothing to look at, which has been said then.
func (b *bench) finish(ctx context.Context) (ok bool, err error) {
	start, token := b.promise("starts", promiseStart), b.promise("starts", promiseToken)
	s, err := b.start(ctx, plan{})
	b.check(start, err == nil, "%v", err)
	if err != nil {
		return false, nil
	}
	api, err := b.client(s.url)
	if err == nil {
		_, err = api.Me(ctx)
	}
	b.check(token, err == nil, "%v", err)
	if err != nil {
		s.kill()
		<-s.exited
		return false, nil
	}
	b.waitIdle(ctx, api)
	b.openSecrets(ctx, api)
	return true, s.stop()
}

// mostSecrets bounds how many secrets one bench stores: all that is said is searched
// for them.
const mostSecrets = 5

// keepSecret stores a secret, if the server lives long enough.
func (b *bench) keepSecret(ctx context.Context, url string) {
	b.mu.Lock()
	name := fmt.Sprintf("torture%d", len(b.secrets))
	enough := len(b.secrets) >= mostSecrets
	b.mu.Unlock()
	api, err := b.client(url)
	if err != nil || enough {
		return
	}
	if _, err := api.SetSecret(ctx, name, "value of "+name); err == nil {
		b.mu.Lock()
		b.secrets = append(b.secrets, name)
		b.mu.Unlock()
	}
}

// openSecrets looks whether the secrets that were stored are there and can be opened.
func (b *bench) openSecrets(ctx context.Context, api *client.Client) {
	p := b.promise("secrets", promiseSecrets)
	list, err := api.Secrets(ctx)
	b.check(p, err == nil, "%v", err)
	known := map[string]string{}
	for _, s := range list.Items {
		known[s.Name] = s.Error
	}
	for _, name := range b.secrets {
		problem, there := known[name]
		b.check(p, there && problem == "", "%s: there: %v; %s", name, there, problem)
	}
}

// idlePatience is how long the work that was left behind may take.
const idlePatience = 3 * time.Minute

func (b *bench) waitIdle(ctx context.Context, api *client.Client) {
	final := b.promise("drains", promiseFinal)
	for deadline := time.Now().Add(idlePatience); ; {
		l, err := api.Executions(ctx, client.ExecutionQuery{Page: client.Page{Limit: 1}})
		open := l.Counts[automation.Pending] + l.Counts[automation.Running]
		switch {
		case err == nil && open == 0:
			b.checked(final, 1)
			return
		case ctx.Err() != nil:
			return
		case time.Now().After(deadline):
			b.check(final, false, "%d executions hang: %v %v", open, l.Counts, err)
			return
		}
		pause(ctx, 20*time.Millisecond)
	}
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}

// look walks through everything that is stored.
func (t *tested) look(ctx context.Context) error {
	stored, once := t.promise("events", promiseStored), t.promise("executions", promiseOnce)
	found := map[int64]bool{}
	for after := ""; ; {
		page, err := t.db.Events(ctx, store.EventQuery{Trigger: "core.st2.webhook", After: after, Limit: 1000})
		if err != nil {
			return err
		}
		for _, e := range page {
			n, err := t.event(ctx, e.ID)
			if err != nil {
				return err
			}
			t.check(once, !found[n], "event %d is stored twice", n)
			found[n] = true
			if id := t.answered[n]; id != "" && id != e.ID {
				t.breaks(stored, "event %d was answered as %s and is stored as %s", n, id, e.ID)
			}
		}
		if len(page) < 1000 {
			break
		}
		after = page[len(page)-1].ID
	}
	for n, id := range t.answered {
		t.check(stored, found[n], "event %d was answered as %q and is not there", n, id)
	}
	refused := t.promise("answers", promiseRefused)
	for n := range t.refused {
		t.check(refused, !found[n], "event %d was answered 503 and is stored", n)
	}
	t.repeats()
	return nil
}

// event checks one event with its verdicts and executions, and returns its number.
func (t *tested) event(ctx context.Context, id string) (n int64, err error) {
	e, err := t.db.Event(ctx, id)
	if err != nil {
		return 0, err
	}
	var payload struct {
		Body struct {
			N    json.Number
			Keep string
		}
	}
	if err := json.Unmarshal(e.Payload, &payload); err != nil {
		return 0, fmt.Errorf("read the payload of event %s: %w", id, err)
	}
	if n, err = payload.Body.N.Int64(); err != nil {
		return 0, fmt.Errorf("read the number of event %s: %w", id, err)
	}
	want := 1
	if payload.Body.Keep == "yes" {
		want = 2
	}
	matched := 0
	for _, v := range e.Verdicts {
		if v.Outcome == automation.Matched {
			matched++
		}
	}
	t.check(t.promise("events", promiseStored), len(e.Verdicts) == 2 && matched == want, "event %d has %d verdicts and %d matches of %d", n, len(e.Verdicts), matched, want)
	t.check(t.promise("executions", promiseOnce), len(e.Executions) == want, "event %d has %d matches and %d executions", n, want, len(e.Executions))
	for _, x := range e.Executions {
		if err := t.execution(ctx, x.ID); err != nil {
			return n, err
		}
	}
	return n, nil
}

func (t *tested) execution(ctx context.Context, id string) error {
	x, err := t.db.Execution(ctx, id)
	if err != nil {
		return err
	}
	var given struct{ Body string }
	if err := json.Unmarshal(x.Parameters, &given); err != nil {
		return fmt.Errorf("read the parameters of execution %s: %w", id, err)
	}
	t.check(t.promise("drains", promiseFinal), x.Status.Final(), "execution %s (%s) is %s", id, given.Body, x.Status)
	for _, a := range x.AttemptList {
		switch a.Status {
		case automation.AttemptSucceeded, automation.AttemptFailed, automation.AttemptTimedOut:
			t.ended[given.Body]++
		case automation.AttemptLost, automation.AttemptInterrupted, automation.AttemptCanceled:
			t.lost[given.Body]++
		case automation.AttemptRunning:
			t.breaks(t.promise("drains", promiseFinal), "attempt %d of %s is still running", a.Number, id)
		}
	}
	ok := x.Status == automation.Succeeded && t.ended[given.Body] == 1 || x.Status == automation.Failed && x.Code == automation.CodeLost
	t.check(t.promise("executions", promiseRepeat), ok, "execution %s (%s) is %s (%s %s) after %d attempts that ended", id, given.Body, x.Status, x.Code, x.Message, t.ended[given.Body])
	t.artifacts(x, given.Body)
	return nil
}

// artifacts compares what was kept with what the world had answered.
func (t *tested) artifacts(x automation.Execution, body string) {
	p := t.promise("artifacts", promiseArtifacts)
	if x.Status == automation.Succeeded && strings.HasPrefix(body, "k") && !strings.Contains(string(x.Output), `"error"`) {
		t.check(p, len(x.Artifacts) == 1, "execution %s (%s) succeeded with %d artifacts: %.300s", x.ID, body, len(x.Artifacts), x.Output)
	}
	for _, a := range x.Artifacts {
		err := t.files.Verify(a)
		t.check(p, err == nil, "artifact %s of %s: %v", a.ID, body, err)
		t.check(p, a.SHA256 == sumOf(fileOf(body)), "artifact %s of %s is not what was answered", a.ID, body)
	}
}

// repeats compares the attempts with what the world saw: one that ended ran once,
// one that was lost at most once.
func (t *tested) repeats() {
	p := t.promise("executions", promiseRepeat)
	t.bench.mu.Lock()
	defer t.bench.mu.Unlock()
	for body, hits := range t.hits {
		ended, lost := t.ended[body], t.lost[body]
		t.check(p, hits >= ended && hits <= ended+lost, "%s ran %d times; its attempts say %d ended and %d lost", body, hits, ended, lost)
	}
	for body, ended := range t.ended {
		t.check(p, t.hits[body] >= ended, "%s never ran, its attempts say %d ended", body, ended)
	}
	lost := 0
	for _, n := range t.lost {
		lost += n
	}
	t.sum("events answered", len(t.answered))
	t.sum("attempts ended", len(t.ended))
	t.sum("attempts lost", lost)
}
