// Package main is the code of the labs_sre pack: one exported function for each
// file of its actions folder.
package main

import squall "github.com/squall-dev/squall/sdk/go"

//go:wasmexport exec_pod
func execPod() int32 { return squall.Run(capture) }

//go:wasmexport inspect_pod
func inspectPod() int32 { return squall.Run(inspect) }

//go:wasmexport list_pods
func listPods() int32 { return squall.Run(list) }

//go:wasmexport warmup
func warmup() int32 {
	squall.Warm[target, profile]()
	squall.Warm[selection, listing]()
	squall.Warm[subject, findings]()
	squall.Warm[squall.KubeExecRequest, squall.KubeExecReply]()
	squall.Warm[squall.KubeProxyGetRequest, squall.KubeProxyGetReply]()
	squall.Warm[squall.KubeListRequest, squall.KubeListReply[pod]]()
	return 0
}

func main() {}
