package packs

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"maps"
	"path"
	"slices"
	"strings"
)

// compressed ends the name of a module that gzip has made small: a ConfigMap holds one
// MiB, and a module made from Go three or four.
const compressed = ".wasm.gz"

// isModule tells a file that holds code.
func isModule(name string) bool {
	return path.Ext(name) == ".wasm" || strings.HasSuffix(name, compressed)
}

// unpack puts what compressed modules hold in their place, under the name that they
// would have without compression.
func (c contents) unpack() error {
	var errs []error
	total := 0
	for _, name := range slices.Sorted(maps.Keys(c)) {
		if !strings.HasSuffix(name, compressed) {
			continue
		}
		plain := strings.TrimSuffix(name, ".gz")
		if _, both := c[plain]; both {
			errs = append(errs, invalid("%s and %s are both there", plain, name).WithHint("remove the one that is not meant"))
			continue
		}
		code, err := ModuleCode(name, c[name])
		if err != nil {
			errs = append(errs, err)
			continue
		}
		if total += len(code); total > maxTotalBytes {
			return invalid("the pack's modules are larger than %d MiB together", maxTotalBytes>>20)
		}
		delete(c, name)
		c[plain] = code
	}
	return errors.Join(errs...)
}

// ModuleCode is the code that a module's file holds: what is in it, if its name says that
// it is compressed.
func ModuleCode(name string, data []byte) ([]byte, error) {
	if !strings.HasSuffix(name, compressed) {
		return data, nil
	}
	r, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, notGzip(name, err)
	}
	code, err := io.ReadAll(io.LimitReader(r, maxWasmBytes+1))
	if err != nil {
		return nil, notGzip(name, err)
	}
	if len(code) > maxWasmBytes {
		return nil, invalid("%s holds more than %d MiB", name, maxWasmBytes>>20)
	}
	return code, nil
}

func notGzip(name string, err error) error {
	return invalid("%s can not be unpacked", name).Because(err).WithHint("make it anew: gzip -9 %s", strings.TrimSuffix(name, ".gz"))
}
