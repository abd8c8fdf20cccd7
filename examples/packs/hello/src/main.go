// Package main is the code of the hello pack.
package main

import squall "github.com/squall-dev/squall/sdk/go"

type person struct {
	Name string `json:"name"`
}

type greeting struct {
	Text string `json:"greeting"`
}

//go:wasmexport greet
func greet() int32 { return squall.Run(hello) }

// What encoding/json does once for each type is done before the image is taken that
// every run begins with.
//
//go:wasmexport warmup
func warmup() int32 {
	squall.Warm[person, greeting]()
	return 0
}

func hello(p person) (greeting, error) {
	squall.Infof("greeting %s", p.Name)
	return greeting{"Hello, " + p.Name + "!"}, nil
}

func main() {}
