package torture

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/client"
	"github.com/squall-dev/squall/runtime/disk"
	"github.com/squall-dev/squall/runtime/parameter"
)

// target is a kind of file to flip a bit in.
type target struct {
	name string
	is   func(rel string) bool // by its path below the server's folder
	open bool                  // of a server that was killed, not stopped
}

func targets() []target {
	suffix := func(s string) func(string) bool {
		return func(rel string) bool { return strings.HasSuffix(rel, s) }
	}
	return []target{
		{"database", suffix("squall.db"), false},
		{"log", suffix("squall.db-wal"), true},
		{"artifact", func(rel string) bool { return strings.HasPrefix(rel, "data/artifacts/") }, false},
		{"wasm cache", func(rel string) bool { return strings.HasPrefix(rel, "data/cache/") }, false},
		{"pack", func(rel string) bool { return strings.HasPrefix(rel, "packs/") }, false},
	}
}

// bitflip turns one bit in one file of a server that is down, starts it, and reads
// everything. What is read must be what was written, or an error that names the
// damage; and nothing may run but what was asked for.
func bitflip(ctx context.Context, r *run) error {
	b, err := r.newBench("origin")
	if err != nil {
		return err
	}
	defer b.close()
	if err := sealPack(filepath.Join(b.dir, "packs", "relay")); err != nil {
		return err
	}
	killed, err := b.prepare(ctx)
	if err != nil {
		return err
	}
	if ok, err := b.finish(ctx); err != nil || !ok {
		return errors.Join(err, errors.New("the server does not start"))
	}
	if err := r.auditFlips(ctx, b.dir); err != nil {
		return fmt.Errorf("flip a bit in an audit record: %w", err)
	}
	for _, t := range targets() {
		from := b.dir
		if t.open {
			from = killed
		}
		f, err := r.newFlipper(ctx, b, t, from)
		if err != nil {
			return err
		}
		for i := range r.Rounds {
			if err := f.flip(ctx, i); err != nil {
				return fmt.Errorf("flip a bit in the %s: %w", t.name, err)
			}
		}
	}
	return nil
}

// prepare fills the bench's data: a server works, is killed, and what it left is
// copied; then another one is stopped in order with work left to do.
func (b *bench) prepare(ctx context.Context) (killed string, err error) {
	s, err := b.start(ctx, plan{})
	if err != nil {
		return "", err
	}
	for range 40 {
		b.post(ctx, s.url)
	}
	api, err := b.client(s.url)
	if err != nil {
		return "", err
	}
	for range 20 {
		b.alter(ctx, api)
	}
	s.kill()
	<-s.exited
	killed = b.dir + "-killed"
	return killed, copyDir(b.dir, killed)
}

// flipper flips bits in one kind of file.
type flipper struct {
	*run
	bench  *bench
	target target
	from   string
	files  []string
	good   map[string]string // what is to be read
	rows   map[string]string // what rows say of it
}

func (r *run) newFlipper(ctx context.Context, b *bench, t target, from string) (*flipper, error) {
	f := &flipper{run: r, bench: b, target: t, from: from}
	if !t.open { // everything in its place: the log is in the database
		if ok, err := b.finish(ctx); err != nil || !ok {
			return nil, errors.Join(err, errors.New("the server does not start"))
		}
	}
	err := filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		rel, _ := filepath.Rel(from, path) // below
		if err == nil && d.Type().IsRegular() && t.is(filepath.ToSlash(rel)) {
			f.files = append(f.files, rel)
		}
		return err
	})
	if err == nil && len(f.files) == 0 {
		err = fmt.Errorf("there is no file of the kind %s", t.name)
	}
	if err != nil {
		return nil, err
	}
	dir := filepath.Join(r.dir, "good-"+t.name)
	if err := copyDir(from, dir); err != nil {
		return nil, err
	}
	seen := f.look(ctx, dir)
	if len(seen.damage) > 0 {
		return nil, fmt.Errorf("without a flipped bit: %v", seen.damage)
	}
	f.good, f.rows = seen.read, seen.rows
	return f, os.RemoveAll(dir)
}

