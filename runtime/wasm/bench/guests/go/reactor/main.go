//go:build wasip1

// The program is the action as a reactor, made with the SDK as packs are.
package main

import (
	squall "github.com/squall-dev/squall/sdk/go"

	"github.com/squall-dev/squall/runtime/wasm/bench/guests/go/action"
)

//go:wasmexport run
func run() int32 {
	return squall.Run(func(r action.Request) (action.Answer, error) {
		if r.N == 0 {
			squall.Infof(action.Nothing)
		}
		return action.Do(r), nil
	})
}

//go:wasmexport warmup
func warmup() int32 {
	squall.Warm[action.Request, action.Answer]()
	return 0
}

func main() {}
