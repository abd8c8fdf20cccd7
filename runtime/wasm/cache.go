package wasm

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
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
// was killed has left behind.
func prune(dir string, before time.Time) error {
	leftovers, err := filepath.Glob(filepath.Join(dir, unfinished+"*"))
	for _, l := range leftovers {
		err = errors.Join(err, os.RemoveAll(l))
	}
	if err != nil {
		return err
	}
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err == nil && info.ModTime().Before(before) {
			err = os.Remove(path)
		}
		if errors.Is(err, fs.ErrNotExist) { // another process tidies too
			return nil
		}
		return err
	})
}
