// Package main is the code of the core pack: one exported function for each file
// of its actions folder.
package main

import squall "github.com/squall-dev/squall/sdk/go"

//go:wasmexport echo
func echo() int32 { return squall.Run(repeat) }

//go:wasmexport noop
func noop() int32 { return squall.Run(nothing) }

//go:wasmexport sleep
func sleep() int32 { return squall.Run(wait) }

//go:wasmexport fail
func fail() int32 { return squall.Run(refuse) }

//go:wasmexport warmup
func warmup() int32 {
	squall.Warm[message, message]()
	squall.Warm[pause, pause]()
	return 0
}

func main() {}
