// Package main is the code of the pprof pack: its sensor and its action.
package main

import squall "github.com/squall-dev/squall/sdk/go"

//go:wasmexport poll
func poll() int32 { return squall.PollAgain(look) }

//go:wasmexport capture
func capture() int32 { return squall.Run(take) }

//go:wasmexport warmup
func warmup() int32 {
	squall.Warm[target, evidence]()
	squall.Warm[squall.KubePodStatsRequest, squall.KubePodStatsReply]()
	squall.Warm[squall.KubeProxyGetRequest, squall.KubeProxyGetReply]()
	return 0
}

func main() {}
