// Package squall is what an action for Squall is written with in Go.
//
// An action is an ordinary function from its parameters to its output, and one
// exported line that hands it to [Run]:
//
//	//go:wasmexport greet
//	func greet() int32 { return squall.Run(hello) }
//
//	func hello(in Greeting) (Answer, error) {
//		squall.Infof("greeting %s", in.Name)
//		return Answer{"Hello, " + in.Name + "!"}, nil
//	}
//
// The world outside the sandbox is reached only through the host functions of
// this package ([KubeExec], [HTTPSend] and the others). A module imports exactly
// those that its code calls, so the server knows before it runs anything which
// capabilities the pack needs.
//
// Everything here compiles natively too; package squalltest plays the server, so
// that actions are tested with plain go test.
package squall
