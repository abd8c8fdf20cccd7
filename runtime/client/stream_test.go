package client_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/client"
)

// wire answers requests without a network, so that time can be the test's own.
type wire func(*http.Request) (*http.Response, error)

func (w wire) RoundTrip(r *http.Request) (*http.Response, error) { return w(r) }

func answer(status int, body io.Reader) *http.Response {
	return &http.Response{StatusCode: status, Status: fmt.Sprint(status), Header: http.Header{}, Body: io.NopCloser(body)}
}

func over(t *testing.T, w wire) *client.Client {
	t.Helper()
	c, err := client.New(client.Options{HTTP: &http.Client{Transport: w}})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func change(seq int) string {
	return fmt.Sprintf("id: %d\nevent: event.created\ndata: {\"seq\":%d,\"kind\":\"event.created\"}\n\n", seq, seq)
}

func TestStreamGoesOnWhereItWasLost(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var asked []string
		parts := []string{
			"retry: 1000\n\n: hello\n\n" + change(6) + change(7) + "id: 8\ndata: cut o",
			"", // a connection without a word
			change(7) + change(8),
			"event: resync\nid: 90\ndata: {}\n\n" + change(91),
		}
		c := over(t, func(r *http.Request) (*http.Response, error) {
			asked = append(asked, r.URL.Query().Get("after")+"/"+r.Header.Get("Last-Event-ID"))
			if len(asked) == 2 {
				return nil, errors.New("connection refused")
			}
			part := parts[0]
			parts = parts[1:]
			return answer(200, strings.NewReader(part)), nil
		})
		var got []string
		for change, err := range c.Stream(t.Context(), 5) {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, fmt.Sprint(change.Kind, " ", change.Seq))
			if change.Seq == 91 {
				break
			}
		}
		want := []string{"event.created 6", "event.created 7", "event.created 8", "resync 90", "event.created 91"}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff([]string{"5/5", "7/7", "7/7", "7/7", "8/8"}, asked); diff != "" {
			t.Error(diff)
		}
	})
}

func TestStreamLeavesADeadConnection(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		calls := 0
		c := over(t, func(r *http.Request) (*http.Response, error) {
			if calls++; calls == 2 {
				return answer(200, strings.NewReader(change(1))), nil
			}
			silent, end := io.Pipe()
			context.AfterFunc(r.Context(), func() { end.CloseWithError(r.Context().Err()) })
			return answer(200, silent), nil
		})
		for _, err := range c.Stream(t.Context(), 0) {
			if err != nil {
				t.Fatal(err)
			}
			break
		}
		if waited := time.Since(begin); calls != 2 || waited < 45*time.Second || waited > 50*time.Second {
			t.Errorf("%d connections in %s", calls, waited)
		}
	})
}

func TestStreamEndsWhenItIsRefused(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		answers []int
		want    error
	}{
		"at once":                        {[]int{401}, automation.ErrDenied},
		"after it was lost":              {[]int{200, 403}, automation.ErrDenied},
		"because nobody was ever there":  {[]int{503}, automation.ErrUnavailable},
		"after a pause of a real server": {[]int{200, 503, 503, 404}, automation.ErrNotFound},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c := over(t, func(*http.Request) (*http.Response, error) {
					status := tc.answers[0]
					tc.answers = tc.answers[1:]
					return answer(status, strings.NewReader("")), nil
				})
				var last error
				for _, err := range c.Stream(t.Context(), 0) {
					last = err
				}
				if !errors.Is(last, tc.want) || len(tc.answers) != 0 {
					t.Errorf("got %v, %d answers left", last, len(tc.answers))
				}
			})
		})
	}
}

func TestStreamEndsWithItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		c := over(t, func(*http.Request) (*http.Response, error) { return answer(200, strings.NewReader("")), nil })
		var last error
		for _, err := range c.Stream(ctx, 0) {
			last = err
		}
		if !errors.Is(last, context.DeadlineExceeded) {
			t.Errorf("got %v", last)
		}
	})
}

func TestStreamRefusesWhatIsNoChange(t *testing.T) {
	t.Parallel()
	c := over(t, func(*http.Request) (*http.Response, error) {
		return answer(200, strings.NewReader("id: 1\ndata: <html>\n\n")), nil
	})
	var last error
	for _, err := range c.Stream(t.Context(), 0) {
		last = err
	}
	if !errors.Is(last, automation.ErrInvalid) {
		t.Errorf("got %v", last)
	}
}
