package fetch

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/time/rate"

	"github.com/squall-dev/squall/runtime/automation"
)

func TestAHostHasSoManyRequestsASecond(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := pace{perSecond: 2, hosts: map[string]*rate.Limiter{}}
		start := time.Now()
		for range 6 {
			if err := p.wait(t.Context(), "a.example.com"); err != nil {
				t.Fatal(err)
			}
		}
		if took := time.Since(start); took != 2*time.Second { // two at once, four at half a second each
			t.Errorf("six requests took %s", took)
		}
		if err := p.wait(t.Context(), "b.example.com"); err != nil || time.Since(start) != 2*time.Second {
			t.Errorf("another host waited: %v", err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := p.wait(ctx, "a.example.com"); automation.KindOf(err) != "canceled" {
			t.Errorf("canceled: %v", err)
		}
	})
}

func TestHostsWithNothingToDoAreForgotten(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := pace{perSecond: 1, hosts: map[string]*rate.Limiter{}}
		for i := range manyHosts {
			_ = p.wait(t.Context(), fmt.Sprint(i))
		}
		time.Sleep(time.Minute) // of the bubble's clock
		_ = p.wait(t.Context(), "0")
		_ = p.wait(t.Context(), "one more")
		if _, busy := p.hosts["0"]; len(p.hosts) != 2 || !busy {
			t.Errorf("%d hosts are kept, the busy one among them: %v", len(p.hosts), busy)
		}
	})
}

// Redirects and retries are requests too.
func TestSendKeepsToThePace(t *testing.T) {
	t.Parallel()
	var served atomic.Int64
	s, port := serve(t, func(w http.ResponseWriter, r *http.Request) {
		served.Add(1)
		if r.URL.Path == "/again" {
			http.Redirect(w, r, "/", http.StatusFound)
		}
	})
	who := allowed(true, "127.0.0.1:"+port)
	c := newClient(t, Options{PerSecond: 0.001})
	_, err := c.Send(t.Context(), who, Request{URL: s.URL + "/again", Retries: 5})
	if automation.KindOf(err) != "unavailable" || !strings.Contains(err.Error(), "0.001 requests a second") || served.Load() != 1 {
		t.Errorf("%d served: %v", served.Load(), err)
	}
	if _, err := New(Options{PerSecond: -1}); automation.KindOf(err) != "invalid" {
		t.Errorf("a rate below zero: %v", err)
	}
}
