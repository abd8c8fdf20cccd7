package main

import (
	"encoding/json"
	"maps"
	"slices"
	"testing"

	"github.com/squall-dev/squall/hostfuncs"
	"github.com/squall-dev/squall/runtime/automation"
)

// FuzzRequests gives every host function what no guest should: each answers with an
// envelope, in a dry run too, and none takes the server down. There is no world behind
// them, so that what is read ends at a refusal.
func FuzzRequests(f *testing.F) {
	set, err := families(parts{})
	if err != nil {
		f.Fatal(err)
	}
	names := slices.Sorted(maps.Keys(set))
	delete(set, "sleep") // which would
	for _, seed := range []string{``, `null`, `{}`, `{"name":"a"}`, `{"url":"http://[::1]:1/","method":"POST"}`, `{"namespace":"a","pod":"b","command":["ls"]}`,
		`{"kind":"Pod","name":"*","fields":["a.b[0]"]}`, `{"manifest":{"kind":"Pod"}}`, `{"trigger":"a.b","payload":[1]}`, `{"bytes":-1}`, `{"scope":"system","name":"x/","value":""}`} {
		for n := range names {
			f.Add(n, []byte(seed), n%2 == 0)
		}
	}
	who := hostfuncs.Caller{Pack: "p", Grants: automation.Capabilities{
		Kubernetes: []automation.KubernetesCapability{{Verbs: []string{"*"}, Resources: []string{"*"}}},
		HTTP:       []automation.HTTPCapability{{Hosts: []string{"nobody.invalid"}, Methods: []string{"*"}}},
		Artifacts:  []automation.ArtifactCapability{{}}, Secrets: []automation.SecretCapability{{Name: "*", Reveal: true}},
		KV: []automation.KVCapability{{Scope: "pack", Write: true}, {Scope: "system", Write: true}}, Triggers: []string{"*"},
	}}
	f.Fuzz(func(t *testing.T, n int, request []byte, dry bool) {
		fn, there := set[names[((n%len(names))+len(names))%len(names)]]
		if !there {
			return
		}
		caller := who
		caller.DryRun = dry
		envelope, record := fn.Call(t.Context(), caller, request)
		var reply struct {
			OK    json.RawMessage
			Error *struct{ Kind, Message string }
		}
		if err := json.Unmarshal(envelope, &reply); err != nil || (reply.OK == nil) == (reply.Error == nil) {
			t.Errorf("%s: %s, %v", fn.Name, envelope, err)
		}
		if record.Error == "internal" {
			t.Errorf("%s: %s: %s", fn.Name, request, record.Message)
		}
	})
}
