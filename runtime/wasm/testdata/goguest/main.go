//go:build wasip1

// The program is a guest for tests: a command, or a reactor with -buildmode=c-shared.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"runtime"
	"time"
	"unsafe"
)

//go:wasmimport squall input_len
func inputLen() int32

//go:wasmimport squall input_read
func inputRead(p unsafe.Pointer)

//go:wasmimport squall output_write
func outputWrite(p unsafe.Pointer, n int32)

type input struct {
	Name  string `json:"name"`
	N     int    `json:"n"`
	Sleep string `json:"sleep"`
	Panic bool   `json:"panic"`
	Alloc int    `json:"alloc"`
	Dice  bool   `json:"dice"`
	Order bool   `json:"order"`
}

type output struct {
	Hello string `json:"hello"`
	Sum   int    `json:"sum"`
	Runs  int    `json:"runs"`
	// Random comes of the runtime's generator, Fixed of one with a seed of its own.
	Random uint64 `json:"random,omitempty"`
	Fixed  uint64 `json:"fixed,omitempty"`
	// Order is that of a map's keys, Now the time, Took how long it took to say so.
	Order []int     `json:"order,omitempty"`
	Now   time.Time `json:"now,omitzero"`
	Took  string    `json:"took,omitempty"`
}

var (
	runs  int
	fixed = rand.NewChaCha8([32]byte{1, 2, 3})
)

func answer(data []byte) (output, error) {
	var in input
	if err := json.Unmarshal(data, &in); err != nil {
		return output{}, err
	}
	if in.Panic {
		panic("as asked")
	}
	if d, err := time.ParseDuration(in.Sleep); err == nil {
		done := make(chan struct{})
		go func() { time.Sleep(d); close(done) }()
		<-done
	}
	for ; in.Alloc > 0; in.Alloc-- {
		kept = append(kept, make([]byte, 1<<20))
	}
	runs++
	out := output{Hello: in.Name, Runs: runs}
	if in.Dice {
		out.Random, out.Fixed = rand.Uint64(), fixed.Uint64()
	}
	if in.Order {
		began, keys := time.Now(), map[int]bool{}
		for i := range 50 {
			keys[i] = true
		}
		for k := range keys {
			out.Order = append(out.Order, k)
		}
		out.Now, out.Took = began, time.Since(began).String()
	}
	for i := 1; i <= in.N; i++ {
		out.Sum += i
	}
	return out, nil
}

var kept [][]byte

//go:wasmexport run
func run() int32 {
	data := make([]byte, inputLen()+1)
	inputRead(unsafe.Pointer(&data[0]))
	out, err := answer(data[:len(data)-1])
	if err != nil {
		fmt.Fprintln(os.Stderr, "E", err)
		return 1
	}
	b, _ := json.Marshal(out)
	outputWrite(unsafe.Pointer(&b[0]), int32(len(b)))
	runtime.KeepAlive(data)
	return 0
}

//go:wasmexport warmup
func warmup() int32 {
	out, err := answer([]byte(`{"name":"warm","n":1}`))
	if err != nil {
		return 1
	}
	if _, err := json.Marshal(out); err != nil {
		return 1
	}
	runs = 0
	return 0
}

func main() {
	data, err := io.ReadAll(os.Stdin)
	if err == nil {
		var out output
		if out, err = answer(data); err == nil {
			err = json.NewEncoder(os.Stdout).Encode(out)
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "E", err)
		os.Exit(1)
	}
}
