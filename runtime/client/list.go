package client

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// List is one page of a list, newest first.
type List[T any] struct {
	Items []T `json:"items"`
	// Next is the id after which the next page begins; empty on the last page.
	Next string `json:"next"`
	// Seq is where the live stream stood when the list was read: [Client.Stream]
	// from here on misses nothing.
	Seq int64 `json:"-"`
}

// Page says which part of a list is wanted. Limit zero leaves it to the server.
type Page struct {
	After string
	Limit int
}

// values are query parameters; empty ones are left out.
type values url.Values

func (v values) set(name, value string) values {
	if value != "" {
		v[name] = []string{value}
	}
	return v
}

func (v values) query() url.Values { return url.Values(v) }

func (p Page) values() values {
	v := values{}.set("after", p.After)
	if p.Limit > 0 {
		v.set("limit", strconv.Itoa(p.Limit))
	}
	return v
}

func list[T any](ctx context.Context, c *Client, r request) (List[T], error) {
	var l List[T]
	header, err := c.call(ctx, r, &l)
	l.Seq = seqOf(header)
	if l.Items == nil {
		l.Items = []T{}
	}
	return l, err
}

func one[T any](ctx context.Context, c *Client, r request) (T, error) {
	var answer T
	_, err := c.call(ctx, r, &answer)
	return answer, err
}

// fromNow as a place in the stream means: only what comes from now on.
const fromNow = -1

func seqOf(header http.Header) int64 {
	seq, err := strconv.ParseInt(header.Get("X-Stream-Seq"), 10, 64)
	if err != nil {
		return fromNow
	}
	return seq
}

// Time is a point in time as the API takes it: "2026-11-22T17:00:00Z", or "24h"
// for that long ago.
type Time string

// At names a point in time.
func At(t time.Time) Time { return Time(t.UTC().Format(time.RFC3339Nano)) }
