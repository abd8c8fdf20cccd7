package packs

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/squall-dev/squall/runtime/automation"
)

// Check loads the pack in dir, as the server would, and puts it away again. The
// status is filled as far as the pack could be read.
func Check(ctx context.Context, loader *Loader, dir string) (automation.PackStatus, error) {
	folder, err := filepath.Abs(dir)
	if err != nil {
		return automation.PackStatus{}, fmt.Errorf("check pack %s: %w", dir, err)
	}
	status := automation.PackStatus{Name: filepath.Base(folder), Path: dir, Actions: []automation.Ref{}, Rules: []automation.Ref{}, Modules: []automation.PackModule{}}
	p, err := loader.loadDir(ctx, folder, dir)
	status.Name = peekName(folder, status.Name)
	if err != nil {
		status.Error, status.Hint = err.Error(), hintOf(err)
		return status, err
	}
	return p.Status(), p.Close(context.WithoutCancel(ctx))
}

// loadDir loads the pack in a directory, through a root that no link can leave.
func (l *Loader) loadDir(ctx context.Context, dir, where string) (*Pack, error) {
	root, err := openRoot(dir, where)
	if err != nil {
		return nil, err
	}
	defer func() { _ = root.Close() }() // only read
	return l.Load(ctx, filepath.Base(dir), root.FS(), where)
}

// peekName says what a pack that does not load would be called, as far as its
// files tell.
func peekName(dir, folder string) string {
	root, err := openRoot(dir, dir)
	if err != nil {
		return folder
	}
	defer func() { _ = root.Close() }() // only read
	data, err := readFile(root.FS(), manifestFile)
	if err != nil {
		return folder
	}
	m, _ := readManifest(data) // what is wrong with it has been reported
	if name, err := nameOf(m, folder); err == nil {
		return name
	}
	return folder
}

func openRoot(dir, where string) (*os.Root, error) {
	root, err := os.OpenRoot(dir)
	if os.IsNotExist(err) {
		return nil, automation.NotFound("pack folder %s does not exist", where)
	}
	if err != nil {
		return nil, automation.Invalid("open pack folder %s", where).Because(err)
	}
	return root, nil
}
