package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	driver "modernc.org/sqlite"
)

// checkpointPages is after how many pages the log is copied into the database:
// fewer, larger checkpoints than SQLite would make.
const checkpointPages = 4000

// keptLog is how many bytes of its room the log keeps after a burst when it begins anew:
// half as much again as it has in ordinary times, for writing over what is there is
// cheaper than making a file longer.
const keptLog = 24 << 20

// Copying the log into the database, and waiting until the disk has it, takes tenths of
// a second when the pages lie scattered, as those do that retention has touched. SQLite
// would do it in a commit. Here a reader copies while the writer goes on, and the writer
// copies what has come meanwhile: only when the log has been copied whole does it begin
// anew instead of growing.

// checkpoints are when to copy. Only the writer's goroutine touches it, but for the
// channels.
type checkpoints struct {
	every  int           // pages
	from   int           // pages that were written when the last copy ended
	copies bool          // a reader does; two at once would be in each other's way
	tries  int           // left, to make the log begin anew
	length int           // of the log in pages, when that was tried last
	due    chan struct{} // holds one when a reader is to copy
	rest   chan struct{} // holds one when the writer is to copy what is left
}

func newCheckpoints(every int) checkpoints {
	return checkpoints{every: every, due: make(chan struct{}, 1), rest: make(chan struct{}, 1)}
}

// checkpoint is called after each commit.
func (w *writer) checkpoint() {
	c := &w.checkpoints
	pages, err := w.pagesWritten()
	if err != nil {
		w.logger.Error("it is not known how long the database's log is", "err", err)
		return
	}
	select {
	case <-c.rest:
		c.copies, c.tries, c.length = false, mostTries, 0
		w.copyRest(pages)
	default:
		if c.tries > 0 && pages-c.from >= triesEvery {
			w.copyRest(pages)
		}
	}
	if !c.copies && c.tries == 0 && pages-c.from >= c.every {
		c.copies = true
		c.due <- struct{}{}
	}
}

// A reader that looks at the end of the log just when the next page is written keeps it
// from beginning anew. Then it is tried again a few pages later, when little is to copy.
// Where somebody reads at all times that fails each time: at the last try of a log that
// has grown to twice its length, the writer waits a moment for those who read its end.
const (
	mostTries  = 20
	triesEvery = 16 // pages
)

// copyRest copies what is left of the log. Whether it has begun anew shows at the next
// try: it is shorter then.
func (w *writer) copyRest(pages int) {
	c := &w.checkpoints
	c.from, c.tries = pages, c.tries-1
	length, err := w.copyEnd(c.tries == 0 && c.length > 2*c.every)
	if err != nil {
		w.logger.Warn("the database's log was not copied to its end; it grows until that succeeds", "err", err)
		return
	}
	if length < c.length {
		c.tries = 0
	}
	c.length = length
}

// copyEnd copies what is left of the log and returns how many pages it has.
func (w *writer) copyEnd(wait bool) (length int, err error) {
	if !wait {
		return copied(w.conn.QueryRowContext(context.Background(), copyLog))
	}
	if err := w.pragma(hasty); err != nil {
		return 0, err
	}
	length, err = copied(w.conn.QueryRowContext(context.Background(), restartLog))
	return length, errors.Join(err, w.pragma(patient))
}

func (w *writer) pragma(text string) error {
	_, err := w.conn.ExecContext(context.Background(), "PRAGMA "+text)
	return err
}

// copied is how many pages the log has after it was copied as far as its readers let it.
func copied(row *sql.Row) (length int, err error) {
	var busy, done int
	err = row.Scan(&busy, &length, &done)
	return length, err
}

// pagesWritten is how many pages the writer's connection has written in its life.
func (w *writer) pagesWritten() (pages int, err error) {
	err = w.conn.Raw(func(conn any) error {
		pages, _, err = conn.(driver.DBStatus).Status(driver.DBStatusCacheWrite, false)
		return err
	})
	return pages, err
}

const (
	copyLog    = `PRAGMA wal_checkpoint(PASSIVE)` // waits for nobody, and nobody waits for it
	restartLog = `PRAGMA wal_checkpoint(RESTART)` // waits until nobody reads the log, whose next page is the first
)

// copyLogs copies the log whenever that is due, until ctx is done.
func (s *Store) copyLogs(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.writer.checkpoints.due:
		}
		if _, err := s.read.ExecContext(ctx, copyLog); err != nil && ctx.Err() == nil {
			s.logger.Warn("the database's log was not copied; it grows until that succeeds", "err", fmt.Errorf("copy the log: %w", kindOf(err, s.path)))
		}
		s.writer.checkpoints.rest <- struct{}{}
	}
}
