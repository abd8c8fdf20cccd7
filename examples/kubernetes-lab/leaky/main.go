// Command leaky is a service with a bug: it remembers every session and forgets
// none. Where it serves its profiles is a flag, because that decides how they can be
// got at.
package main

import (
	"flag"
	"log"
	"net/http"
	_ "net/http/pprof" // registers its pages
	"time"
)

// session is large so that a short leak shows well.
type session struct{ history [256 << 10]byte }

// store is what keeps the sessions from the garbage collector.
type store struct{ sessions []*session }

//go:noinline
func (s *store) open() {
	fresh := &session{}
	for i := range fresh.history {
		fresh.history[i] = byte(i) // memory counts from when it is written
	}
	s.sessions = append(s.sessions, fresh)
}

func main() {
	rate := flag.Float64("rate", 4, "MiB leaked a second")
	address := flag.String("pprof", ":6060", "address of the profiles; none when empty")
	start := flag.Int("start", 0, "MiB leaked at the start, which saves a wait")
	at := flag.Int64("at", 0, "Unix time at which to begin to leak, so that several do so together")
	flag.Parse()
	if *rate <= 0 {
		log.Fatalf("-rate %v: give a number above 0", *rate)
	}
	if *address != "" {
		go func() { log.Fatal(http.ListenAndServe(*address, nil)) }()
	}
	// Never quite idle: a container that does nothing is measured ever more rarely.
	for begin := time.Unix(*at, 0); time.Now().Before(begin); {
		time.Sleep(100 * time.Millisecond)
	}
	var s store
	for range *start << 20 / len(session{}.history) {
		s.open()
	}
	log.Printf("leaking %v MiB/s, profiles on %q", *rate, *address)
	tick := time.NewTicker(time.Duration(float64(time.Second) * float64(len(session{}.history)) / (*rate * (1 << 20))))
	for range tick.C {
		s.open()
		if n := len(s.sessions); n%40 == 0 {
			log.Printf("%d sessions, %d MiB", n, n*len(session{}.history)>>20)
		}
	}
}
