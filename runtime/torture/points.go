package torture

import (
	"path/filepath"
	"strings"

	"github.com/squall-dev/squall/runtime/disk"
)

// pointsOf makes points of what happens to the disk: before and after each kind of
// operation on each kind of file.
func pointsOf(points disk.Points, data string) disk.Layer {
	return func(op disk.Op, do func() error) error {
		name := string(op.Kind) + " " + classOf(op, data)
		points.At("before " + name)
		err := do()
		points.At("after " + name)
		return err
	}
}

// classOf names the kind of file that an operation is about.
func classOf(op disk.Op, data string) string {
	path := op.Path
	if op.Kind == disk.Rename {
		path = op.To
	}
	rel, err := filepath.Rel(data, path)
	switch {
	case err != nil || strings.HasPrefix(rel, ".."):
		return "above"
	case rel == ".":
		return "data"
	case strings.HasPrefix(rel, "artifacts"):
		return "artifact"
	case strings.HasPrefix(rel, "admin.token"):
		return "token"
	case strings.HasPrefix(rel, "secret.key"):
		return "key"
	case strings.HasSuffix(rel, "-wal"):
		return "log"
	case strings.HasSuffix(rel, "-journal"):
		return "journal"
	}
	return "database"
}
