package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
)

// post is one webhook of the open loop.
type post struct {
	scheduled time.Time
	took      time.Duration // from the schedule to the answer
	execution string        // "" when it was not accepted
	accepted  bool
}

func durations(posts []post) []time.Duration {
	out := make([]time.Duration, 0, len(posts))
	for _, p := range posts {
		out = append(out, p.took)
	}
	return out
}

func percentile(ds []time.Duration, share float64) time.Duration {
	slices.Sort(ds)
	return ds[int(share*float64(len(ds)-1))]
}

func refused(posts []post) bool {
	return slices.ContainsFunc(posts, func(p post) bool { return !p.accepted })
}

func newClient(connections int) *http.Client {
	return &http.Client{Timeout: time.Minute, Transport: &http.Transport{MaxIdleConnsPerHost: connections}}
}

// load posts at a fixed rate for a while, however long answers take.
func load(ctx context.Context, url string, rate int, d time.Duration) []post {
	posts := make([]post, int(d.Seconds()*float64(rate)))
	c := newClient(min(len(posts), 2000))
	defer c.CloseIdleConnections()
	var pending sync.WaitGroup
	begin := time.Now()
	for i := range posts {
		p := &posts[i]
		p.scheduled = begin.Add(time.Duration(i) * time.Second / time.Duration(rate))
		time.Sleep(time.Until(p.scheduled))
		pending.Go(func() {
			accepted, err := send(ctx, c, url) // what failed has no execution, and that is looked at
			p.took, p.accepted = time.Since(p.scheduled), err == nil
			if len(accepted.Executions) == 1 {
				p.execution = accepted.Executions[0]
			}
		})
	}
	pending.Wait()
	return posts
}

// batch is what was accepted in a while.
type batch struct {
	count int64
	began time.Time
	took  time.Duration
}

func (b batch) accepted() float64 { return float64(b.count) / b.took.Seconds() }

// through posts over so many connections, each as fast as it is answered.
func through(ctx context.Context, url string, connections int, d time.Duration) batch {
	ctx, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	var n atomic.Int64
	var senders sync.WaitGroup
	began := time.Now()
	for range connections {
		senders.Go(func() {
			for ctx.Err() == nil {
				n.Add(repeat(ctx, url))
			}
		})
	}
	senders.Wait()
	return batch{n.Load(), began, time.Since(began)}
}

// repeat posts over one connection until the time is over or something fails, and
// returns how many were accepted. It writes requests and reads answers itself: the
// server would have to share its processors with what http.Client does for each.
func repeat(ctx context.Context, url string) (accepted int64) {
	req, err := newRequest(ctx, url)
	if err != nil {
		return 0
	}
	var once bytes.Buffer
	if err := req.Write(&once); err != nil {
		return 0
	}
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", req.URL.Host)
	if err != nil {
		return 0
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(2 * time.Minute)) // no run takes longer
	answers := bufio.NewReader(conn)
	for ctx.Err() == nil {
		if _, err := conn.Write(once.Bytes()); err != nil {
			return accepted
		}
		resp, err := http.ReadResponse(answers, req)
		if err != nil {
			return accepted
		}
		_, err = io.Copy(io.Discard, resp.Body)
		if err != nil {
			return accepted
		}
		if resp.StatusCode == http.StatusAccepted {
			accepted++
		}
	}
	return accepted
}

type refusal int

func (r refusal) Error() string { return http.StatusText(int(r)) }

func send(ctx context.Context, c *http.Client, url string) (automation.Accepted, error) {
	var a automation.Accepted
	req, err := newRequest(ctx, url)
	if err != nil {
		return a, err
	}
	resp, err := c.Do(req)
	if err != nil {
		return a, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return a, err
	}
	if resp.StatusCode != http.StatusAccepted {
		return a, refusal(resp.StatusCode)
	}
	_ = json.Unmarshal(body, &a) // the echo handler's answer is empty
	return a, nil
}

func newRequest(ctx context.Context, url string) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader(`{"name":"storm"}`))
	if err == nil {
		req.Header.Set("Content-Type", "application/json")
	}
	return req, err
}
