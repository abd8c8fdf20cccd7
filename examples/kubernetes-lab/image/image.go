// Package image writes container images as archives that containerd imports: there
// is no registry in the lab, and no builder. It is not for images that are kept: they
// have one layer and no history.
package image

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path"
	"runtime"
	"slices"
)

// Image describes an image.
type Image struct {
	Name       string            // "localhost/leaky:lab"
	Entrypoint []string          // program and arguments
	User       string            // "65532:65532"; root when empty
	Files      map[string]string // path in the image: file on this machine
	Folders    []string          // empty ones
	Links      map[string]string // path in the image: where it leads
}

// Write writes the image's archive, in the form of `docker save`.
func (i Image) Write(to string) error {
	layer, err := i.layer()
	if err != nil {
		return fmt.Errorf("image %s: %w", i.Name, err)
	}
	config, err := json.Marshal(i.config(layer))
	if err != nil {
		return fmt.Errorf("image %s: %w", i.Name, err)
	}
	configName := digest(config) + ".json"
	index, err := json.Marshal([]any{map[string]any{
		"Config": configName, "RepoTags": []string{i.Name}, "Layers": []string{"layer.tar"},
	}})
	if err != nil {
		return fmt.Errorf("image %s: %w", i.Name, err)
	}
	var archive bytes.Buffer
	w := tar.NewWriter(&archive)
	for _, part := range []struct {
		name    string
		content []byte
	}{{configName, config}, {"layer.tar", layer}, {"manifest.json", index}} {
		if err := put(w, part.name, 0o644, part.content); err != nil {
			return fmt.Errorf("image %s: %w", i.Name, err)
		}
	}
	if err := w.Close(); err != nil {
		return fmt.Errorf("image %s: %w", i.Name, err)
	}
	return i.keep(to, archive.Bytes())
}

// keep replaces the archive in one step: another lab may be reading the old one.
func (i Image) keep(to string, archive []byte) error {
	fresh := to + ".new"
	if err := os.WriteFile(fresh, archive, 0o644); err != nil {
		return fmt.Errorf("write image %s: %w", i.Name, err)
	}
	if err := os.Rename(fresh, to); err != nil {
		return fmt.Errorf("write image %s: %w", i.Name, err)
	}
	return nil
}

// config tells the runtime what to run. Times are left out: the same files make the
// same image.
func (i Image) config(layer []byte) map[string]any {
	return map[string]any{
		"architecture": runtime.GOARCH, "os": "linux",
		"config": map[string]any{"Entrypoint": i.Entrypoint, "User": i.User, "Env": []string{"PATH=/bin"}},
		"rootfs": map[string]any{"type": "layers", "diff_ids": []string{"sha256:" + digest(layer)}},
	}
}

// layer is the image's files, in an order that is always the same.
func (i Image) layer() ([]byte, error) {
	var content bytes.Buffer
	w := tar.NewWriter(&content)
	for _, name := range i.folders() {
		if err := w.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: name[1:] + "/", Mode: 0o755}); err != nil {
			return nil, err
		}
	}
	for _, name := range sorted(i.Files) {
		if err := copyFile(w, name[1:], i.Files[name]); err != nil {
			return nil, err
		}
	}
	for _, name := range sorted(i.Links) {
		header := &tar.Header{Typeflag: tar.TypeSymlink, Name: name[1:], Linkname: i.Links[name], Mode: 0o777}
		if err := w.WriteHeader(header); err != nil {
			return nil, err
		}
	}
	err := w.Close()
	return content.Bytes(), err
}

// folders lists every folder, parents before children.
func (i Image) folders() []string {
	all := map[string]string{}
	names := append(append(sorted(i.Files), sorted(i.Links)...), i.Folders...)
	for _, name := range i.Folders {
		all[name] = ""
	}
	for _, name := range names {
		for parent := path.Dir(name); parent != "/"; parent = path.Dir(parent) {
			all[parent] = ""
		}
	}
	return sorted(all)
}

func copyFile(w *tar.Writer, name, from string) error {
	info, err := os.Stat(from)
	if err != nil {
		return err
	}
	content, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return put(w, name, int64(info.Mode().Perm()), content)
}

func put(w *tar.Writer, name string, mode int64, content []byte) error {
	if err := w.WriteHeader(&tar.Header{Name: name, Mode: mode, Size: int64(len(content))}); err != nil {
		return err
	}
	_, err := io.Copy(w, bytes.NewReader(content))
	return err
}

func sorted(m map[string]string) []string {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}
