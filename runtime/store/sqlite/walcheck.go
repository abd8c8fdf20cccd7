package sqlite

import (
	"context"
	"encoding/binary"
	"errors"
	"io/fs"
	"os"

	"github.com/squall-dev/squall/runtime/automation"
)

// checkLog looks through the write-ahead log before SQLite does. SQLite ends a log
// at the first frame whose checksum does not fit, silently: after a power cut that
// is the torn end of the last transaction, which nobody was told of. A damaged
// frame in the middle would take every later transaction with it, though they were
// acknowledged. The difference shows: behind a torn end there is at most the rest of
// one transaction, since each is synced before the next is written. What can not be
// told from a power cut is damage in the last transaction (or, when the damage hits
// the few bytes that tell where a transaction ends, in the last but one).
func checkLog(path string) error {
	log, err := os.ReadFile(path + "-wal")
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return unavailable(path).Because(err)
	}
	frame, lost := lostCommits(log)
	if lost == 0 {
		return nil
	}
	return automation.Unavailable("%s-wal is damaged at frame %d: %d transactions behind it can not be read", path, frame, lost).
		WithCode("log_damaged").
		WithHint("check the disk; restore the database from a backup, or move %s-wal away to go on without what is in it", path)
}

// checkIdleLog is checkLog for a database that a server may have open: then the log
// changes while it is read, and was looked through when the server opened it.
func checkIdleLog(ctx context.Context, path string) error {
	if InUse(ctx, path) != nil {
		return nil
	}
	return checkLog(path)
}

const (
	logHeader   = 32
	frameHeader = 24
)

// logReader checks the chain of checksums of a write-ahead log.
// See https://www.sqlite.org/fileformat2.html#walformat.
type logReader struct {
	log   []byte
	order binary.ByteOrder // of the checksums
	size  int              // of a frame
}

// lostCommits returns the first frame that is damaged, from 1, and how many
// transactions stand behind the one that it belongs to.
func lostCommits(log []byte) (first, commits int) {
	r, headerOK := newLogReader(log)
	if r == nil {
		return 0, 0
	}
	if !headerOK {
		first = 1
	}
	salts := r.salts(headerOK)
	ends := false // the damaged frame is the last of its transaction
	for i := 0; (i+1)*r.size+logHeader <= len(log); i++ {
		f := log[logHeader+i*r.size:][:r.size]
		switch whole := string(f[8:16]) == salts && r.whole(i, f); {
		case !whole && first == 0:
			first = i + 1
			ends = string(f[8:16]) == salts && isLast(f)
		case whole && first > 0 && isLast(f):
			commits++
		}
	}
	if !ends { // the first of them is its own
		commits = max(0, commits-1)
	}
	return first, commits
}

// isLast reports whether a frame is the last of a transaction.
func isLast(f []byte) bool { return binary.BigEndian.Uint32(f[4:]) != 0 }

// newLogReader reads the header; nil when there are no frames.
func newLogReader(log []byte) (r *logReader, ok bool) {
	if len(log) < logHeader+frameHeader+512 {
		return nil, false
	}
	r = &logReader{log: log, order: binary.LittleEndian}
	if binary.BigEndian.Uint32(log)&1 == 1 {
		r.order = binary.BigEndian
	}
	a, b := r.sum(0, 0, log[:24])
	ok = a == binary.BigEndian.Uint32(log[24:]) && b == binary.BigEndian.Uint32(log[28:])
	page := int(binary.BigEndian.Uint32(log[8:]))
	if !ok { // it is what our databases have
		page, r.order = 4096, binary.LittleEndian
	}
	r.size = frameHeader + page
	return r, ok
}

// salts are what the frames of this log have in common; older frames may lie behind
// them. Without a header, the first frame knows.
func (r *logReader) salts(headerOK bool) string {
	if headerOK {
		return string(r.log[16:24])
	}
	return string(r.log[logHeader+8 : logHeader+16])
}

// whole reports whether a frame fits the checksum of the one before, as that is
// written there.
func (r *logReader) whole(i int, f []byte) bool {
	before := r.log[24:32]
	if i > 0 {
		before = r.log[logHeader+(i-1)*r.size+16:][:8]
	}
	a, b := r.sum(binary.BigEndian.Uint32(before), binary.BigEndian.Uint32(before[4:]), f[:8])
	a, b = r.sum(a, b, f[frameHeader:])
	return a == binary.BigEndian.Uint32(f[16:]) && b == binary.BigEndian.Uint32(f[20:])
}

// sum is SQLite's checksum, of a multiple of eight bytes.
func (r *logReader) sum(a, b uint32, data []byte) (uint32, uint32) {
	for ; len(data) >= 8; data = data[8:] {
		a += r.order.Uint32(data) + b
		b += r.order.Uint32(data[4:]) + a
	}
	return a, b
}
