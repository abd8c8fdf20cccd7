package kube

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/squall-dev/squall/runtime/automation"
)

func FuzzParseFields(f *testing.F) {
	for _, seed := range []string{"metadata.name", ".a.b", `a\.b.c`, "a..b", "", ".", `\`, "a\x00b", "a,a.b", "status.containerStatuses.name"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, paths string) {
		keep, err := parseFields(strings.Split(paths, ","))
		if err != nil {
			if automation.KindOf(err) != "invalid" {
				t.Fatalf("error of kind %s: %v", automation.KindOf(err), err)
			}
			return
		}
		object := map[string]any{"a": []any{map[string]any{"b": 1.0}, 2.0}, "metadata": map[string]any{"name": "x"}}
		if _, err := json.Marshal(keep.of(object)); err != nil {
			t.Fatal(err)
		}
	})
}

func FuzzProxyPath(f *testing.F) {
	for _, seed := range []string{"/debug/pprof", "/../x", "/%2e%2e/", "a b", "/%", "//", "/..;/", "/%25252e%25252e"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, path string) {
		suffix, _, err := ProxyRequest{Path: path}.address()
		if err != nil {
			return
		}
		k := cluster{base: mustParse(t, "https://api.example.com/prefix")}
		u := k.pod("ns", "pod:80", "proxy")
		u.Path, u.RawPath = u.Path+suffix.Path, u.EscapedPath()+suffix.EscapedPath()
		const inside = "/prefix/api/v1/namespaces/ns/pods/pod:80/proxy/"
		again := mustParse(t, u.String())
		if again.Host != "api.example.com" || !strings.HasPrefix(again.JoinPath().Path, inside) {
			t.Fatalf("%q leads to %s", path, u)
		}
	})
}
