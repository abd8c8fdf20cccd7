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
// (synchronous=NORMAL): if nothing were missing then, the check could not fail.
func power(ctx context.Context, r *run) error {
	if err := r.cuts(ctx, "full", "", r.Rounds); err != nil {
		return err
	}
	blind := newRun(r.Options, r.kind)
	blind.random = r.random
	if err := blind.cuts(ctx, "normal", "NORMAL", max(4, min(r.Rounds, 8))); err != nil {
		return err
	}
	missing := 0
	for _, p := range blind.promises {
		if p.Text == promiseStored {
			missing = p.Count
		}
	}
	can := r.promise("cuts", "the check can fail: with synchronous=NORMAL answered events are missing")
	r.check(can, missing > 0, "nothing is missing though the database did not wait for its disk")
	r.note("with synchronous=NORMAL %d answered events were missing after the cuts", missing)
	return nil
}

// cutsOnOne is how many cuts one data directory sees before it is verified.
const cutsOnOne = 3

func (r *run) cuts(ctx context.Context, name, synchronous string, rounds int) error {
	for done := 0; done < rounds; done += cutsOnOne {
		b, err := r.newBench(fmt.Sprintf("%s%d", name, done/cutsOnOne))
		if err != nil {
			return err
		}
		broken := Broken(r.promises)
		err = errors.Join(b.cutAndVerify(ctx, synchronous, min(cutsOnOne, rounds-done)))
		b.close()
		if err != nil {
			return fmt.Errorf("cut in %s: %w", b.dir, err)
		}
		if Broken(r.promises) == broken || synchronous != "" {
			if err := os.RemoveAll(b.dir); err != nil {
				return err
			}
		}
	}
	return nil
}

func (b *bench) cutAndVerify(ctx context.Context, synchronous string, cuts int) error {
	for i := range cuts {
		if err := b.cut(ctx, i, synchronous); err != nil {
			return err
		}
	}
	return b.verify(ctx)
}

// cut starts a server, lets the power go at an operation on the disk, and puts
// what the disk then holds in the place of the data. Early operations are those of
// the first start.
func (b *bench) cut(ctx context.Context, i int, synchronous string) error {
	at := 1 + b.random.IntN(3000)
	if i == 0 && b.random.IntN(3) == 0 {
		at = 1 + b.random.IntN(120)
	}
	image := filepath.Join(b.dir, fmt.Sprintf("image%d", i))
	code, err := b.untilDead(ctx, plan{Cut: at, Image: image, Seed: b.random.Uint64(), Synchronous: synchronous, CheckpointPages: 100 + b.random.IntN(400)})
	if err != nil {
		return err
	}
	b.check(b.promise("cuts", "the power goes where it should"), code == exitCut, "exit code %d in the place of operation %d", code, at)
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
