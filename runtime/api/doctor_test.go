package api

import (
	"encoding/json"
	"testing"

	"github.com/squall-dev/squall/runtime/automation"
)

func TestTheDoctorIsNotForEveryone(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, nil)
	if a := s.ask("GET", "/api/v1/doctor", "", "anonymous"); a.status != 401 {
		t.Errorf("anonymous callers get %d %s", a.status, a.body)
	}
	a := s.ask("GET", "/api/v1/doctor", "")
	var list List[automation.Check]
	if err := json.Unmarshal([]byte(a.body), &list); err != nil || a.status != 200 {
		t.Fatalf("%d %s: %v", a.status, a.body, err)
	}
	if len(list.Items) != 1 || list.Items[0].Name != "packs" || list.Items[0].Status != automation.CheckFailed {
		t.Errorf("got %+v", list)
	}
}

// The fields of a module lie flat beside its file, as the page reads them.
func TestAPackShowsItsModules(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, nil)
	for _, path := range []string{"/api/v1/packs/test", "/api/v1/packs"} {
		a := s.ask("GET", path, "")
		var body struct {
			Modules []map[string]any
			Items   []struct{ Modules []map[string]any }
		}
		if err := json.Unmarshal([]byte(a.body), &body); err != nil || a.status != 200 {
			t.Fatalf("%s: %d %s: %v", path, a.status, a.body, err)
		}
		if len(body.Items) > 0 {
			body.Modules = body.Items[0].Modules
		}
		if len(body.Modules) != 1 || body.Modules[0]["file"] != "pack.wasm" || body.Modules[0]["kind"] != "reactor" || body.Modules[0]["resettable"] != true {
			t.Errorf("%s: %s", path, a.body)
		}
	}
}
