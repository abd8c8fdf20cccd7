package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/squall-dev/squall/hostfuncs"
	"github.com/squall-dev/squall/hostfuncs/ambient"
	"github.com/squall-dev/squall/hostfuncs/fetch"
	"github.com/squall-dev/squall/hostfuncs/hostfuncstest"
	"github.com/squall-dev/squall/hostfuncs/kube"
	"github.com/squall-dev/squall/hostfuncs/kube/kubetest"
	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/wasm"
)

func TestDescriptionIsFresh(t *testing.T) {
	t.Parallel()
	var want bytes.Buffer
	if err := run(&want, "", ""); err != nil {
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

func TestPagesAreFresh(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := run(io.Discard, dir, "../vectors"); err != nil {
		t.Fatal(err)
	}
	for _, pattern := range []string{"hostfuncs.md", "hostfuncs/*.md"} {
		wanted, _ := filepath.Glob(filepath.Join(dir, pattern))
		there, _ := filepath.Glob(filepath.Join("../../../web/docs", pattern))
		if len(wanted) == 0 || len(wanted) != len(there) {
			t.Errorf("%s: %d pages are generated, %d are there", pattern, len(wanted), len(there))
		}
		for _, file := range wanted {
			name, _ := filepath.Rel(dir, file)
			want, _ := os.ReadFile(file)
			got, err := os.ReadFile(filepath.Join("../../../web/docs", name))
			if err != nil || !bytes.Equal(want, got) {
				t.Errorf("web/docs/%s is stale; refresh it with make generate (%v)", name, err)
			}
		}
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
	names, err := families(parts{})
	if err != nil {
		t.Fatal(err)
	}
	for name := range names {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			set, who := world(t) // each its own: functions change it, in the vectors' order
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

// What a guest is told is what the vectors say, through the sandbox and all.
func TestVectorsFromAGuest(t *testing.T) {
	t.Parallel()
	names, err := families(parts{})
	if err != nil {
		t.Fatal(err)
	}
	code, err := os.ReadFile("testdata/call.wasm")
	if err != nil {
		t.Fatal(err)
	}
	for name := range names {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			set, who := world(t)
			engine, err := wasm.New(t.Context(), wasm.Options{HostFuncs: set})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = engine.Close(context.Background()) })
			guest, err := engine.Load(t.Context(), "call", code)
			if err != nil {
				t.Fatal(err)
			}
			for _, v := range vectors(t, name) {
				told, err := guest.Call(t.Context(), wasm.Call{
					Export: "call", Input: append([]byte(name+"\n"), v.Request...), Limits: automation.DefaultLimits(), Caller: who,
				})
				if err != nil || told.Code != "" {
					t.Fatalf("%s: %s %s, %v", v.Name, told.Code, told.Message, err)
				}
				if diff := cmp.Diff(indent(t, v.Reply), indent(t, told.Output)); diff != "" {
					t.Errorf("%s: %s", v.Name, diff)
				}
			}
		})
	}
}

func TestEveryVectorBelongsToAFunction(t *testing.T) {
	t.Parallel()
	set, err := families(parts{})
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
	cluster.Log, cluster.Objects = http.HandlerFunc(log), objects()
	cluster.Usage = func(_, pod, _ string) (int64, time.Time, bool) {
		return 230 << 20, now().Add(-4 * time.Second), pod == "cart-0"
	}
	ports := httptest.NewServer(http.HandlerFunc(pod))
	t.Cleanup(ports.Close)
	cluster.Forward = func(_, port string) (net.Conn, error) {
		if port != "6060" {
			return nil, fmt.Errorf("dial tcp4 127.0.0.1:%s: connect: connection refused", port)
		}
		return net.Dial("tcp", ports.Listener.Addr().String())
	}
	web := httptest.NewServer(http.HandlerFunc(site))
	t.Cleanup(web.Close)
	proxy, err := url.Parse(web.URL) // so that the vectors can name a host
	if err != nil {
		t.Fatal(err)
	}
	set, err := families(parts{
		kube:  kube.Options{Kubeconfig: cluster.Kubeconfig, Backoff: time.Millisecond, Poll: time.Millisecond, Now: now},
		fetch: fetch.Options{Proxy: proxy}, ambient: ambient.Options{Now: now}, keys: &oneKey{value: "7"}, raise: heard,
	})
	if err != nil {
		t.Fatal(err)
	}
	sink := &hostfuncstest.Sink{
		Execution: "65f0c0de0000000000000001",
		Now:       now,
		NewID:     func() string { return "65f0c0de0000000000000002" },
	}
	return set, hostfuncs.Caller{
		Pack: "shop", Action: "shop.dump", Execution: "65f0c0de0000000000000001", Attempt: 1, Rule: "shop.on_alert",
		Event: "65f0c0de0000000000000000", Deadline: time.Date(2026, 1, 2, 3, 5, 5, 0, time.UTC),
		Config:  map[string]any{"channel": "#shop"},
		Secrets: oneSecret{},
		Grants: automation.Capabilities{
			Kubernetes: []automation.KubernetesCapability{
				{Verbs: []string{"exec", "list", "get", "logs", "proxy", "port_forward", "delete", "restart", "events", "debug", "stats"},
					Resources: []string{"pods"}, Namespaces: []string{"shop"}},
				{Verbs: []string{"apply", "patch", "scale", "restart"}, Resources: []string{"configmaps", "deployments"}, Namespaces: []string{"shop"}},
				{Verbs: []string{"cordon", "drain"}, Resources: []string{"nodes"}},
			},
			HTTP:      []automation.HTTPCapability{{Hosts: []string{"example.com"}, Methods: []string{"GET", "POST"}}},
			Artifacts: []automation.ArtifactCapability{{}},
			Secrets:   []automation.SecretCapability{{Name: "slack_*"}},
			KV:        []automation.KVCapability{{Scope: "pack", Write: true}},
			Triggers:  []string{"shop.*"},
			Actions:   []string{"core.*"},
		},
		Artifacts: sink,
		Appends:   &hostfuncs.Appends{},
		Files:     hostfuncstest.Files{Own: sink, Above: above()},
		Run:       child,
		Log:       func(automation.LogLevel, string) {},
	}
}

// above is what the execution that started this one has kept.
func above() []hostfuncstest.File {
	content := []byte("caf\u00e9 \u00fcber alles")
	return []hostfuncstest.File{{Content: content, Artifact: automation.Artifact{
		ID: "65f0c0de0000000000000009", Execution: "65f0c0de0000000000000008", Name: "menu.txt", MediaType: "text/plain",
		Size: int64(len(content)), SHA256: fmt.Sprintf("%x", sha256.Sum256(content)), CreatedAt: now()}}}
}

// child runs core.echo, which answers, and core.fail, which does not.
func child(_ context.Context, r automation.ChildRun) (automation.Execution, error) {
	x := automation.Execution{ExecutionSummary: automation.ExecutionSummary{ID: "65f0c0de0000000000000003", Action: r.Action, Status: automation.Pending}}
	switch {
	case r.Action != "core.echo" && r.Action != "core.fail":
		return x, automation.NotFound("action %q is not in any loaded pack", r.Action).WithHint("list the actions there are: squall action list")
	case !r.Wait:
	case r.Action == "core.echo":
		x.Status = automation.Succeeded
		x.Output, _ = json.Marshal(r.Parameters) // it came from JSON
	default:
		x.Status, x.Code, x.Message = automation.Failed, automation.CodeExitCode, "it can not"
	}
	return x, nil
}

func now() time.Time { return time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC) }

