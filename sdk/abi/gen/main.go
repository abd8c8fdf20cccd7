// Command gen prints sdk/abi/abi.json: what every host function takes and
// answers, read off the Go types.
//
//	go run ./sdk/abi/gen > sdk/abi/abi.json
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/squall-dev/squall/hostfuncs"
	"github.com/squall-dev/squall/hostfuncs/ambient"
	"github.com/squall-dev/squall/hostfuncs/artifacts"
	"github.com/squall-dev/squall/hostfuncs/fetch"
	"github.com/squall-dev/squall/hostfuncs/kube"
	actions "github.com/squall-dev/squall/hostfuncs/run"
	"github.com/squall-dev/squall/hostfuncs/secrets"
)

func main() {
	if err := run(os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

func run(out io.Writer) error {
	set, err := families(kube.Options{}, fetch.Options{})
	if err != nil {
		return err
	}
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(hostfuncs.Describe(set))
}

// families is every host function there is; a new family has its line here.
func families(k kube.Options, f fetch.Options) (hostfuncs.Set, error) {
	kubes, err := kube.New(k)
	if err != nil {
		return nil, err
	}
	fetches, err := fetch.New(f)
	if err != nil {
		return nil, err
	}
	files, err := artifacts.New(artifacts.Options{})
	if err != nil {
		return nil, err
	}
	always, err := ambient.New(ambient.Options{})
	if err != nil {
		return nil, err
	}
	return hostfuncs.NewSet(kubes.Funcs(), fetches.Funcs(), files.Funcs(), always.Funcs(), secrets.New().Funcs(), actions.New().Funcs())
}