// flip turns one bit in a copy and looks at what a server makes of it.
func (f *flipper) flip(ctx context.Context, i int) error {
	dir := filepath.Join(f.dir, fmt.Sprintf("%s%d", strings.ReplaceAll(f.target.name, " ", "-"), i))
	if err := copyDir(f.from, dir); err != nil {
		return err
	}
	file := f.files[f.random.IntN(len(f.files))]
	where, err := flipBit(filepath.Join(dir, file), f.random)
	if err != nil {
		return err
	}
	seen := f.look(ctx, dir)
	wrong := f.judge(seen)
	p := f.promise("flips", fmt.Sprintf("a flipped bit in the %s: nothing wrong is served or run", f.target.name))
	f.check(p, len(wrong) == 0, "%s, %s: %v", file, where, wrong)
	switch {
	case len(wrong) > 0:
		return nil
	case len(seen.damage) > 0:
		f.sum("flips in the "+f.target.name+": found and named", 1)
	default:
		f.sum("flips in the "+f.target.name+": without effect, or mended", 1)
	}
	return os.RemoveAll(dir)
}

// flipBit turns one bit and says which.
func flipBit(path string, random *rand.Rand) (string, error) {
	content, err := os.ReadFile(path)
	if err != nil || len(content) == 0 {
		return "", errors.Join(err, errors.New("the file has no bits"))
	}
	at, bit := random.IntN(len(content)), random.IntN(8)
	content[at] ^= 1 << bit
	return fmt.Sprintf("bit %d of byte %d", bit, at), os.WriteFile(path, content, 0o600)
}

// sight is what a server showed.
type sight struct {
	read   map[string]string // what it gave
	rows   map[string]string // what rows say: how it went, and why
	damage []string          // what it said of damage
	ran    map[string]int    // what the world was sent
}

// look starts a server on a folder, lets it finish its work and reads everything.
func (f *flipper) look(ctx context.Context, dir string) sight {
	seen := sight{read: map[string]string{}, rows: map[string]string{}, ran: map[string]int{}}
	b := f.bench.on(dir)
	s, err := b.serveHere(ctx, disk.Faults{})
	if err != nil {
		seen.damage = append(seen.damage, err.Error())
		return seen
	}
	defer func() { _ = s.stop() }() // a damaged server may have something to say
	api, err := b.client(s.url)
	if err != nil {
		seen.damage = append(seen.damage, err.Error())
		return seen
	}
	seen.packs(ctx, api)
	if len(seen.damage) == 0 { // without its pack there is nothing to wait for
		b.settle(ctx, api)
	}
	seen.events(ctx, api)
	seen.audit(ctx, api)
	for body, n := range f.bench.hitsNow() {
		seen.ran[body] = n
	}
	return seen
}

func (s *sight) said(what string, err error) bool {
	if err != nil {
		s.damage = append(s.damage, fmt.Sprintf("%s: %v", what, err))
	}
	return err != nil
}

func (s *sight) packs(ctx context.Context, api *client.Client) {
	list, err := api.Packs(ctx)
	s.said("packs", err)
	for _, p := range list.Items {
		if p.Error != "" {
			s.damage = append(s.damage, p.Name+": "+p.Error)
		}
	}
}

// events reads what events and executions hold that is executed or shown.
func (s *sight) events(ctx context.Context, api *client.Client) {
	l, err := api.Events(ctx, client.EventQuery{Page: client.Page{Limit: 1000}})
	if s.said("events", err) {
		return
	}
	for _, e := range l.Items {
		full, err := api.Event(ctx, e.ID)
		if s.said("event "+e.ID, err) {
			continue
		}
		s.rows["event "+e.ID] = fmt.Sprint(e.Trigger, e.ReceivedAt, e.Matched, e.Looked, e.Summary, e.Warning)
		for i := range full.Verdicts {
			s.verdict(fmt.Sprintf("verdict %d on event %s", i, e.ID), &full.Verdicts[i])
		}
		s.read["payload of "+e.ID] = string(full.Payload)
		for _, x := range full.Executions {
			s.execution(ctx, api, x.ID)
		}
	}
}

