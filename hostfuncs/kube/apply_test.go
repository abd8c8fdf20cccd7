package kube_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/squall-dev/squall/hostfuncs/kube"
	"github.com/squall-dev/squall/hostfuncs/kube/kubetest"
	"github.com/squall-dev/squall/runtime/automation"
)

const settings = `
apiVersion: v1
kind: ConfigMap
metadata: {namespace: ns, name: settings}
data:
  colour: red
`

func settingsRef() kube.ObjectRef {
	return kube.ObjectRef{Resource: "configmaps", Namespace: "ns", Name: "settings"}
}

func TestApplyMakesAndChanges(t *testing.T) {
	t.Parallel()
	s := kubetest.New(t)
	c := newClient(t, s)
	request := func(manifest string) string {
		b, _ := json.Marshal(map[string]string{"manifest": manifest})
		return string(b)
	}
	_, record := call(t, c, "kube_apply", true, request(settings))
	if !record.WouldDo || !strings.Contains(record.Change.Diff, "+  colour: red\n") || strings.Contains(record.Change.Diff, "\n-") || strings.Contains(record.Change.Diff, "managedFields") {
		t.Errorf("dry run: %+v", record)
	}
	_, err := c.Get(t.Context(), unbounded(), kube.GetRequest{ObjectRef: settingsRef()})
	wantError(t, err, automation.ErrNotFound, "not found", "")

	reply, record := call(t, c, "kube_apply", false, request(settings))
	if record.Error != "" || reply["kind"] != "ConfigMap" || record.Change.Target != "configmaps/ns/settings" || record.Change.Namespace != "ns" {
		t.Errorf("%v, %+v", reply, record)
	}
	blue := strings.ReplaceAll(settings, "red", "blue")
	_, record = call(t, c, "kube_apply", true, request(blue))
	if !strings.Contains(record.Change.Diff, "-  colour: red\n+  colour: blue\n") {
		t.Errorf("dry run: %+v", record)
	}
	call(t, c, "kube_apply", false, request(blue))
	if got := read(t, c, settingsRef(), "data"); got != `{"data":{"colour":"blue"}}` {
		t.Error(got)
	}
	_, record = call(t, c, "kube_apply", true, request(blue))
	if !record.WouldDo || record.Change.Diff != "" {
		t.Errorf("what is like that already: %+v", record)
	}
	for _, sent := range s.Sent() {
		if sent.Type != "application/apply-patch+yaml" || sent.Query.Get("fieldManager") != "squall" {
			t.Errorf("sent %+v", sent)
		}
	}
}

func TestApplyTakesNoFieldsOverUnlessTold(t *testing.T) {
	t.Parallel()
	s := kubetest.New(t)
	s.Objects = map[string][]map[string]any{"configmaps": {{
		"apiVersion": "v1", "kind": "ConfigMap",
		"metadata": map[string]any{"namespace": "ns", "name": "settings", "uid": "1", "managedFields": []any{map[string]any{
			"manager": "helm", "operation": "Apply", "apiVersion": "v1", "fieldsType": "FieldsV1",
			"fieldsV1": map[string]any{"f:data": map[string]any{"f:colour": map[string]any{}}}}}},
		"data": map[string]any{"colour": "green"},
	}}}
	c := newClient(t, s)
	_, err := c.Apply(t.Context(), unbounded(), kube.ApplyRequest{Manifest: settings})
	wantError(t, err, automation.ErrConflict, `conflict with "helm": .data.colour`, `"force": true`)
	if got := read(t, c, settingsRef(), "data"); got != `{"data":{"colour":"green"}}` {
		t.Error(got)
	}
	if _, err := c.Apply(t.Context(), unbounded(), kube.ApplyRequest{Manifest: settings, Force: true}); err != nil {
		t.Fatal(err)
	}
	if got := read(t, c, settingsRef(), "data"); got != `{"data":{"colour":"red"}}` {
		t.Error(got)
	}
}

