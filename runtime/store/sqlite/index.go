package sqlite

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// The words of executions are indexed after their end, by a goroutine that takes its
// turn with the writer like everybody else: accepting an event must not wait for it.
// What is not indexed yet, also after a crash, has no doc and stands in an index of
// its own, where the search looks through it word by word.

const (
	// indexBatch is little enough that whoever has to wait for the writer meanwhile
	// hardly notices.
	indexBatch = 16
	// indexShare bounds how much of the writer's time the index takes while others
	// write: it rests so many times as long as it worked.
	indexShare = 4
	// indexRest is how long the indexer waits for more to come, so that it shares few
	// commits with many.
	indexRest = 250 * time.Millisecond
	// mergePages is how much of the index is merged at once: some milliseconds.
	mergePages = 32
	// restedPending is the age from which one that waits is indexed before its end.
	restedPending = 2 * time.Second
)

// index runs until ctx is done.
func (s *Store) index(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		began := time.Now()
		more, err := s.tendWords(ctx, restedPending)
		pause, busy := time.Millisecond, s.writer.wrote()
		if busy { // let those who accept go first
			pause = max(pause, indexShare*time.Since(began))
		}
		switch {
		case err != nil && ctx.Err() == nil:
			s.logger.Warn("the index of words was not brought up to date; executions are found all the same, but slowly", "err", err)
			timer.Reset(time.Minute)
			continue
		case more:
			timer.Reset(pause)
			continue
		case busy: // it may be that what was written came after the look
			timer.Reset(max(pause, indexRest))
			continue
		}
		select {
		case <-ctx.Done():
			return
		case <-s.writer.committed:
		case <-time.After(time.Minute):
		}
		timer.Reset(indexRest)
	}
}

// wrote reports whether something was committed since somebody asked.
func (w *writer) wrote() bool {
	select {
	case <-w.committed:
		return true
	default:
		return false
	}
}

// tendWords does a little of what the index needs and reports whether there may be more.
func (s *Store) tendWords(ctx context.Context, pending time.Duration) (more bool, err error) {
	indexes, err := s.indexSome(ctx, pending)
	if err != nil {
		return false, err
	}
	merges, err := s.mergeSome(ctx)
	return indexes || merges, err
}

// indexSome indexes the oldest that rest and reports whether there may be more. One
// that waits rests when it is as old as that.
func (s *Store) indexSome(ctx context.Context, pending time.Duration) (more bool, err error) {
	docs, err := documents(ctx, s.read, `e.id IN (SELECT id FROM executions INDEXED BY executions_unindexed WHERE doc IS NULL
		AND status <> 'running' AND (status <> 'pending' OR created_at < ?) ORDER BY id LIMIT ?) ORDER BY e.id`,
		nanos(time.Now().Add(-pending)), indexBatch)
	if err != nil || len(docs) == 0 {
		return false, err
	}
	err = s.do(ctx, "index executions", func(t *tx) error {
		for _, d := range docs {
			if err := d.store(t); err != nil {
				return err
			}
		}
		return nil
	})
	return len(docs) == indexBatch, err
}

// mergeSome merges some pages of the index's segments, if words have come or gone, and
// reports whether there are more to merge. Each commit with new words makes a segment:
// without this a search would have to look into more and more of them.
func (s *Store) mergeSome(ctx context.Context) (more bool, err error) {
	if !s.writer.wordsChanged.Swap(false) {
		return false, nil
	}
	err = s.do(ctx, "merge the index of words", func(t *tx) error {
		before, err := t.totalChanges()
		if err != nil {
			return err
		}
		if err := t.exec(`INSERT INTO execution_words (execution_words, rank) VALUES ('merge', ?)`, mergePages); err != nil {
			return err
		}
		after, err := t.totalChanges()
		more = after-before >= 2 // one is the command itself
		return err
	})
	if err != nil || more {
		s.writer.wordsChanged.Store(true)
	}
	return more, err
}

// totalChanges is how many rows the connection has changed in its life, those behind
// virtual tables too.
func (t *tx) totalChanges() (n int64, err error) {
	row, err := t.row(`SELECT total_changes()`)
	if err != nil {
		return 0, err
	}
	return n, row.Scan(&n)
}

// words changes the index of words.
func (t *tx) words(statement string, args ...any) error {
	t.w.wordsChanged.Store(true)
	return t.exec(statement, args...)
}

// store indexes a document, unless the execution has gone on meanwhile.
func (d *document) store(t *tx) error {
	row, err := t.row(`SELECT count(*), coalesce(max(action), ''), coalesce(max(rule), ''), coalesce(max(trigger), ''), coalesce(max(started_by), ''), coalesce(max(created_at), 0)
		FROM executions WHERE id = ? AND doc IS NULL AND status = ? AND log_lines = ?`, d.id, string(d.status), d.lines)
	if err != nil {
		return err
	}
	var same int
	var k kind
	var at time.Time
	if err := row.Scan(&same, &k.action, &k.rule, &k.trigger, &k.actor, instant{&at}); err != nil || same == 0 {
		return err
	}
	doc := docOf(d.id)
	if taken, err := t.taken(doc); err != nil || taken {
		return err
	}
	join := func(words []string) string { return strings.Join(words, " ") }
	if err := t.words(`INSERT INTO execution_words (rowid, words, error, log, params, marks) VALUES (?, ?, ?, ?, ?, ?)`,
		doc, join(pairs(d.words)), join(pairs(d.errors)), join(pairs(d.log)), join(d.params), join(d.marks)); err != nil {
		return err
	}
	t.count(tally{k, d.status, at, 0, d.bytes})
	delete(t.w.recent, d.id)
	return t.exec(`UPDATE executions SET doc = ?, bytes = ? WHERE id = ?`, doc, d.bytes, d.id)
}

// taken is for two ids with one first half, which two clocks could make: only one of
// them gets into the index, the other is looked through.
func (t *tx) taken(doc int64) (bool, error) {
	half := fmt.Sprintf("%016x", uint64(doc))
	row, err := t.row(`SELECT count(*) FROM executions WHERE id >= ? AND id < ? AND doc IS NOT NULL`, half, half+"g")
	if err != nil {
		return false, err
	}
	var n int
	err = row.Scan(&n)
	return n > 0, err
}
