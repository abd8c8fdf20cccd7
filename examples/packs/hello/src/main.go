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

func hello(p person) (greeting, error) {
	squall.Infof("greeting %s", p.Name)
	return greeting{"Hello, " + p.Name + "!"}, nil
}

func main() {}
