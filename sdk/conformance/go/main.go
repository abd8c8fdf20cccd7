// Package main is the conformance guest in Go.
package main

import (
	"errors"
	"fmt"
	"time"

	squall "github.com/squall-dev/squall/sdk/go"
)

type text struct {
	Text string `json:"text"`
}

//go:wasmexport echo
func echo() int32 {
	return squall.Run(func(in text) (text, error) {
		squall.Infof("%s", in.Text)
		return in, nil
	})
}

//go:wasmexport refuse
func refuse() int32 {
	return squall.Run(func(in text) (text, error) { return in, fmt.Errorf("no: %s", in.Text) })
}

//go:wasmexport crash
func crash() int32 {
	return squall.Run(func(in text) (text, error) { panic(in.Text) })
}

// calls is what must not outlive an execution.
var calls int

//go:wasmexport remember
func remember() int32 {
	return squall.Run(func(struct{}) (map[string]int, error) {
		calls++
		return map[string]int{"calls": calls}, nil
	})
}

//go:wasmexport nap
func nap() int32 {
	return squall.Run(func(struct{}) (struct{}, error) {
		time.Sleep(time.Millisecond)
		return struct{}{}, nil
	})
}

//go:wasmexport configured
func configured() int32 {
	return squall.Run(func(struct{}) (map[string]any, error) {
		var config map[string]any
		err := squall.Config(&config)
		return config, err
	})
}

//go:wasmexport ask
func ask() int32 {
	return squall.Run(func(in text) (map[string]any, error) {
		var result map[string]any
		err := squall.Call("ask", in, &result)
		if refused := (*squall.HostError)(nil); errors.As(err, &refused) {
			return map[string]any{"kind": refused.Kind}, nil
		}
		return result, err
	})
}

//go:wasmexport warmup
func warmup() int32 {
	squall.Warm[text, text]()
	return 0
}

func main() {}
