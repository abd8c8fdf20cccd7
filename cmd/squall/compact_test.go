package main

import "testing"

func TestValuesAreShownAsTheyWereWritten(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		v    any
		want string
	}{
		{"an expression keeps its signs", "item.n > 1 && a < 2", `"item.n > 1 && a < 2"`},
		{"an object is one line", map[string]any{"a": []int{1}}, `{"a":[1]}`},
		{"nothing is nothing", nil, ""},
		{"what is no JSON is nothing", func() {}, ""},
	} {
		if got := compact(tt.v); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
}
