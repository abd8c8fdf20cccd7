package torture

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/client"
)

// copyDir copies regular files. What SQLite shares between processes is left out:
// it is made anew.
func copyDir(from, to string) error {
	return filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() || strings.HasSuffix(path, "-shm") {
			return err
		}
		rel, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		full := filepath.Join(to, rel)
		if err := os.MkdirAll(filepath.Dir(full), 0o700); err != nil {
			return err
		}
		return os.WriteFile(full, content, 0o600)
	})
}

// sealPack writes the sums of a pack's files beside them.
func sealPack(dir string) error {
	var sums strings.Builder
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		fmt.Fprintf(&sums, "%x  %s\n", sha256.Sum256(content), filepath.ToSlash(rel))
		return err
	})
	if err != nil {
		return fmt.Errorf("seal the pack: %w", err)
	}
	return os.WriteFile(filepath.Join(dir, "pack.sum"), []byte(sums.String()), 0o644)
}

// on is the bench with its world, on another folder.
func (b *bench) on(dir string) *bench {
	other := &bench{run: b.run, dir: dir, world: b.world, hitMe: b.hitMe}
	return other
}

// hitsNow is what the world was sent up to now.
func (b *bench) hitsNow() map[string]int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return maps.Clone(b.hits)
}

// number is the event's, of a body that the world was sent.
func number(body string) (int64, error) {
	if body == "" || body[0] != 'e' && body[0] != 'k' {
		return 0, fmt.Errorf("%.100q is nothing that was asked for", body)
	}
	return strconv.ParseInt(body[1:], 10, 64)
}

// settle waits until nothing is to be done, or half a minute: a damaged execution
// may never come to its end, and is reported by whoever reads it.
func (b *bench) settle(ctx context.Context, api *client.Client) {
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline) && ctx.Err() == nil; pause(ctx, 20*time.Millisecond) {
		l, err := api.Executions(ctx, client.ExecutionQuery{Page: client.Page{Limit: 1}})
		if err != nil || l.Counts[automation.Pending]+l.Counts[automation.Running] == 0 {
			return
		}
	}
}
