// The program is the action as an ordinary program, for WASI and for the machine
// itself.
package main

import (
	"fmt"
	"io"
	"os"

	"github.com/squall-dev/squall/runtime/wasm/bench/guests/go/action"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// rehearsal is what the program practises on before it reads its input: what it
// then has in its caches is frozen with it.
const rehearsal = `{"name":"nobody","n":1,"tags":["x"]}`

func run() error {
	if _, err := action.JSON([]byte(rehearsal), func(string) {}); err != nil {
		return err
	}
	input, err := io.ReadAll(os.Stdin)
	if err != nil {
		return err
	}
	output, err := action.JSON(input, func(line string) { fmt.Fprintln(os.Stderr, line) })
	if err != nil {
		return err
	}
	_, err = os.Stdout.Write(output)
	return err
}
