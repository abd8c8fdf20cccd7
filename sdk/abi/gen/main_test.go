package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/squall-dev/squall/hostfuncs"
	"github.com/squall-dev/squall/hostfuncs/fetch"
	"github.com/squall-dev/squall/hostfuncs/hostfuncstest"
	"github.com/squall-dev/squall/hostfuncs/kube"
	"github.com/squall-dev/squall/hostfuncs/kube/kubetest"
	"github.com/squall-dev/squall/runtime/automation"
)

func TestDescriptionIsFresh(t *testing.T) {
	t.Parallel()
	var want bytes.Buffer
	if err := run(&want); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile("../abi.json")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want.String(), string(got)); diff != "" {
		t.Errorf("sdk/abi/abi.json is stale; refresh it with\n\n\tgo run ./sdk/abi/gen > sdk/abi/abi.json\n\n%s", diff)
	}
}

// vector is one exchange of a guest with the host, as any SDK must write and
// read it.
type vector struct {
	Name    string          `json:"name"`
	Request json.RawMessage `json:"request"`
	Reply   json.RawMessage `json:"reply"`
}

// To write the replies down anew, for a reader to judge in the diff:
//
//	UPDATE_VECTORS=1 go test ./sdk/abi/gen
func TestVectors(t *testing.T) {
	t.Parallel()
	set, who := world(t)
	for name := range set {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			all := vectors(t, name)
			if os.Getenv("UPDATE_VECTORS") != "" {
				for i := range all {
					all[i].Reply, _ = set[name].Call(t.Context(), who, all[i].Request)
				}
				write(t, name, all)
			}
			for _, v := range all {
				envelope, _ := set[name].Call(t.Context(), who, v.Request)
				if diff := cmp.Diff(indent(t, v.Reply), indent(t, envelope)); diff != "" {
					t.Errorf("%s: %s", v.Name, diff)
				}
			}
		})
	}
}

func TestEveryVectorBelongsToAFunction(t *testing.T) {
	t.Parallel()
	set, err := families(kube.Options{}, fetch.Options{})
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("../vectors/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files {
		name := filepath.Base(file)
		if _, ok := set[name[:len(name)-len(".json")]]; !ok {
			t.Errorf("there is no function for %s", file)
		}
	}
}

func vectors(t *testing.T, function string) (all []vector) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("../vectors", function+".json"))
	if err != nil {
		t.Fatalf("every function has vectors: %v", err)
	}
	if err := json.Unmarshal(b, &all); err != nil || len(all) == 0 {
		t.Fatalf("%s: %d vectors, %v", function, len(all), err)
	}
	return all
}

func write(t *testing.T, function string, all []vector) {
	t.Helper()
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(all); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join("../vectors", function+".json"), b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}

func indent(t *testing.T, b []byte) string {
	t.Helper()
	var v any
	if err := json.Unmarshal(b, &v); err != nil {
		t.Fatalf("%s: %v", b, err)
	}
	out, _ := json.MarshalIndent(v, "", "  ")
	return string(out)
}

// world is the small world in which the vectors hold.
func world(t *testing.T) (hostfuncs.Set, hostfuncs.Caller) {
	t.Helper()
	cluster := kubetest.New(t)
	cluster.Exec, cluster.Proxy = command, http.HandlerFunc(pod)
	cluster.Objects = map[string][]map[string]any{"pods": {
		kubetest.Pod("shop", "cart-0", map[string]any{"app": "cart"}), kubetest.Pod("shop", "web-0", nil)}}
	web := httptest.NewServer(http.HandlerFunc(site))
	t.Cleanup(web.Close)
	proxy, err := url.Parse(web.URL) // so that the vectors can name a host
	if err != nil {
		t.Fatal(err)
	}
	set, err := families(kube.Options{Kubeconfig: cluster.Kubeconfig, Backoff: time.Millisecond}, fetch.Options{Proxy: proxy})
	if err != nil {
		t.Fatal(err)
	}
	return set, hostfuncs.Caller{
		Pack: "shop", Action: "shop.dump", Execution: "65f0c0de0000000000000001", Attempt: 1, Rule: "shop.on_alert",
		Event: "65f0c0de0000000000000000", Deadline: time.Date(2026, 1, 2, 3, 5, 5, 0, time.UTC),
		Config: map[string]any{"channel": "#shop"},
		Grants: automation.Capabilities{
			Kubernetes: []automation.KubernetesCapability{{Verbs: []string{"exec", "list", "proxy"}, Resources: []string{"pods"}, Namespaces: []string{"shop"}}},
			HTTP:       []automation.HTTPCapability{{Hosts: []string{"example.com"}, Methods: []string{"GET", "POST"}}},
			Artifacts:  []automation.ArtifactCapability{{}},
		},
		Artifacts: &hostfuncstest.Sink{
			Execution: "65f0c0de0000000000000001",
			Now:       func() time.Time { return time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC) },
			NewID:     func() string { return "65f0c0de0000000000000002" },
		},
		Log: func(automation.LogLevel, string) {},
	}
}

func command(c *kubetest.Command) (int, error) {
	switch c.Command[0] {
	case "echo":
		_, err := fmt.Fprintln(c.Stdout, c.Command[1])
		return 0, err
	case "cat":
		_, err := io.Copy(c.Stdout, c.Stdin)
		return 0, err
	case "gzip":
		_, err := c.Stdout.Write([]byte{0x1f, 0x8b, 0xff})
		return 0, err
	case "false":
		fmt.Fprint(c.Stderr, "no")
		return 1, nil
	}
	return 0, errors.New(`exec: "` + c.Command[0] + `": executable file not found in $PATH`)
}

func pod(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/debug/pprof/heap" {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	_, _ = w.Write([]byte{0x1f, 0x8b, 0xff})
}

func site(w http.ResponseWriter, r *http.Request) {
	w.Header()["Date"] = nil // would be another one every time
	w.Header().Set("Content-Type", "text/plain")
	b, _ := io.ReadAll(r.Body)
	if r.URL.Path == "/missing" {
		w.WriteHeader(http.StatusNotFound)
	}
	fmt.Fprintf(w, "%s %s %s", r.Method, r.URL.Path, b)
}
