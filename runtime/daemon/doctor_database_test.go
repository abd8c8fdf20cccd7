package daemon

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/config"
)

func TestDoctorLooksThroughTheDatabase(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	h := serve(t, dir, nil)
	look := func() automation.Check {
		t.Helper()
		list, err := h.Doctor(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range list.Items {
			if c.Name == "database" {
				return c
			}
		}
		t.Fatal("the doctor does not look at the database")
		return automation.Check{}
	}
	if c := look(); c.Status != automation.CheckOK || !strings.Contains(c.Detail, "is whole") {
		t.Errorf("a server at work: %+v", c)
	}
	c := config.Default()
	c.Data = filepath.Join(dir, "data")
	d := &doctor{config: c}
	if f := d.databaseWhole(); f.Status != automation.CheckOK || !strings.Contains(f.Detail, "its log is whole") {
		t.Errorf("from outside: %+v", f)
	}
	h.stop()
	if f := d.databaseWhole(); f.Status != automation.CheckOK || !strings.Contains(f.Detail, "is whole") {
		t.Errorf("after an orderly stop: %+v", f)
	}
	path := filepath.Join(c.Data, "squall.db")
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := 3 * 4096; i < 3*4096+100; i++ { // the head of a page
		content[i] ^= 0xff
	}
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	if f := d.databaseWhole(); f.Status != automation.CheckFailed || f.Hint == "" {
		t.Errorf("damaged: %+v", f)
	}
	if f := judgeDatabase(path, nil, context.DeadlineExceeded); f.Status != automation.CheckOK || !strings.Contains(f.Detail, "too large") {
		t.Errorf("a large one: %+v", f)
	}
}
