package sqlite

import (
	"bytes"
	"compress/gzip"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/squall-dev/squall/runtime/automation"
)

// packFrom is the size from which a tape is worth the time to compress it.
const packFrom = 2 << 10

// packers compress tapes. A compressor takes far more room than a tape, and is kept for
// the next.
type packers struct{ idle sync.Pool }

// pack makes a tape the bytes that are stored; nil for none.
func (p *packers) pack(t *automation.Tape) ([]byte, error) {
	if t == nil {
		return nil, nil
	}
	plain, err := json.Marshal(t)
	if err != nil || len(plain) < packFrom {
		return plain, err
	}
	packed, err := p.compress(plain)
	if err != nil || len(packed) >= len(plain) {
		return plain, err
	}
	return packed, nil
}

func (p *packers) compress(plain []byte) ([]byte, error) {
	var packed bytes.Buffer
	w, ok := p.idle.Get().(*gzip.Writer)
	if ok {
		w.Reset(&packed)
	} else {
		var err error
		if w, err = gzip.NewWriterLevel(&packed, gzip.BestSpeed); err != nil {
			return nil, err
		}
	}
	defer p.idle.Put(w)
	if _, err := w.Write(plain); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return packed.Bytes(), nil
}

// unpackTape tells by the first byte whether a tape is compressed: JSON begins with
// a brace.
func unpackTape(b []byte) (t automation.Tape, err error) {
	if len(b) > 0 && b[0] != '{' {
		r, err := gzip.NewReader(bytes.NewReader(b))
		if err != nil {
			return t, err
		}
		if b, err = io.ReadAll(r); err != nil {
			return t, err
		}
	}
	return t, json.Unmarshal(b, &t)
}

// Tape returns the tape of an attempt that has ended.
func (s *Store) Tape(ctx context.Context, id string, attempt int) (t automation.Tape, err error) {
	var stored []byte
	var status automation.AttemptStatus
	var sum *int64
	err = s.read.QueryRowContext(ctx, `SELECT status, tape, tape_sum FROM attempts WHERE execution = ? AND number = ?`, id, attempt).Scan(&status, &stored, &sum)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return t, automation.NotFound("execution %s has no attempt %d", id, attempt).WithCode("unknown_attempt")
	case err != nil:
		return t, fmt.Errorf("read the tape of execution %s: %w", id, s.readError(ctx, err))
	case stored == nil && status == automation.AttemptRunning:
		return t, automation.NotFound("attempt %d of execution %s has no tape yet", attempt, id).WithCode("no_tape").
			WithHint("it is stored when the attempt ends")
	case stored == nil:
		return t, automation.NotFound("attempt %d of execution %s has no tape", attempt, id).WithCode("no_tape").
			WithHint("there is none of an attempt that ran no code, or whose server died")
	}
	if !leftRow(id, attempt, stored).fits(sum) {
		return t, damagedRow("the tape of execution", id)
	}
	if t, err = unpackTape(stored); err != nil {
		return t, damagedRow("the tape of execution", id).Because(err)
	}
	return t, nil
}
