package backup

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/store/sqlite"
)

// Restored is a data directory that was made of a backup.
type Restored struct {
	Summary
	Data string `json:"data"`
	// Before is where the directory lies that was there; empty when there was none.
	Before string `json:"before,omitempty"`
	// Kept are files that were taken over from it.
	Kept []string `json:"kept,omitempty"`
}

// takenOver are files that a backup does not have and a server needs: the key of
// secrets, and the token by which the command line of this machine comes in.
func takenOver() []string { return []string{"secret.key", "admin.token"} }

// Restore makes a data directory of a backup. All of it is read and checked beside the
// directory before that is touched. One that is there must be empty, or replace must
// be set: then it is moved away, not removed.
func Restore(ctx context.Context, r io.Reader, data string, replace bool, now time.Time) (out Restored, err error) {
	data = filepath.Clean(data)
	out.Data = data
	there, err := occupied(ctx, data)
	if err != nil {
		return out, err
	}
	if there && !replace {
		return out, automation.Conflict("%s is not empty", data).WithCode("data_not_empty").
			WithHint("restore into another directory, or move this one away with --force")
	}
	if err := os.MkdirAll(filepath.Dir(data), 0o700); err != nil {
		return out, fmt.Errorf("restore a backup: %w", err)
	}
	fresh, err := os.MkdirTemp(filepath.Dir(data), ".squall-restore-*")
	if err != nil {
		return out, fmt.Errorf("restore a backup: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(fresh)) }() // is gone when all went well
	if out.Summary, err = unpack(ctx, r, fresh); err != nil {
		return out, err
	}
	if there {
		if out.Kept, err = takeOver(data, fresh); err != nil {
			return out, err
		}
		out.Before = fmt.Sprintf("%s.before-restore-%s", data, now.UTC().Format("20060102T150405"))
	}
	if err := noteRestore(ctx, fresh, out.Summary, now); err != nil {
		return out, err
	}
	return out, swap(data, fresh, out.Before)
}

// noteRestore writes into the audit chain that what follows the backup is gone, and who
// has done it. The chain itself is that of the backup.
func noteRestore(ctx context.Context, dir string, s Summary, now time.Time) error {
	err := sqlite.AppendAudit(ctx, filepath.Join(dir, databaseName), automation.AuditRecord{
		At: now, User: operator(), Via: "cli", Verb: "restore", Kind: "backup", Outcome: automation.AuditOK,
		Detail: map[string]string{"created_at": s.CreatedAt.UTC().Format(time.RFC3339), "version": s.Version},
	})
	if err != nil {
		return fmt.Errorf("note the restore in the audit chain: %w", err)
	}
	return nil
}

// operator is who runs this process, as the machine knows them.
func operator() string {
	u, err := user.Current()
	if err != nil {
		return ""
	}
	return u.Username
}

// occupied reports whether something is in a directory, which no server may have open.
func occupied(ctx context.Context, data string) (bool, error) {
	entries, err := os.ReadDir(data)
	if errors.Is(err, fs.ErrNotExist) || err == nil && len(entries) == 0 {
		return false, nil
	}
	if err != nil {
		return false, automation.Invalid("%s can not be looked at", data).Because(err)
	}
	return true, sqlite.InUse(ctx, filepath.Join(data, databaseName))
}

// unpack writes an archive into an empty directory and checks what it made.
func unpack(ctx context.Context, r io.Reader, dir string) (Summary, error) {
	out, err := read(ctx, r, func(name string, r io.Reader) error { return place(filepath.Join(dir, filepath.FromSlash(name)), r) })
	if err != nil {
		return out, err
	}
	database := filepath.Join(dir, databaseName)
	if err := sqlite.Check(ctx, database, true); err != nil {
		return out, err
	}
	holds, contents, err := sqlite.Inspect(ctx, database)
	if err != nil {
		return out, err
	}
	if holds != out.Database {
		return out, damaged("the database holds %+v instead of %+v", holds, out.Database)
	}
	out.Missing = nil // as it is now, whatever was written down
	for _, c := range contents {
		info, err := os.Stat(filepath.Join(dir, filepath.FromSlash(contentName(c.SHA256))))
		if err != nil || info.Size() != c.Size {
			out.Missing = append(out.Missing, c.SHA256)
		}
	}
	return out, syncTree(dir)
}

func place(to string, r io.Reader) error {
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, r)
	return errors.Join(err, f.Sync(), f.Close())
}

// takeOver copies what a backup does not have.
func takeOver(from, to string) (kept []string, err error) {
	for _, name := range takenOver() {
		text, err := os.ReadFile(filepath.Join(from, name))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err == nil {
			err = place(filepath.Join(to, name), bytes.NewReader(text))
		}
		if err != nil {
			return nil, fmt.Errorf("take %s over: %w", name, err)
		}
		kept = append(kept, name)
	}
	return kept, nil
}

// swap puts a directory into its place. When it can not, what was there is there again.
func swap(data, fresh, before string) error {
	if before != "" {
		if err := os.Rename(data, before); err != nil {
			return fmt.Errorf("move %s away: %w", data, err)
		}
	} else if err := os.Remove(data); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("replace %s: %w", data, err)
	}
	if err := os.Rename(fresh, data); err != nil {
		if before != "" {
			err = errors.Join(err, os.Rename(before, data))
		}
		return fmt.Errorf("put the restored directory into its place: %w", err)
	}
	return syncDir(filepath.Dir(data))
}

// syncTree makes the names in a directory and below durable.
func syncTree(dir string) error {
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return err
		}
		return syncDir(path)
	})
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
