// Command gen prints sdk/abi/abi.json: what every host function takes and
// answers, read off the Go types.
//
//	go run ./sdk/abi/gen > sdk/abi/abi.json
//	go run ./sdk/abi/gen -docs web/docs -vectors sdk/abi/vectors # writes the pages
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/squall-dev/squall/hostfuncs"
	"github.com/squall-dev/squall/hostfuncs/ambient"
	"github.com/squall-dev/squall/hostfuncs/artifacts"
	"github.com/squall-dev/squall/hostfuncs/emit"
	"github.com/squall-dev/squall/hostfuncs/fetch"
	"github.com/squall-dev/squall/hostfuncs/kube"
	"github.com/squall-dev/squall/hostfuncs/kv"
	actions "github.com/squall-dev/squall/hostfuncs/run"
	"github.com/squall-dev/squall/hostfuncs/secrets"
)

func main() {
	docs := flag.String("docs", "", "write the pages for people into this directory instead")
	vectors := flag.String("vectors", "sdk/abi/vectors", "where the pages' examples stand")
	flag.Parse()
	if err := run(os.Stdout, *docs, *vectors); err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

func run(out io.Writer, docs, vectors string) error {
	set, err := families(parts{})
	if err != nil {
		return err
	}
	if docs != "" {
		return writePages(set, docs, vectors)
	}
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(hostfuncs.Describe(set))
}

func writePages(set hostfuncs.Set, docs, vectors string) error {
	all, err := pages(set, func(function string) (shown []example, err error) {
		b, err := os.ReadFile(filepath.Join(vectors, function+".json"))
		if err != nil {
			return nil, err
		}
		return shown, json.Unmarshal(b, &shown)
	})
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Join(docs, "hostfuncs"), 0o755); err != nil {
		return err
	}
	for path, text := range all {
		if err := os.WriteFile(filepath.Join(docs, path), []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// parts are what families are made of; for a description nothing is needed.
type parts struct {
	kube    kube.Options
	fetch   fetch.Options
	ambient ambient.Options
	keys    kv.Store
	raise   emit.Raise
}

// families is every host function there is; a new family has its line here.
func families(p parts) (hostfuncs.Set, error) {
	kubes, err := kube.New(p.kube)
	if err != nil {
		return nil, err
	}
	fetches, err := fetch.New(p.fetch)
	if err != nil {
		return nil, err
	}
	files, err := artifacts.New(artifacts.Options{})
	if err != nil {
		return nil, err
	}
	always, err := ambient.New(p.ambient)
	if err != nil {
		return nil, err
	}
	return hostfuncs.NewSet(kubes.Funcs(), fetches.Funcs(), files.Funcs(), always.Funcs(), secrets.New().Funcs(),
		kv.New(p.keys).Funcs(), emit.New(p.raise).Funcs(), actions.New().Funcs())
}
