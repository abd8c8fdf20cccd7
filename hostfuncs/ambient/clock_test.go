package ambient_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/squall-dev/squall/hostfuncs"
	"github.com/squall-dev/squall/hostfuncs/ambient"
)

func TestSleepTimeAndRandom(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, err := ambient.New(ambient.Options{})
		if err != nil {
			t.Fatal(err)
		}
		set, err := hostfuncs.NewSet(c.Funcs())
		if err != nil {
			t.Fatal(err)
		}
		call := func(ctx context.Context, name, request string) string {
			envelope, _ := set[name].Call(ctx, hostfuncs.Caller{}, []byte(request))
			return string(envelope)
		}
		began := time.Now()
		if got := call(t.Context(), "sleep", `{"seconds":1.5}`); got != `{"ok":{}}` || time.Since(began) != 1500*time.Millisecond {
			t.Errorf("%s after %s", got, time.Since(began))
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		began = time.Now()
		if got := call(ctx, "sleep", `{"seconds":60}`); !strings.Contains(got, `"kind":"timeout"`) || time.Since(began) != time.Second {
			t.Errorf("%s after %s", got, time.Since(began))
		}
		for _, bad := range []string{`{"seconds":-1}`, `{"seconds":1e9}`, `{"seconds":"1"}`} {
			if got := call(t.Context(), "sleep", bad); !strings.Contains(got, `"kind":"invalid"`) {
				t.Errorf("%s: %s", bad, got)
			}
		}
		var now struct {
			OK struct {
				Now       time.Time
				UnixNanos int64 `json:"unix_nanos"`
			}
		}
		if err := json.Unmarshal([]byte(call(t.Context(), "time", "")), &now); err != nil || !now.OK.Now.Equal(time.Now()) || now.OK.UnixNanos != time.Now().UnixNano() {
			t.Errorf("%+v, %v", now, err)
		}
		var random struct{ OK struct{ Base64 []byte } }
		first := call(t.Context(), "random", `{"bytes":32}`)
		if err := json.Unmarshal([]byte(first), &random); err != nil || len(random.OK.Base64) != 32 || first == call(t.Context(), "random", `{"bytes":32}`) {
			t.Errorf("%s, %v", first, err)
		}
		for _, bad := range []string{`{}`, `{"bytes":65537}`} {
			if got := call(t.Context(), "random", bad); !strings.Contains(got, `"kind":"invalid"`) {
				t.Errorf("%s: %s", bad, got)
			}
		}
	})
}
