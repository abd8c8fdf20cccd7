// Package backup writes all that a server remembers into one file, and makes a data
// directory of such a file again.
//
// A backup is a gzipped tar archive:
//
//	squall-backup.json      what it is, see [About]
//	squall.db               the database at one moment, see sqlite.Snapshot
//	artifacts/3f/a0/3fa0... the content of every artifact that the database names
//	missing.txt             contents that were gone or damaged, if there were any
//	SHA256SUMS              of all of them, in the form of sha256sum; its end is the end
//
// An archive without its end was cut, and is refused. The key of secrets is not in it:
// who has a backup has no secrets. Neither are the caches, which are made again.
package backup

import (
	"context"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/store/sqlite"
)

// format is the version of the archive's form.
const format = 1

// The names in an archive.
const (
	aboutName    = "squall-backup.json"
	databaseName = "squall.db"
	contentDir   = "artifacts"
	missingName  = "missing.txt"
	sumsName     = "SHA256SUMS"
)

// About says what a backup is.
type About struct {
	Format    int             `json:"format"`
	Version   string          `json:"version"` // of the program that wrote it
	CreatedAt time.Time       `json:"created_at"`
	Database  sqlite.Contents `json:"database"`
}

// Summary is what was written, or read.
type Summary struct {
	About
	Files int   `json:"files"` // contents of artifacts
	Bytes int64 `json:"bytes"` // of database and files, before compression
	// Missing are contents that the database names and that are gone or damaged.
	Missing []string `json:"missing,omitempty"`
}

// damaged is the error of an archive that is not as it was written.
func damaged(format string, args ...any) *automation.Error {
	return automation.Invalid("the backup is damaged: "+format, args...).WithCode("backup_damaged").
		WithHint("take another copy of it, or an older backup")
}

// expired tells a done context apart from other errors of a long copy.
func expired(ctx context.Context) error { return context.Cause(ctx) }