func (s *sight) verdict(which string, v *automation.Verdict) {
	s.rows[which] = fmt.Sprint(v.Rule, v.Outcome, v.Held, v.Total, v.Criteria, v.Error, v.Execution)
	if strings.Contains(v.Error, "damaged") {
		s.damage = append(s.damage, which+": "+v.Error)
	}
}

func (s *sight) execution(ctx context.Context, api *client.Client, id string) {
	x, err := api.Execution(ctx, id)
	if s.said("execution "+id, err) {
		return
	}
	if !strings.Contains(string(x.Parameters), parameter.Mask) { // without its pack nobody knows which are secret
		s.read["parameters of "+id] = string(x.Action) + string(x.Parameters)
	}
	s.rows["execution "+id] = fmt.Sprint(x.Status, x.Rule, x.Code, x.Message, x.Event, x.Summary, x.CreatedAt)
	if x.Code == automation.CodeDamaged {
		s.damage = append(s.damage, id+": "+x.Message)
	}
	for _, a := range x.AttemptList {
		which := fmt.Sprintf("attempt %d of execution %s", a.Number, id)
		s.rows[which] = fmt.Sprint(a.Status, a.Code, a.Message)
		if a.Code == automation.CodeDamaged {
			s.damage = append(s.damage, which+": "+a.Message)
		}
	}
	for _, a := range x.Artifacts {
		s.artifact(ctx, api, a)
	}
}

func (s *sight) artifact(ctx context.Context, api *client.Client, a automation.Artifact) {
	content, err := api.ArtifactContent(ctx, a.ID)
	if s.said("artifact "+a.ID, err) {
		return
	}
	defer content.Close()
	body, err := io.ReadAll(content)
	if !s.said("artifact "+a.ID, err) {
		s.read["artifact of "+a.Execution] = sumOf(body)
	}
}

// judge tells what is wrong with what a server showed: something else than what was
// written, without a word; or something that nobody had asked for was run.
func (f *flipper) judge(seen sight) (wrong []string) {
	for what, is := range seen.read {
		if want, known := f.good[what]; !known {
			wrong = append(wrong, "there is suddenly: "+what)
		} else if is != want {
			wrong = append(wrong, fmt.Sprintf("%s is %.100q and was %.100q", what, is, want))
		}
	}
	wrong = append(wrong, f.missing(seen)...)
	wrong = append(wrong, f.changed(seen)...)
	for body := range seen.ran {
		if n, err := number(body); err != nil || n > f.bench.next.Load() {
			wrong = append(wrong, fmt.Sprintf("%.100q was run", body))
		}
	}
	return wrong
}

// changed tells which rows say something else, without a word. What a lost transaction
// of the log had said of an execution is different the second time.
func (f *flipper) changed(seen sight) (wrong []string) {
	if f.target.open || len(seen.damage) > 0 {
		return nil
	}
	for which, is := range seen.rows {
		if was, there := f.rows[which]; there && is != was {
			wrong = append(wrong, fmt.Sprintf("%s is %.200q and was %.200q", which, is, was))
		}
	}
	return wrong
}

// mostLost is how many events may be gone after a bit was flipped in the log: its
// last transactions look like those that a power cut tore.
const mostLost = 2

// missing tells what is gone without a word.
func (f *flipper) missing(seen sight) (wrong []string) {
	if len(seen.damage) > 0 {
		return nil
	}
	events := 0
	for what := range f.good {
		if _, there := seen.read[what]; !there {
			wrong = append(wrong, what+" is gone, and nobody said so")
			if strings.HasPrefix(what, "payload") {
				events++
			}
		}
	}
	if f.target.open && events <= mostLost {
		if len(wrong) > 0 {
			f.sum("flips in the log: its last transaction is gone, as after a power cut", 1)
		}
		return nil
	}
	return wrong
}