// objects is what the cluster has. Only vectors of lists and drains look beyond the
// namespace shop.
func objects() map[string][]map[string]any {
	on := func(pod map[string]any, node string) map[string]any {
		pod["spec"] = map[string]any{"nodeName": node}
		return pod
	}
	cart := kubetest.Pod("shop", "cart-0", map[string]any{"app": "cart"})
	cart["metadata"].(map[string]any)["uid"] = "uid-of-cart-0"
	cart["spec"].(map[string]any)["containers"] = []any{
		map[string]any{"name": "main", "resources": map[string]any{"limits": map[string]any{"memory": "256Mi"}}}}
	cart["status"].(map[string]any)["ephemeralContainerStatuses"] = []any{
		map[string]any{"name": "tools", "state": map[string]any{"running": map[string]any{}}}}
	owned := map[string]any{"apiVersion": "v1", "kind": "ConfigMap",
		"metadata": map[string]any{"namespace": "shop", "name": "owned", "managedFields": []any{map[string]any{
			"manager": "helm", "operation": "Apply", "apiVersion": "v1", "fieldsType": "FieldsV1",
			"fieldsV1": map[string]any{"f:data": map[string]any{"f:colour": map[string]any{}}}}}},
		"data": map[string]any{"colour": "green"}}
	cordoned := kubetest.Node("node-2")
	cordoned["spec"] = map[string]any{"unschedulable": true}
	return map[string][]map[string]any{
		"pods": {cart, kubetest.Pod("shop", "web-0", nil),
			on(kubetest.Owned("cellar", "moves-0", "ReplicaSet"), "node-3"),
			on(kubetest.Owned("cellar", "agent-0", "DaemonSet"), "node-3"), on(kubetest.Owned("cellar", "alone-0", ""), "node-4")},
		"nodes":       {kubetest.Node("node-1"), cordoned, kubetest.Node("node-3"), kubetest.Node("node-4")},
		"deployments": {kubetest.Deployment("shop", "web")},
		"configmaps":  {owned},
		"events": {kubetest.Event("shop", "a", "Pod", "cart-0", "BackOff", "2026-01-02T03:00:00Z", 4),
			kubetest.Event("shop", "b", "Pod", "cart-0", "Pulled", "2026-01-02T02:00:00Z", 1)},
	}
}

