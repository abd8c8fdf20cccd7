package main

import (
	"fmt"
	"strings"
	"time"

	squall "github.com/squall-dev/squall/sdk/go"
)

// target is the parameters of capture.
type target struct {
	Namespace   string   `json:"namespace"`
	Pod         string   `json:"pod"`
	Container   string   `json:"container"`
	Port        int      `json:"port"`
	Path        string   `json:"path"`
	SecondAfter *float64 `json:"second_after_seconds"`
	ETA         float64  `json:"eta_seconds"`
	Slope       float64  `json:"slope_bytes_per_second"`
	Force       bool     `json:"force"`
}

// evidence is the output of capture.
type evidence struct {
	Namespace  string           `json:"namespace"`
	Pod        string           `json:"pod"`
	Via        string           `json:"via,omitempty"`        // proxy, port_forward or exec
	Goroutines int              `json:"goroutines,omitempty"` // how many there were
	Stacks     *squall.Artifact `json:"stacks,omitempty"`     // the beginning of what they do
	Base       *squall.Artifact `json:"base,omitempty"`
	Second     *squall.Artifact `json:"second,omitempty"`
	Apart      float64          `json:"seconds_apart,omitempty"`
	Diff       string           `json:"diff,omitempty"` // where the growth between the two is shown
	Skipped    []string         `json:"skipped,omitempty"`
}

// session is one capture.
type session struct {
	target
	now   func() time.Time
	sleep func(time.Duration)
	out   evidence
	way   *way   // that worked
	life  string // of the container when it began; empty when nobody knows
}

func take(t target) (*evidence, error) {
	s := session{target: t, now: time.Now, sleep: time.Sleep}
	return s.run()
}

// run takes the cheapest first, and each as far as there is room for it: evidence that
// ends the process that it is about is worth less than none.
func (s *session) run() (*evidence, error) {
	s.out = evidence{Namespace: s.Namespace, Pod: s.Pod}
	if err := s.goroutines(); final(err) {
		return nil, err
	}
	base, err := s.heap("1-base", "", heapCost)
	if err != nil {
		return nil, fmt.Errorf("no heap profile of %s/%s: %w", s.Namespace, s.Pod, err)
	}
	if base == nil {
		return &s.out, nil
	}
	s.out.Base = base
	began := s.now()
	if after := s.pause(); after > 0 {
		s.sleep(after)
		if err := s.second(base, began); final(err) {
			return nil, err
		}
	}
	return &s.out, nil
}

// pause is how long after the base the second profile is taken.
func (s *session) pause() time.Duration {
	if s.SecondAfter != nil {
		return seconds(*s.SecondAfter)
	}
	if s.ETA <= 0 {
		return 10 * time.Second
	}
	return seconds(min(max(s.ETA/3, 2), 20))
}

// second takes the profile that is compared with the base. That it can not be had is
// no failure: the base is there.
//
// A heap profile shows what the last collection found. A program that has doubled its
// memory since may not have collected, and would show the same again: so the second one
// asks for a collection. The base does not wait for one, which takes longest when the
// container is short of CPU.
func (s *session) second(base *squall.Artifact, began time.Time) error {
	got, err := s.heap("2-second", "gc=1", laterCost(base.Size))
	if err != nil {
		s.skip("the second heap profile: %v", err)
		return err
	}
	if got == nil {
		return nil
	}
	s.out.Second, s.out.Apart = got, tenths(s.now().Sub(began).Seconds())
	s.out.Diff = "/api/v1/artifacts/" + got.ID + "/flame?base=" + base.ID
	squall.Infof("what grew in %.1f s: squall artifact flame %s --base %s", s.out.Apart, got.ID, base.ID)
	return nil
}

func (s *session) skip(format string, args ...any) {
	what := fmt.Sprintf(format, args...)
	squall.Warnf("left out: %s", what)
	s.out.Skipped = append(s.out.Skipped, what)
}

// file names an artifact by its Pod and time.
func (s *session) file(kind, part, ending string) string {
	words := []string{kind, s.Pod[:min(len(s.Pod), 120)]}
	if s.Container != "" {
		words = append(words, s.Container)
	}
	words = append(words, s.now().UTC().Format("20060102T150405Z"))
	if part != "" {
		words = append(words, part)
	}
	return strings.Join(words, "-") + ending
}
