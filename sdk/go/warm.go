package squall

import (
	"encoding/json"
	"fmt"
)

// Warm encodes and decodes the zero values of an action's input and output, and formats
// a line, so that the work encoding/json does once for every type is already done, and
// the allocator has memory at hand for objects of the sizes that this takes.
//
// Call it from a function exported as "warmup". The server calls that function
// once, before it takes the snapshot that every execution starts from:
//
//	//go:wasmexport warmup
//	func warmup() int32 {
//		squall.Warm[Greeting, Answer]()
//		return 0
//	}
func Warm[In, Out any]() {
	rehearse[In]()
	rehearse[Out]()
}

// rehearse ignores errors: a type that cannot be encoded is found by its action,
// where there is somebody to tell.
func rehearse[T any]() {
	var v T
	if b, err := encode(v); err == nil {
		_ = json.Unmarshal(b, &v)
	}
	_ = json.Unmarshal([]byte(`{}`), &v)
	_ = fmt.Sprintf("%s", "a line")
}
