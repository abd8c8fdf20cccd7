package wasm

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/tetratelabs/wazero"

	"github.com/squall-dev/squall/runtime/automation"
)

// openCache refuses a directory that others may write: its content is executed.
func openCache(dir string) (wazero.CompilationCache, error) {
	if dir == "" {
		return wazero.NewCompilationCache(), nil
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("create the cache of compiled modules: %w", err)
	}
	info, err := os.Stat(dir)
	if err != nil {
		return nil, fmt.Errorf("look at the cache of compiled modules: %w", err)
	}
	if info.Mode().Perm()&0o022 != 0 && runtime.GOOS != "windows" {
		return nil, automation.Invalid("others may write to %s, from where compiled modules are executed", dir).
			WithHint("chmod 700 %s", dir)
	}
	if err := prune(dir, time.Now().Add(-cacheTime)); err != nil {
		return nil, fmt.Errorf("tidy the cache of compiled modules: %w", err)
	}
	cache, err := wazero.NewCompilationCacheWithDir(dir)
	if err != nil {
		return nil, fmt.Errorf("open the cache of compiled modules: %w", err)
	}
	return cache, nil
}

// cacheTime is how long a compiled module is kept that nobody loads.
const cacheTime = 30 * 24 * time.Hour

// prune removes files that were last used before a time, and what a compiler that
// was killed has left behind. Other processes may use the directory: one may compile
// there right now, and tidy too.
func prune(dir string, before time.Time) error {
	if err := pruneUnfinished(dir, time.Now().Add(-2*compileTimeout)); err != nil {
		return err
	}
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			err = removeBefore(path, d, before, os.Remove)
		}
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	})
}

func pruneUnfinished(dir string, before time.Time) error {
	entries, err := os.ReadDir(dir)
	for _, d := range entries {
		if strings.HasPrefix(d.Name(), unfinished) {
			err = errors.Join(err, removeBefore(filepath.Join(dir, d.Name()), d, before, os.RemoveAll))
		}
	}
	return err
}

func removeBefore(path string, d fs.DirEntry, before time.Time, remove func(string) error) error {
	info, err := d.Info()
	if err == nil && info.ModTime().Before(before) {
		err = remove(path)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
