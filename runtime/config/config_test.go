package config

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
)

func TestLoad(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, yaml string
		wantErr    []string // every part must stand in the message
		check      func(*testing.T, Config)
	}{
		{name: "an empty file gives the defaults", yaml: "", check: func(t *testing.T, c Config) {
			if c.Listen != Default().Listen {
				t.Errorf("listen = %q", c.Listen)
			}
		}},
		{name: "keys override the defaults", yaml: "listen: 0.0.0.0:80\ndrain_timeout: 3s\npack_config: {labs_sre: {a: 1}}",
			check: func(t *testing.T, c Config) {
				if c.Listen != "0.0.0.0:80" || c.DrainTimeout != 3*time.Second || c.PackConfig["labs_sre"]["a"] != 1 {
					t.Errorf("got %+v", c)
				}
			}},
		{name: "an unknown key is refused with its line", yaml: "listen: :1\nlisten_on: x", wantErr: []string{"line 2", "listen_on"}},
		{name: "what is refused is said in the words of the file", yaml: "worker: 3\nkubernetes: {config: x}\nhttp: {proxys: x}\ndrain_timeout: 5\nworkers: many",
			wantErr: []string{"line 1: field worker is not a key; did you mean workers?\n", "line 2: field config is not a key of kubernetes", "line 3: field proxys is not a key of http; did you mean proxy?", "line 4: int `5` is not a duration such as 20s", "line 5: str `many` is not a whole number"}},
		{name: "all bad values are reported together", yaml: "listen: nonsense\nworkers: 0\nlog_format: xml\nlog_level: loud\npublic_url: squall\nhttp: {requests_per_second: -1}\nkubernetes: {owners: [{groups: [a]}, {user: a, rules: [\"[\"]}]}",
			wantErr: []string{"c.yaml", "listen", "workers", "log_format", "log_level", "public_url", "requests_per_second", "owners[0] has no user", "owners[0] owns nothing", `owners[1]: "["`}},
		{name: "a port is a number that there is", yaml: "listen: 127.0.0.1:99999", wantErr: []string{`port "99999"`}},
		{name: "a second document is not passed over", yaml: "workers: 1\n---\nworkers: 2", wantErr: []string{"line 2", "second document"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "c.yaml")
			if err := os.WriteFile(path, []byte(tt.yaml), 0o600); err != nil {
				t.Fatal(err)
			}
			c, err := Load(path)
			if len(tt.wantErr) == 0 {
				if err != nil {
					t.Fatal(err)
				}
				tt.check(t, c)
				return
			}
			if !errors.Is(err, automation.ErrInvalid) {
				t.Fatalf("err = %v, want kind invalid", err)
			}
			for _, part := range tt.wantErr {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("error %q does not name %q", err, part)
				}
			}
		})
	}
}

func TestLoadWithoutFile(t *testing.T) {
	t.Parallel()
	if _, err := Load(""); err != nil {
		t.Errorf("no file: %v", err)
	}
	if _, err := Load(filepath.Join(t.TempDir(), "missing")); !errors.Is(err, automation.ErrNotFound) {
		t.Errorf("missing file: %v, want kind not found", err)
	}
	if _, err := Load(t.TempDir()); !errors.Is(err, automation.ErrInvalid) || automation.HintOf(err) == "" {
		t.Errorf("a folder: %v, want kind invalid and a hint", err)
	}
}
