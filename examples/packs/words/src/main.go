// Package main is an action as an ordinary program: parameters on stdin, output
// on stdout, log on stderr, success or not as the exit code. Any language that
// compiles to WASI can do the same.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
)

type parameters struct {
	Text string `json:"text"`
}

type output struct {
	Words int `json:"words"`
}

func main() {
	if err := run(os.Stdin, os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "E", err)
		os.Exit(1)
	}
}

func run(stdin io.Reader, stdout, stderr io.Writer) error {
	var in parameters
	if err := json.NewDecoder(stdin).Decode(&in); err != nil {
		return fmt.Errorf("read the parameters: %w", err)
	}
	words := len(strings.Fields(in.Text))
	if words == 0 {
		fmt.Fprintln(stderr, "W the text is empty")
	}
	return json.NewEncoder(stdout).Encode(output{words})
}
