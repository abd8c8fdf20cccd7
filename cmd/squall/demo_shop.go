package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"time"
)

// A little shop that forgets nothing, so that the demo's flame graph has
// something to tell: sessions are the leak, a cache and thumbnails grow beside it.

type shop struct {
	sessions   sessionStore
	results    resultCache
	thumbnails map[int][]byte
	requests   int
}

type session struct {
	cart []byte
	page []byte
}

type sessionStore struct{ all []*session }

type resultCache struct{ byQuery map[string][]byte }

func newShop() *shop {
	return &shop{results: resultCache{byQuery: map[string][]byte{}}, thumbnails: map[int][]byte{}}
}

// serve handles requests that keep about rate bytes a second, until ctx ends or
// the heap passes the limit, which ends the process as the kernel would.
func (s *shop) serve(ctx context.Context, rate, limit uint64) {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		for kept := 0; kept < int(rate/20); {
			kept += s.handle()
		}
		if heapInUse() > limit {
			os.Exit(killedExit) // without a word
		}
	}
}

// handle serves one request and returns about how many bytes it keeps for ever.
func (s *shop) handle() int {
	s.requests++
	switch s.requests % 4 {
	case 0:
		return s.handleSearch()
	case 1:
		return s.handleUpload()
	default:
		return s.handleCheckout()
	}
}

//go:noinline
func (s *shop) handleCheckout() int { return s.sessions.remember(renderPage(24 << 10)) }

//go:noinline
func (s *shop) handleSearch() int { return s.results.put(fmt.Sprint("query ", s.requests)) }

//go:noinline
func (s *shop) handleUpload() int {
	s.thumbnails[s.requests] = resize(16 << 10)
	return 16 << 10
}

// remember is the leak: nothing ever deletes a session.
//
//go:noinline
func (s *sessionStore) remember(page []byte) int {
	sess := newSession(page)
	s.all = append(s.all, sess)
	return len(sess.cart) + len(sess.page)
}

//go:noinline
func newSession(page []byte) *session {
	return &session{cart: newCart(), page: copyPage(page)}
}

//go:noinline
func newCart() []byte { return make([]byte, 40<<10) }

//go:noinline
func copyPage(page []byte) []byte { return append([]byte(nil), page...) }

//go:noinline
func renderPage(size int) []byte { return make([]byte, size) }

//go:noinline
func resize(size int) []byte { return make([]byte, size) }

// put keeps every answer to every query.
//
//go:noinline
func (c *resultCache) put(query string) int {
	c.byQuery[query] = encodeResults(query)
	return len(c.byQuery[query])
}

//go:noinline
func encodeResults(query string) []byte {
	results := make([]string, 1000)
	for i := range results {
		results[i] = query
	}
	b, _ := json.Marshal(results) // strings always encode
	return b
}
