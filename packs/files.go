package packs

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"time"
)

const (
	maxFiles      = 10_000
	maxYAMLBytes  = 1 << 20
	maxWasmBytes  = 64 << 20
	maxTotalBytes = 256 << 20
)

// folders are where metadata lies. Only files directly in them count.
func folders() []string {
	return []string{"actions", "rules", "triggers", "sensors", "webhooks", "aliases", "policies"}
}

// stamp is what tells cheaply that a file may have changed.
type stamp struct {
	size     int64
	modified time.Time
}

// listing is the files of a pack that make a difference: pack.yaml, pack.sum,
// config.schema.yaml, metadata, and modules or their manifests in the pack's folder
// or in actions. Sources, tests and documents are none of the server's business.
type listing map[string]stamp

func list(fsys fs.FS) (listing, error) {
	files := listing{}
	var errs []error
	for _, dir := range append([]string{"."}, folders()...) {
		errs = append(errs, files.add(fsys, dir))
	}
	if len(files) > maxFiles {
		errs = append(errs, invalid("the pack has more than %d files", maxFiles))
	}
	return files, errors.Join(errs...)
}

func (l listing) add(fsys fs.FS, dir string) error {
	entries, err := fs.ReadDir(fsys, dir)
	if errors.Is(err, fs.ErrNotExist) && dir != "." {
		return nil
	}
	if err != nil {
		return fmt.Errorf("list %s: %w", dir, err)
	}
	var errs []error
	for _, e := range entries {
		name := path.Join(dir, e.Name())
		if counts(dir, e.Name()) {
			errs = append(errs, l.stat(fsys, name))
		}
	}
	return errors.Join(errs...)
}

// counts reports whether a file in dir belongs to the pack. StackStorm skips
// actions/config.*, and so do we.
func counts(dir, name string) bool {
	if strings.HasPrefix(name, ".") {
		return false
	}
	ext := path.Ext(name)
	switch {
	case dir == ".":
		return name == manifestFile || name == configSchemaFile || name == sumsFile || isModule(name) || isPluginManifest(name)
	case dir == "actions" && (isModule(name) || isPluginManifest(name)):
		return true
	}
	return (ext == ".yaml" || ext == ".yml") && (dir != "actions" || strings.TrimSuffix(name, ext) != "config")
}

// stat follows links: a mounted ConfigMap is nothing but links. os.Root refuses
// those that leave the pack's folder.
func (l listing) stat(fsys fs.FS, name string) error {
	info, err := fs.Stat(fsys, name)
	switch {
	case err != nil:
		return invalid("%s can not be read", name).Because(err).
			WithHint("a link must lead to a file inside the pack's folder")
	case info.IsDir():
		return nil
	case !info.Mode().IsRegular():
		return invalid("%s is not a regular file", name)
	case isPluginManifest(name) && info.Size() > maxYAMLBytes: // a tool's, such as package-lock.json
		return nil
	}
	l[name] = stamp{info.Size(), info.ModTime()}
	return nil
}

// contents is what a pack's files hold.
type contents map[string][]byte

func readAll(fsys fs.FS) (contents, error) {
	names, err := list(fsys)
	if err != nil {
		return nil, err
	}
	files, total := contents{}, 0
	for _, name := range slices.Sorted(maps.Keys(names)) {
		data, err := readFile(fsys, name)
		if err != nil {
			return nil, err
		}
		if total += len(data); total > maxTotalBytes {
			return nil, invalid("the pack's files are larger than %d MiB together", maxTotalBytes>>20)
		}
		files[name] = data
	}
	return files, nil
}

func readFile(fsys fs.FS, name string) ([]byte, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	defer func() { _ = f.Close() }() // only read
	most := int64(maxYAMLBytes)
	if isModule(name) {
		most = maxWasmBytes
	}
	room := most
	if info, err := f.Stat(); err == nil {
		room = min(info.Size(), most) // else megabytes are copied again and again
	}
	buffer := bytes.NewBuffer(make([]byte, 0, room+bytes.MinRead))
	if _, err := buffer.ReadFrom(io.LimitReader(f, most+1)); err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	data := buffer.Bytes()
	if int64(len(data)) > most {
		return nil, invalid("%s is larger than %d MiB", name, most>>20)
	}
	return data, nil
}

// metadata returns the YAML files of a folder, in order.
func (c contents) metadata(folder string) []string {
	var names []string
	for name := range c {
		if path.Dir(name) == folder && !isModule(name) && !isPluginManifest(name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// digest identifies the contents: names and bytes, in the order of names.
func (c contents) digest() string {
	sum := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(c)) {
		for _, part := range [][]byte{[]byte(name), c[name]} {
			var size [8]byte
			binary.BigEndian.PutUint64(size[:], uint64(len(part)))
			sum.Write(size[:])
			sum.Write(part)
		}
	}
	return "sha256:" + hex.EncodeToString(sum.Sum(nil))
}