func log(w http.ResponseWriter, r *http.Request) {
	if r.URL.Query().Get("previous") != "" {
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprint(w, `{"kind":"Status","apiVersion":"v1","status":"Failure","code":400,"message":"previous terminated container \"main\" in pod \"cart-0\" not found"}`)
		return
	}
	fmt.Fprint(w, "started\nserving\n")
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

// oneSecret is there, whatever it is called.
type oneSecret struct{}

func (oneSecret) Secret(string) (string, bool) { return "https://hooks.example.com/T0/B0/x", true }

// oneKey is a store with the key last/run of the pack.
type oneKey struct{ value string }

func (k *oneKey) Get(_ context.Context, scope, name string) (automation.KVEntry, error) {
	if scope != "pack:shop" || name != "last/run" {
		return automation.KVEntry{}, automation.NotFound("there is no key %q", name)
	}
	return automation.KVEntry{Scope: scope, Name: name, Value: k.value, UpdatedAt: now()}, nil
}

func (k *oneKey) List(ctx context.Context, scope, _, _ string, _ int) ([]automation.KVEntry, error) {
	e, err := k.Get(ctx, scope, "last/run")
	return []automation.KVEntry{e}, err
}

func (k *oneKey) Put(ctx context.Context, e automation.KVEntry, check func(*automation.KVEntry) error) (automation.KVEntry, error) {
	there, err := k.Get(ctx, e.Scope, e.Name)
	if err != nil {
		return e, err
	}
	if err := check(&there); err != nil {
		return e, err
	}
	k.value, e.UpdatedAt = e.Value, now()
	return e, nil
}

func (k *oneKey) Delete(ctx context.Context, scope, name string) error {
	_, err := k.Get(ctx, scope, name)
	return err
}

// heard is what comes of every event.
func heard(context.Context, automation.Event) (automation.Accepted, error) {
	return automation.Accepted{Event: "65f0c0de0000000000000002", Matched: 1, Executions: []string{"65f0c0de0000000000000003"}}, nil
}
