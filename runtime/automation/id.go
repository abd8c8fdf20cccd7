package automation

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"sync"
	"time"
)

// IDLength is the number of hexadecimal digits in an id.
const IDLength = 24

// IDs makes identifiers: 24 lower-case hexadecimal digits that sort by time of
// creation, so that lists page by id and StackStorm clients accept them.
//
// The layout is 48 bits of Unix milliseconds, a 16-bit counter that keeps ids of
// one millisecond in order, and 32 random bits. The zero value is ready to use
// and safe for concurrent use.
type IDs struct {
	// Now is the clock; nil means time.Now.
	Now func() time.Time

	mu      sync.Mutex // guards last and counter
	last    int64
	counter uint16
}

// New returns an id greater than every id this source returned before, also when
// the clock steps back.
func (g *IDs) New() string {
	ms, counter := g.next()
	var b [IDLength / 2]byte
	binary.BigEndian.PutUint64(b[0:8], uint64(ms)<<16|uint64(counter))
	_, _ = rand.Read(b[8:]) // never fails since Go 1.24
	return hex.EncodeToString(b[:])
}

func (g *IDs) next() (ms int64, counter uint16) {
	now := time.Now
	if g.Now != nil {
		now = g.Now
	}
	ms = now().UnixMilli()
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case ms > g.last:
		g.last, g.counter = ms, 0
	case g.counter == 1<<16-1: // this millisecond is used up: borrow from the next
		g.last, g.counter = g.last+1, 0
	default:
		g.counter++
	}
	return g.last, g.counter
}

// ValidID reports whether s has the form of an id.
func ValidID(s string) bool {
	if len(s) != IDLength {
		return false
	}
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}
