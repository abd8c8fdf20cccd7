package main

import (
	"testing"

	"github.com/squall-dev/squall/sdk/go/squalltest"
)

func TestGreetNamesThePerson(t *testing.T) {
	t.Parallel()
	got := squalltest.New().Run(greet, `{"name": "Ada"}`)
	if want := `{"greeting":"Hello, Ada!"}`; got.Code != 0 || string(got.Output) != want {
		t.Errorf("code %d, output %s, want 0 and %s", got.Code, got.Output, want)
	}
}
