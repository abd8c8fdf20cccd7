package image

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func TestAnImageHoldsItsFilesFoldersAndLinks(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	program := filepath.Join(dir, "program")
	if err := os.WriteFile(program, []byte("machine code"), 0o755); err != nil {
		t.Fatal(err)
	}
	i := Image{
		Name: "localhost/x:lab", Files: map[string]string{"/usr/bin/x": program},
		Folders: []string{"/data/sub"}, Links: map[string]string{"/bin/y": "../usr/bin/x"},
	}
	to := filepath.Join(dir, "x.tar")
	if err := i.Write(to); err != nil {
		t.Fatal(err)
	}
	archive, err := os.ReadFile(to)
	if err != nil {
		t.Fatal(err)
	}
	outer := entries(t, archive)
	if len(outer) != 3 {
		t.Fatalf("the archive holds %d files, want config, layer and manifest", len(outer))
	}
	var names []string
	for name := range entries(t, outer["layer.tar"]) {
		names = append(names, name)
	}
	slices.Sort(names)
	if want := []string{"bin/", "bin/y", "data/", "data/sub/", "usr/", "usr/bin/", "usr/bin/x"}; !slices.Equal(names, want) {
		t.Errorf("the layer holds %q, want %q", names, want)
	}
	if err := i.Write(to); err != nil {
		t.Fatal(err)
	}
	if again, err := os.ReadFile(to); err != nil || !bytes.Equal(archive, again) {
		t.Errorf("the same files made another image, %v", err)
	}
}

func TestAMissingFileIsNamed(t *testing.T) {
	t.Parallel()
	i := Image{Name: "localhost/x:lab", Files: map[string]string{"/x": "/nowhere/x"}}
	if err := i.Write(filepath.Join(t.TempDir(), "x.tar")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("err = %v", err)
	}
}

func entries(t *testing.T, archive []byte) map[string][]byte {
	t.Helper()
	found := map[string][]byte{}
	for r := tar.NewReader(bytes.NewReader(archive)); ; {
		header, err := r.Next()
		if errors.Is(err, io.EOF) {
			return found
		}
		if err != nil {
			t.Fatal(err)
		}
		if found[header.Name], err = io.ReadAll(r); err != nil {
			t.Fatal(err)
		}
	}
}
