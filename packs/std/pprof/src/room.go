package main

import (
	"errors"
	"time"

	squall "github.com/squall-dev/squall/sdk/go"
)

// What taking evidence adds to the container's own memory. A Go program writes a heap
// profile with some 1.2 MiB and about 80 times the size of the packed file; 25,000
// places that allocate make 8 MiB. A list of goroutines takes 230 bytes for each. A
// program that is run by exec lives in the container, and counts there: curl has 11 MiB.
const (
	mib           = 1 << 20
	goroutineCost = 4 * mib
	heapCost      = 8 * mib
	execCost      = 12 * mib
)

// laterCost is of a profile when one is known already.
func laterCost(size int64) int64 { return 2*mib + 100*size }

const (
	// oldest is how much age of a figure is made up for.
	oldest = 20 * time.Second
	// during is how long evidence may take.
	during = 3 * time.Second
)

var errNoRoom = errors.New("it would run in the container, which has no room for it")

// room tells whether the container can bear the cost: what is left of its limit, less
// what it will have grown by until the evidence is there. Without figures there is room.
func (s *session) room(what string, cost int64) bool {
	c, ok := s.figures()
	if !ok {
		return true
	}
	if s.life != "" && s.life != life(c) {
		s.skip("%s: the container has been restarted, and what it was about is gone", what)
		return false
	}
	s.life = life(c)
	if c.Limit <= 0 || s.Force {
		return true
	}
	age := min(max(s.now().Sub(c.At), 0), oldest)
	left := c.Limit - c.WorkingSet - int64(max(s.Slope, 0)*(age+during).Seconds())
	if left >= cost {
		return true
	}
	s.skip("%s: it may take %s, and the container has about %s left", what, size(cost), size(max(left, 0)))
	return false
}

// figures reads what the container uses now.
func (s *session) figures() (squall.KubeContainerStats, bool) {
	reply, err := squall.KubePodStats(squall.KubePodStatsRequest{Namespaces: []string{s.Namespace}, Pod: s.Pod, TimeoutSeconds: 3})
	if err != nil {
		squall.Warnf("how much room there is can not be told: %v", err)
		return squall.KubeContainerStats{}, false
	}
	for _, c := range reply.Containers { // those nearest to their limit first
		if s.Container == "" || s.Container == c.Container {
			return c, true
		}
	}
	squall.Warnf("how much room there is can not be told: nothing is known of the container")
	return squall.KubeContainerStats{}, false
}
