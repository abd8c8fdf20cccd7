package packs

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
)

func hooked(name, path string) fstest.MapFS {
	return fstest.MapFS{
		"pack.yaml":          {Data: []byte("name: " + name + "\nref: " + name + "\n")},
		"webhooks/hook.yaml": {Data: []byte("# senders\npath: " + path + "\nauth: github\nsecrets: [{name: key}]\n")},
	}
}

// hookLoader finds the secret "key" of every pack but "poor", and tells of "noted".
func hookLoader(t *testing.T) *Loader {
	t.Helper()
	engine := &fakeEngine{}
	l, err := NewLoader(LoaderOptions{
		inspectFunc: inspect, compileFunc: engine.compile, HostFuncs: hostFuncs(t),
		CheckWebhook: func(w Webhook) ([]string, string, error) {
			switch w.Pack {
			case "poor":
				return nil, "", automation.Invalid("the secret key is not there").WithHint("pack_secrets")
			case "noted":
				return nil, "the configuration wins", nil
			}
			return []string{"secret of " + w.Settings.Secrets[0].Name}, "", nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestAWebhookComesAndGoesWithItsPack(t *testing.T) {
	t.Parallel()
	l, r := hookLoader(t), testRegistry(t, RegistryOptions{})
	mustInstall(t, r, mustLoad(t, l, hooked("one", "/pager/")))
	w, ok := r.Snapshot().Webhook("pager")
	if !ok || w.Pack != "one" || w.Settings.Auth != "github" || !slices.Equal(w.Secrets, []string{"secret of key"}) ||
		w.Position != (automation.Position{File: "webhooks/hook.yaml", Line: 2, Column: 1}) {
		t.Errorf("webhook = %+v, %t", w, ok)
	}
	if status, _ := r.Snapshot().Pack("one"); !slices.Equal(status.Webhooks, []string{"pager"}) {
		t.Errorf("status = %+v", status)
	}
	mustInstall(t, r, mustLoad(t, l, hooked("one", "other")))
	if _, ok := r.Snapshot().Webhook("pager"); ok {
		t.Error("a webhook outlives the version that declared it")
	}
	if err := r.Remove(t.Context(), "one"); err != nil {
		t.Fatal(err)
	}
	if _, ok := r.Snapshot().Webhook("other"); ok {
		t.Error("a webhook outlives its pack")
	}
}

func TestTwoPacksCanNotDeclareOnePath(t *testing.T) {
	t.Parallel()
	l, r := hookLoader(t), testRegistry(t, RegistryOptions{})
	mustInstall(t, r, mustLoad(t, l, hooked("one", "pager")))
	second := mustLoad(t, l, hooked("two", "pager"))
	err := r.Install(t.Context(), second)
	want := "install pack two: webhooks/hook.yaml:2:1: webhook pager is declared by pack one in webhooks/hook.yaml:2:1 already"
	if !errors.Is(err, automation.ErrConflict) || err.Error() != want {
		t.Errorf("err = %v, want %s", err, want)
	}
	if w, _ := r.Snapshot().Webhook("pager"); w.Pack != "one" {
		t.Errorf("the webhook went to %s", w.Pack)
	}
	if err := r.Remove(t.Context(), "one"); err != nil {
		t.Fatal(err)
	}
	mustInstall(t, r, second)
}

func TestAWebhookWithoutItsSecretRefusesThePack(t *testing.T) {
	t.Parallel()
	_, err := hookLoader(t).Load(t.Context(), "poor", hooked("poor", "pager"), "somewhere")
	if !errors.Is(err, automation.ErrInvalid) || !strings.Contains(err.Error(), "webhooks/hook.yaml:2:1: webhook pager: the secret key is not there") || hintOf(err) != "pack_secrets" {
		t.Errorf("err = %v", err)
	}
}

func TestAWebhookWithoutEffectIsNoted(t *testing.T) {
	t.Parallel()
	p := mustLoad(t, hookLoader(t), hooked("noted", "pager"))
	if len(p.Notes) != 1 || !strings.Contains(p.Notes[0], "webhook pager: the configuration wins") {
		t.Errorf("notes = %q", p.Notes)
	}
}

func TestAWebhookIsLoadedWhileTheServerRuns(t *testing.T) {
	t.Parallel()
	dir, r := t.TempDir(), testRegistry(t, RegistryOptions{})
	w, err := NewWatcher(WatcherOptions{Dir: dir, Loader: hookLoader(t), Registry: r, Debounce: time.Nanosecond})
	if err != nil {
		t.Fatal(err)
	}
	sync := func() {
		t.Helper()
		if err := w.Sync(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	place := func(pack, path string) string {
		t.Helper()
		for name, f := range hooked(pack, path) {
			file := filepath.Join(dir, pack, name)
			if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o700), os.WriteFile(file, f.Data, 0o600)); err != nil {
				t.Fatal(err)
			}
		}
		return filepath.Join(dir, pack)
	}
	first := place("one", "pager")
	place("two", "pager")
	sync()
	if status, _ := r.Snapshot().Pack("two"); !strings.Contains(status.Error, "declared by pack one") {
		t.Errorf("two: %+v", status)
	}
	if err := os.RemoveAll(first); err != nil {
		t.Fatal(err)
	}
	sync()
	sync()
	if w, ok := r.Snapshot().Webhook("pager"); !ok || w.Pack != "two" {
		t.Errorf("the path that is free again did not go to the pack that waits: %+v", w)
	}
}
