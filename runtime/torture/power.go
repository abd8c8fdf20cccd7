package torture

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// power cuts the power: a disk that loses what was not synced, in any part and in
// any order, is built from what the server wrote, and a server starts on it. Each
// cut meets what the cut before has left.
//
// The same is then done with a database that does not wait for its disk
// (synchronous=NORMAL), and with a disk that does not sync artifacts: if nothing were
// missing then, the check could not fail.
func power(ctx context.Context, r *run) error {
	if err := r.cuts(ctx, "full", plan{}, r.Rounds); err != nil {
		return err
	}
	for _, weak := range []weakness{
		{"normal", plan{Synchronous: "NORMAL"}, promiseStored, "with synchronous=NORMAL answered events are missing, or the log is refused"},
		{"lie", plan{Lie: "artifact"}, promiseArtifacts, "on a disk that does not sync artifacts, they are damaged"},
	} {
		if err := r.canFail(ctx, weak); err != nil {
			return err
		}
	}
	return nil
}

// weakness is a server that can not keep a promise.
type weakness struct {
	name    string
	plan    plan
	promise string
	text    string
}

// weakCuts is how often the power is cut where something must be found.
const weakCuts = 9

// canFail cuts the power of a server that can not keep a promise, and checks that
// this is found.
func (r *run) canFail(ctx context.Context, w weakness) error {
	blind := newRun(r.Options, r.kind)
	blind.random = r.random
	if err := blind.cuts(ctx, w.name, w.plan, weakCuts); err != nil {
		return err
	}
	found, refused := 0, 0
	for _, p := range blind.promises {
		switch p.Text {
		case w.promise:
			found = p.Count
		case promiseStart: // gaps in a log are refused, see sqlite.checkLog
			refused = p.Count
		}
	}
	can := r.promise("cuts", "the check can fail: "+w.text)
	r.checked(can, weakCuts-1)
	r.check(can, found+refused > 0, "nothing was found")
	r.note("%s: %d, and %d starts refused", w.text, found, refused)
	return nil
}

// cutsOnOne is how many cuts one data directory sees before it is verified.
const cutsOnOne = 3

func (r *run) cuts(ctx context.Context, name string, p plan, rounds int) error {
	each := cutsOnOne
	if p != (plan{}) {
		each = 1 // what one cut has done to a weak server must not hide the next
	}
	for done := 0; done < rounds; done += each {
		b, err := r.newBench(fmt.Sprintf("%s%d", name, done))
		if err != nil {
			return err
		}
		broken := Broken(r.promises)
		err = b.cutAndVerify(ctx, p, min(each, rounds-done))
		b.close()
		if err != nil {
			return fmt.Errorf("cut in %s: %w", b.dir, err)
		}
		if Broken(r.promises) == broken || p != (plan{}) {
			if err := os.RemoveAll(b.dir); err != nil {
				return err
			}
		}
	}
	return nil
}

func (b *bench) cutAndVerify(ctx context.Context, p plan, cuts int) error {
	for i := range cuts {
		if err := b.cut(ctx, i, p); err != nil {
			return err
		}
	}
	return b.verify(ctx)
}

// cut starts a server, lets the power go at an operation on the disk, and puts
// what the disk then holds in the place of the data. Early operations are those of
// the first start.
func (b *bench) cut(ctx context.Context, i int, p plan) error {
	at := 1 + b.random.IntN(3000)
	if i == 0 && b.random.IntN(3) == 0 {
		at = 1 + b.random.IntN(120)
	}
	image := filepath.Join(b.dir, fmt.Sprintf("image%d", i))
	weak := p != (plan{})
	p.Cut, p.Image, p.Seed, p.CheckpointPages = at, image, b.random.Uint64(), 100+b.random.IntN(400)
	if weak { // the worst disk, and no checkpoint that would sync by the way: it must be found
		p.Cut, p.Seed, p.CheckpointPages = 500+b.random.IntN(2500), 4*b.random.Uint64N(1<<32), 4000
	}
	code, err := b.untilDead(ctx, p)
	if err != nil {
		return err
	}
	b.check(b.promise("cuts", "the power goes where it should"), code == exitCut, "exit code %d in the place of operation %d", code, p.Cut)
	data := filepath.Join(b.dir, "data")
	if err := os.RemoveAll(data); err != nil {
		return err
	}
	if err := os.Rename(image, data); err != nil && !errors.Is(err, os.ErrNotExist) { // the disk may hold nothing yet
		return err
	}
	b.sum("cuts", 1)
	return nil
}
