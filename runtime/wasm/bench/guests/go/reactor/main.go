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

// warmup rehearses the whole action: what encoding/json finds out about a type
// when it first meets a filled value of it is in the frozen image then.
//
//go:wasmexport warmup
func warmup() int32 {
	squall.Warm[action.Request, action.Answer]()
	if _, err := action.JSON([]byte(`{"name":"?","n":1,"tags":["?"]}`), func(string) {}); err != nil {
		return 1
	}
	return 0
}

func main() {}
