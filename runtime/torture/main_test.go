package torture

import (
	"context"
	"os"
	"testing"
)

// TestMain turns the test binary into a server under torture when it is told to.
func TestMain(m *testing.M) {
	if os.Getenv(PlanEnv) != "" {
		os.Exit(Child(context.Background(), os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

// lines sends what is written to the test's log.
type lines struct{ t *testing.T }

func (l lines) Write(p []byte) (int, error) {
	l.t.Log(string(p))
	return len(p), nil
}

// torture runs one kind and expects every promise to be kept.
func torture(t *testing.T, only string, rounds int) {
	t.Helper()
	all, err := Run(t.Context(), Options{
		Rounds: rounds, Dir: t.TempDir(), Only: []string{only}, Command: []string{os.Args[0]}, Out: lines{t}, Logs: os.Stderr,
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(all) == 0 || Broken(all) > 0 {
		t.Errorf("%d of %d promises were broken", Broken(all), len(all))
	}
}
