package packs

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/rule"
)

// seed gives a fuzz target every YAML file of the test packs whose name begins
// with prefix.
func seed(f *testing.F, prefix string) {
	f.Helper()
	files, err := filepath.Glob("testdata/*/*.txtar")
	if err != nil || len(files) == 0 {
		f.Fatalf("no seeds: %v", err)
	}
	for _, file := range files {
		a, err := txtar.ParseFile(file)
		if err != nil {
			f.Fatal(err)
		}
		for _, one := range a.Files {
			if strings.HasPrefix(one.Name, prefix) {
				f.Add(one.Data)
			}
		}
	}
	f.Add([]byte("a: &a [*a]"))
	f.Add([]byte("<<: &a {<<: *a}"))
	f.Add([]byte("? {a: b}\n: c"))
}

// mustEncode checks that what was read can be stored and sent as JSON.
func mustEncode(t *testing.T, v any) {
	t.Helper()
	if _, err := json.Marshal(v); err != nil {
		t.Errorf("what was read is no JSON: %v", err)
	}
}

func FuzzManifest(f *testing.F) {
	seed(f, "pack.yaml")
	f.Fuzz(func(t *testing.T, data []byte) {
		if m, err := readManifest(data); err == nil {
			mustEncode(t, m)
		}
	})
}

func FuzzAction(f *testing.F) {
	seed(f, "actions/")
	f.Fuzz(func(t *testing.T, data []byte) {
		if a, err := readAction("a.yaml", "fuzz", data); err == nil {
			mustEncode(t, a)
		}
	})
}

func FuzzRule(f *testing.F) {
	seed(f, "rules/")
	f.Fuzz(func(t *testing.T, data []byte) {
		if r, err := ReadRule("r.yaml", data); err == nil {
			mustEncode(t, r)
			_, _ = rule.Compile([]automation.Rule{r}) // refuses or not, but does not panic
		}
	})
}

func FuzzTrigger(f *testing.F) {
	seed(f, "triggers/")
	f.Fuzz(func(t *testing.T, data []byte) {
		if tt, err := readTrigger("t.yaml", "fuzz", data); err == nil {
			mustEncode(t, tt)
		}
	})
}

func FuzzWebhook(f *testing.F) {
	seed(f, "webhooks/")
	f.Fuzz(func(t *testing.T, data []byte) {
		w, err := readWebhook("w.yaml", "fuzz", data)
		if err != nil {
			return
		}
		for _, s := range w.Settings.Secrets {
			if s.Env != "" || s.File != "" || w.Path == "" {
				t.Errorf("a pack says where a secret stands: %+v", w)
			}
		}
	})
}

func FuzzConfigSchema(f *testing.F) {
	seed(f, "config.schema.yaml")
	f.Fuzz(func(t *testing.T, data []byte) {
		if schema, err := readConfigSchema(data); err == nil {
			mustEncode(t, schema)
		}
	})
}
