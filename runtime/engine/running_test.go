package engine

import "testing"

func TestWhatComesUpAgainWhileItRunsIsNotForgotten(t *testing.T) {
	t.Parallel()
	missed := 0
	r := newRunningSet(func() { missed++ })
	if !r.expect("x") || r.expect("x") {
		t.Fatal("only the first may have it")
	}
	if !r.expect("y") {
		t.Fatal("another one is free")
	}
	r.remove("y")
	if missed != 0 {
		t.Errorf("missed was called %d times for one that came up once", missed)
	}
	r.remove("x")
	r.remove("x")
	if missed != 1 {
		t.Errorf("missed was called %d times, want once", missed)
	}
}