// History is read by more people than Secrets are.
func TestDryRunHidesTheContentOfSecrets(t *testing.T) {
	t.Parallel()
	s := kubetest.New(t)
	s.Objects = map[string][]map[string]any{"secrets": {{
		"apiVersion": "v1", "kind": "Secret",
		"metadata": map[string]any{"namespace": "ns", "name": "db", "annotations": map[string]any{
			"kubectl.kubernetes.io/last-applied-configuration": `{"data":{"password":"aHVudGVyMg=="}}`}},
		"data": map[string]any{"password": "aHVudGVyMg==", "user": "YWRtaW4="},
	}}}
	c := newClient(t, s)
	_, record := call(t, c, "kube_patch", true, `{"resource":"secrets","namespace":"ns","name":"db","patch":{"data":{"password":"bmV3"}}}`)
	if diff := record.Change.Diff; !strings.Contains(diff, "-  password: hidden") || !strings.Contains(diff, "+  password: hidden") ||
		!strings.Contains(diff, "   user: hidden") || strings.Contains(diff, "aHVudGVyMg") || strings.Contains(diff, "bmV3") {
		t.Error(diff)
	}
	_, record = call(t, c, "kube_delete", true, `{"resource":"secrets","namespace":"ns","name":"db"}`)
	if diff := record.Change.Diff; !strings.Contains(diff, "-  password: hidden") || strings.Contains(diff, "aHVudGVyMg") {
		t.Error(diff)
	}
}

func TestApplyErrors(t *testing.T) {
	t.Parallel()
	object := func(s string) kube.ApplyRequest { return kube.ApplyRequest{Object: json.RawMessage(s)} }
	tests := []struct {
		name          string
		req           kube.ApplyRequest
		kind          error
		message, hint string
	}{
		{"nothing", kube.ApplyRequest{}, automation.ErrInvalid, "exactly one of object and manifest", ""},
		{"both", kube.ApplyRequest{Object: json.RawMessage("{}"), Manifest: settings}, automation.ErrInvalid, "exactly one", ""},
		{"two documents", kube.ApplyRequest{Manifest: settings + "---\n" + settings}, automation.ErrInvalid, "more than one document", ""},
		{"YAML that is none", kube.ApplyRequest{Manifest: "a: [b"}, automation.ErrInvalid, "can not be read", ""},
		{"a list", object(`[]`), automation.ErrInvalid, "can not be read", ""},
		{"no name", object(`{"apiVersion":"v1","kind":"Pod","metadata":{"generateName":"a-"}}`), automation.ErrInvalid, "lacks", "generateName"},
		{"a name that is a number", object(`{"apiVersion":"v1","kind":"Pod","metadata":{"name":7}}`), automation.ErrInvalid, "lacks", ""},
		{"metadata that is a text", object(`{"apiVersion":"v1","kind":"Pod","metadata":"x"}`), automation.ErrInvalid, "lacks", ""},
		{"no namespace", object(`{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a"}}`), automation.ErrInvalid, "namespace is missing", ""},
		{"a kind that the cluster lacks", object(`{"apiVersion":"v1","kind":"Gadget","metadata":{"name":"a"}}`), automation.ErrNotFound, "no resource", ""},
		{"a kind of another group", object(`{"apiVersion":"v1","kind":"Widget","metadata":{"name":"a","namespace":"ns"}}`), automation.ErrNotFound, "the cluster has no /v1, Kind=Widget", ""},
		{"a namespace that the pack may not reach", object(`{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a","namespace":"bank"}}`), automation.ErrDenied, "apply pods a in namespace bank", "verbs: [apply], resources: [pods], namespaces: [bank]"},
	}
	c := newClient(t, kubetest.New(t))
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := c.Apply(t.Context(), caller(nil), tt.req)
			wantError(t, err, tt.kind, tt.message, tt.hint)
		})
	}
}
