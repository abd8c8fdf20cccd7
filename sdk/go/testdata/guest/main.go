// Package main is a guest that calls one host function of all that there are.
package main

import squall "github.com/squall-dev/squall/sdk/go"

//go:wasmexport act
func act() int32 { return squall.Run(list) }

func list(r squall.KubeListRequest) (squall.KubeListReply[any], error) {
	return squall.KubeList[any](r)
}

func main() {}
